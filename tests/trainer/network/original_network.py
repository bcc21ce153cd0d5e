"""The network as the paper describes it, on `tf.keras`, independent of ours."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from lightsernet_trainer.network.convolution_unit import ConvolutionUnit


def build(n_frames: int, n_coefficients: int, n_labels: int) -> tf.keras.Model:
    """Light-SERNet of Table 1 of arXiv 2110.03435; the paths' convolutions have biases."""
    regularizer = tf.keras.regularizers.l2(1e-6)
    inputs = tf.keras.Input((n_frames, n_coefficients, 1))
    paths = [
        tf.keras.layers.Conv2D(32, kernel, padding="same")(inputs)
        for kernel in ((11, 1), (1, 9), (3, 3))
    ]
    paths = [tf.keras.layers.BatchNormalization()(path) for path in paths]
    paths = [tf.keras.layers.ReLU()(path) for path in paths]
    paths = [tf.keras.layers.AveragePooling2D(2, padding="same")(path) for path in paths]
    x = tf.keras.layers.Concatenate()(paths)
    for filters, kernel, pool in (
        (64, 3, (2, 2)),
        (96, 3, (2, 2)),
        (128, 3, (2, 1)),
        (160, 3, (2, 1)),
        (320, 1, None),
    ):
        x = tf.keras.layers.Conv2D(
            filters, kernel, padding="same", use_bias=False, kernel_regularizer=regularizer
        )(x)
        x = tf.keras.layers.BatchNormalization()(x)
        x = tf.keras.layers.ReLU()(x)
        if pool:
            x = tf.keras.layers.AveragePooling2D(pool, padding="same")(x)
    x = tf.keras.layers.GlobalAveragePooling2D()(x)
    x = tf.keras.layers.Dropout(0.3)(x)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(n_labels, activation="softmax")(x))


def in_order_of(ours: keras.Model, original: keras.Model) -> list[np.ndarray]:
    """The original's weights, in the order in which our network lists its own."""
    waiting = [layer for layer in original.layers if layer.weights]
    ordered: list[np.ndarray] = []
    for layer in _layers_with_weights(ours):
        shapes = [weight.shape for weight in layer.weights]
        match = next(
            other
            for other in waiting
            if type(other) is type(layer) and [w.shape for w in other.weights] == shapes
        )
        waiting.remove(match)
        ordered.extend(match.get_weights())
    return ordered


def _layers_with_weights(network: keras.Model) -> list[keras.layers.Layer]:
    layers = []
    for layer in network.layers:
        if isinstance(layer, ConvolutionUnit):
            layers += [layer.convolution, layer.normalisation]
        elif layer.weights:
            layers.append(layer)
    return layers
