"""From a trained network to TFLite: float32, float16 and full-integer int8."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable

import keras
import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import LightSernetError, MissingDependencyError
from lightsernet_edge.extras import installation
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_edge.native_output import held_back


def convert(
    network: keras.Model, precision: str, representative: Iterable[NDArray[np.float32]]
) -> bytes:
    """Convert a network to a TFLite flatbuffer with a batch of one.

    Parameters
    ----------
    network : keras.Model
        From (1, n_frames, n_coefficients, 1) to (1, n_labels).
    precision : {"float32", "float16", "int8"}
        ``int8`` is full-integer: int8 in and out, int8 and int32 inside.
    representative : iterable of ndarray of float32, shape (n_frames, n_coefficients)
        Representative data: rows of training clips, as the network takes them. The
        converter takes the ranges of ``int8`` from them; the other precisions need none.

    Returns
    -------
    bytes

    Raises
    ------
    MissingDependencyError
        If TensorFlow is not installed.
    LightSernetError
        If the conversion fails or is not what was asked for.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ImportError:
        raise MissingDependencyError(
            f"conversion needs TensorFlow: {installation('train')}"
        ) from None
    shape = (1, *network.input_shape[1:])
    function = tf.function(
        lambda features: network(features, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32)],
    ).get_concrete_function()
    logging.getLogger("absl").setLevel(logging.ERROR)
    with warnings.catch_warnings(), held_back():
        warnings.simplefilter("ignore")
        # Without the model as second argument its variables become constants.
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            converter.representative_dataset = lambda: (
                [rows[None, :, :, None]] for rows in representative
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
        model: bytes = converter.convert()
    found = read_graph(model).precision
    if found != precision:
        raise LightSernetError(f"conversion gave a {found} model, expected {precision}")
    return model
