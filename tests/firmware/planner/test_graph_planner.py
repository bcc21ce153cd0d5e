"""What can be planned is planned; what cannot is refused by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.tflite_graph import Graph, Operator, read_graph
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.host.stream import HostModel
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.comparison.litert_oracle import reference
from tests.firmware.planner.networks import SMALLEST, Network, int8_model, kept


def keras_int8(build: Callable[..., object], coefficients: int = 16, frames: int = 40) -> bytes:
    """Convert what `build` makes of the input, with a mean, dense layer and softmax behind."""
    import keras
    from keras import layers

    from lightsernet_trainer.network.conversion import convert

    keras.utils.set_random_seed(3)
    features = layers.Input((frames, coefficients, 1))
    x = layers.GlobalAveragePooling2D()(build(layers, features))
    network = keras.Model(features, layers.Dense(3, activation="softmax")(x))
    random = np.random.default_rng(4)
    return convert(
        network, "int8", [random.normal(size=(frames, coefficients)).astype(np.float32)] * 4
    )


def assert_runs_as_litert(model: bytes, coefficients: int) -> None:
    plan = plan_network(read_graph(model))
    stream = HostModel(build_blob(plan, None, [str(i) for i in range(plan.head.labels)])).stream()
    for rows in (1, 2, 5, 24, 41):
        features = np.random.default_rng(rows).integers(-128, 128, (rows, coefficients))
        stream.reset()
        stream.push_features(features.astype(np.int8))
        stream.finish()
        found = stream.result()
        assert found is not None
        logits, posteriors = reference(model).run(features.astype(np.int8))
        np.testing.assert_array_equal(found[0], logits)
        np.testing.assert_array_equal(found[1], posteriors)


FAMILY: dict[str, Callable[..., object]] = {
    "one path, even kernel": lambda layers, x: layers.Conv2D(
        8, (4, 2), padding="same", activation="relu"
    )(x),
    "channels that fill no group": lambda layers, x: layers.AveragePooling2D(
        (2, 1), padding="same"
    )(
        layers.Conv2D(6, (3, 3), padding="same", activation="relu")(
            layers.Conv2D(5, (1, 5), padding="same", activation="relu")(x)
        )
    ),
    "odd number of filters, relu6": lambda layers, x: layers.AveragePooling2D(2, padding="same")(
        layers.ReLU(6.0)(layers.Conv2D(7, 3, padding="same")(x))
    ),
    "no activation": lambda layers, x: layers.Conv2D(4, (5, 3), padding="same")(x),
    "pool wider than 2": lambda layers, x: layers.AveragePooling2D((2, 4), padding="same")(
        layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    ),
    "a stage of two paths without pools": lambda layers, x: layers.Conv2D(
        8, 3, padding="same", activation="relu"
    )(
        layers.Concatenate()(
            [layers.Conv2D(4, k, padding="same", activation="relu")(x) for k in (1, 3)]
        )
    ),
}


@pytest.mark.parametrize("name", FAMILY)
def test_family(name: str) -> None:
    assert_runs_as_litert(kept(name, lambda: keras_int8(FAMILY[name])), 16)


@pytest.mark.parametrize("network", [Network(0.25, 184, 5, 13), Network(0.25, 184, 5, 64)], ids=str)
def test_other_numbers_of_coefficients(network: Network) -> None:
    assert_runs_as_litert(int8_model(network), network.coefficients)


def two_scales() -> bytes:
    """The older quantiser of TFLite rescales in front of a concatenation."""
    import keras
    import tensorflow as tf
    from keras import layers

    keras.utils.set_random_seed(5)
    features = layers.Input((24, 16, 1))
    paths = [
        layers.AveragePooling2D(2, padding="same")(
            layers.Conv2D(4, kernel, padding="same", activation="relu")(features)
        )
        for kernel in ((5, 1), (3, 3))
    ]
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.Concatenate()(paths))
    x = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    network = keras.Model(features, x)
    weights = network.get_weights()
    weights[0] *= 5.0
    network.set_weights(weights)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    random = np.random.default_rng(6)
    converter.representative_dataset = lambda: (
        [random.normal(size=(1, 24, 16, 1)).astype(np.float32)] for _ in range(8)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.experimental_new_quantizer = False
    model: bytes = converter.convert()
    return model


def test_paths_of_different_scales() -> None:
    model = kept("paths of different scales", two_scales)
    assert "QUANTIZE" in {operator.name for operator in read_graph(model).operators}
    assert_runs_as_litert(model, 16)


REFUSED: dict[str, tuple[Callable[..., object], str]] = {
    "stride": (
        lambda layers, x: layers.Conv2D(4, 3, strides=2, padding="same")(x),
        r"CONV_2D.*strides \(2, 2\)",
    ),
    "valid": (
        lambda layers, x: layers.Conv2D(4, 3, padding="valid")(x),
        r"CONV_2D.*padding 'valid'",
    ),
    "dilation": (
        lambda layers, x: layers.Conv2D(4, 3, dilation_rate=2, padding="same")(x),
        "dilations|goes to|expected",
    ),
    "tall pool": (
        lambda layers, x: layers.AveragePooling2D((3, 1), padding="same")(
            layers.Conv2D(4, 3, padding="same")(x)
        ),
        r"AVERAGE_POOL_2D.*pool 3x1",
    ),
    "overlapping pool": (
        lambda layers, x: layers.AveragePooling2D((2, 2), strides=1, padding="same")(
            layers.Conv2D(4, 3, padding="same")(x)
        ),
        r"AVERAGE_POOL_2D.*strides 1x1",
    ),
    "max pool": (
        lambda layers, x: layers.MaxPooling2D(2, padding="same")(
            layers.Conv2D(4, 3, padding="same")(x)
        ),
        "MAX_POOL_2D",
    ),
    "residual": (
        lambda layers, x: layers.Add()(
            [layers.Conv2D(4, 3, padding="same")(x), layers.Conv2D(4, 1, padding="same")(x)]
        ),
        "ADD",
    ),
}


@pytest.mark.no_preload
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_stream_is_named(name: str) -> None:
    build, message = REFUSED[name]
    with pytest.raises(ModelError, match=message):
        plan_network(read_graph(keras_int8(build)))


@pytest.mark.no_preload
def test_other_precisions_are_refused_with_advice() -> None:
    import tensorflow as tf

    from lightsernet_trainer.network.conversion import convert
    from lightsernet_trainer.network.light_sernet import light_sernet

    network = light_sernet(184, 40, 5, 0.25)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    models = {
        "float32": convert(network, "float32", []),
        "float16": convert(network, "float16", []),
        "int8 dynamic-range": converter.convert(),
    }
    for precision, model in models.items():
        with pytest.raises(
            ModelError, match=f"model is {precision}, expected full-integer.*again|train"
        ):
            plan_network(read_graph(model))


def changed(graph: Graph, operator_name: str, **values: object) -> Graph:
    """Return the graph with something else in the first operator of that name."""
    operators: list[Operator] = list(graph.operators)
    index = next(i for i, operator in enumerate(operators) if operator.name == operator_name)
    operators[index] = dataclasses.replace(operators[index], **values)  # type: ignore[arg-type]
    return dataclasses.replace(graph, operators=tuple(operators))


@pytest.mark.parametrize(
    "name", ["CONV_2D", "AVERAGE_POOL_2D", "CONCATENATION", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
)
@pytest.mark.parametrize("values", [{"inputs": ()}, {"outputs": ()}, {"name": "RESHAPE"}], ids=str)
def test_malformed_graphs_are_refused(name: str, values: dict[str, object]) -> None:
    graph = changed(read_graph(int8_model(SMALLEST)), name, **values)
    with pytest.raises(ModelError):
        plan_network(graph)


def test_logits_in_steps_that_the_softmax_cannot_tell() -> None:
    graph = read_graph(int8_model(SMALLEST))
    dense = next(op for op in graph.operators if op.name == "FULLY_CONNECTED")
    tensors = list(graph.tensors)
    # The weights as well, or the accumulators are refused first.
    for index, scale in ((dense.inputs[1], 1e-12), (dense.outputs[0], 2.0**-28)):
        tensors[index] = dataclasses.replace(tensors[index], scales=(scale,), zero_points=(0,))
    with pytest.raises(ModelError, match=r"SOFTMAX.*logits in steps of 3.7"):
        plan_network(dataclasses.replace(graph, tensors=tuple(tensors)))
