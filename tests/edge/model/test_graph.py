"""The graph reader against TensorFlow's analyser of the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge import ModelError
from lightsernet_edge.model.graph_check import read_checked_graph
from lightsernet_edge.model.tflite_graph import Graph, read_graph
from lightsernet_firmware.planner.graph_planner import plan_network


@pytest.mark.parametrize("model", ["small_int8", "small_float16", "small_float32"])
def test_tensors_are_the_interpreters(model: str, request: pytest.FixtureRequest) -> None:
    content: bytes = request.getfixturevalue(model)
    graph = read_graph(content)
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    details = {item["index"]: item for item in interpreter.get_tensor_details()}
    for index, tensor in enumerate(graph.tensors):
        theirs = details[index]
        assert tensor.name == theirs["name"]
        assert tensor.shape == tuple(theirs["shape"])
        assert tensor.dtype == theirs["dtype"].__name__
        parameters = theirs["quantization_parameters"]
        assert list(tensor.scales) == pytest.approx(list(parameters["scales"]))
        assert list(tensor.zero_points) == list(parameters["zero_points"])
        if tensor.data:
            assert tensor.data == interpreter.get_tensor(index).tobytes()
    assert graph.input.name == interpreter.get_input_details()[0]["name"]
    assert graph.output.name == interpreter.get_output_details()[0]["name"]
    operators = [item["op_name"] for item in interpreter._get_ops_details()]
    assert [op.name for op in graph.operators] == operators


def test_full_integer_means_every_tensor(small_int8: bytes) -> None:
    graph = read_graph(small_int8)
    assert graph.precision == "int8"
    assert {tensor.dtype for tensor in graph.tensors} <= {"int8", "int32"}


def test_precisions(small_float32: bytes, small_float16: bytes, small_dynamic: bytes) -> None:
    assert read_graph(small_float32).precision == "float32"
    assert read_graph(small_float16).precision == "float16"
    assert read_graph(small_dynamic).precision == "int8 dynamic-range"


@pytest.mark.parametrize("kind", ["int8 with float ends", "int16x8"])
def test_integers_between_float_ends(kind: str) -> None:
    """Neither computes in float32, as a dynamic-range model does."""
    import keras
    import tensorflow as tf

    layers = keras.layers
    network = keras.Sequential(
        [
            layers.Input((20, 8, 1), batch_size=1),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    sets = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        if kind == "int16x8"
        else sets.TFLITE_BUILTINS_INT8
    ]
    rows = np.random.default_rng(0).normal(size=(4, 1, 20, 8, 1)).astype(np.float32)
    converter.representative_dataset = lambda: ([row] for row in rows)
    graph = read_checked_graph(converter.convert())
    assert graph.input.dtype == graph.output.dtype == "float32"
    assert graph.precision == kind
    assert graph.unchecked == ()
    with pytest.raises(ModelError, match=kind) as refusal:
        plan_network(graph)
    assert "float32: convert" not in str(refusal.value).replace("gives float32: convert", "")


def test_costs_of_the_original_network(original_float32: bytes) -> None:
    """463,431 parameters less the moments of batch norm, which converting folds into biases."""
    graph = read_graph(original_float32)
    batch_norm = 3 * 4 * 32 + 4 * (64 + 96 + 128 + 160 + 320)
    biases = 64 + 96 + 128 + 160 + 320
    assert graph.parameters == 463_431 - batch_norm + biases
    assert graph.macs == pytest.approx(159.3e6, rel=1e-3)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_bytes_give_a_model_error(data: st.DataObject) -> None:
    content = bytearray(_SMALL[0])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        assert isinstance(read_graph(bytes(content)), Graph)
    except ModelError as error:
        assert "\n" not in str(error)


_SMALL: list[bytes] = []


@pytest.fixture(autouse=True, scope="module")
def _keep_small(small_int8: bytes) -> None:
    _SMALL.append(small_int8)
