"""``export --format edgetpu``: fixed shapes, the published conditions, the tools' absence."""

from __future__ import annotations

import importlib
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_edge.model.tflite_graph import Graph, Operator, Tensor, read_graph
from lightsernet_firmware.formats.networks.edgetpu_conditions import (
    model_conditions,
    why_not_mapped,
)
from lightsernet_firmware.formats.networks.tflite_builder import _packed, with_fixed_shapes
from tests.firmware.formats.emulators import export
from tests.places import GOLDEN


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def test_fixed_shapes_and_the_same_integers(
    no_compiler: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = export("edgetpu", tmp_path / "out")
    (line,) = capsys.readouterr().err.splitlines()
    assert "edgetpu_compiler is not found" in line
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "Not compiled, and not run: edgetpu_compiler is not found" in page
    assert "| CONV_2D | 8 | nothing |" in page
    assert "| no |" not in page
    litert = importlib.import_module("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(
        model_path=str(folder / "model.tflite"),
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    for tensor in interpreter.get_tensor_details():
        assert -1 not in tensor["shape_signature"].tolist()
    interpreter.allocate_tensors()
    given = np.load(folder / "self_test_input.npy")
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_array_equal(found, np.load(folder / "self_test_output.npy"))


def changed(change: Callable[[Any, Any], None]) -> Graph:
    """Return the graph of the shipped model, changed through the schema's own objects."""
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    model = schema.ModelT.InitFromPackedBuf(read_model(default_model_path()).model)
    change(schema, model)
    return read_graph(_packed(schema, model))


def first(schema: Any, model: Any, name: str) -> Any:
    wanted = getattr(schema.BuiltinOperator, name)
    (code,) = (
        index for index, code in enumerate(model.operatorCodes) if code.builtinCode == wanted
    )
    operators = model.subgraphs[0].operators
    return next(operator for operator in operators if operator.opcodeIndex == code)


@pytest.mark.parametrize(
    ("name", "option", "value", "why"),
    [
        ("AVERAGE_POOL_2D", "fusedActivationFunction", 1, "has a fused activation"),
        ("CONCATENATION", "fusedActivationFunction", 1, "has a fused activation"),
        ("CONV_2D", "dilationWFactor", 2, "has dilations 2 and 1"),
        ("FULLY_CONNECTED", "weightsFormat", 1, "has weights of another format"),
    ],
)
def test_published_limits_of_options(name: str, option: str, value: int, why: str) -> None:
    def change(schema: Any, model: Any) -> None:
        setattr(first(schema, model, name).builtinOptions, option, value)

    graph = changed(change)
    found = [(item.name, why_not_mapped(graph, item)) for item in graph.operators]
    ((broken, reason),) = [item for item in found if item[1] is not None]
    assert broken == name
    assert reason is not None
    assert why in reason


def tensor(*shape: int, data: bytes = b"", signature: tuple[int, ...] = ()) -> Tensor:
    return Tensor("t", shape, "int8", (1.0,), (0,), data, 0, signature)


def axes(*values: int) -> Tensor:
    return tensor(len(values), data=np.array(values, "<i4").tobytes())


@pytest.mark.parametrize(
    ("name", "inputs", "output", "why"),
    [
        ("MEAN", [tensor(1, 4, 4, 6), axes(3)], tensor(1, 4, 4), "6 channels, no multiple of 4"),
        ("MEAN", [tensor(1, 4, 4, 6), axes(0)], tensor(4, 4, 6), "is over the batch"),
        ("MEAN", [tensor(1, 4, 4, 8), axes(-1)], tensor(1, 4, 4), None),
        ("FULLY_CONNECTED", [tensor(5, 8), tensor(2, 8)], tensor(5, 2), "output of several axes"),
        ("SOFTMAX", [tensor(5, 8)], tensor(5, 8), "input of several axes"),
        ("SOFTMAX", [tensor(1, 16_001)], tensor(1, 16_001), "16001 elements"),
        ("PAD", [tensor(1, 4), axes(0, 1, 0, 0)], tensor(2, 4), "pads the batch"),
        ("CONCATENATION", [tensor(1, 4), axes(1)], tensor(1, 8), "joins a constant"),
        ("RFFT2D", [tensor(1, 4)], tensor(1, 4), "not on the list"),
        ("RESHAPE", [tensor(1, 4)], tensor(4), None),
    ],
)
def test_published_limits_of_shapes(
    name: str, inputs: list[Tensor], output: Tensor, why: str | None
) -> None:
    operator = Operator(name, tuple(range(len(inputs))), (len(inputs),), None)
    graph = Graph((*inputs, output), (operator,), inputs[0], output)
    found = why_not_mapped(graph, operator)
    assert found is None if why is None else why in str(found)


def test_open_sizes_are_fixed(small_int8: bytes) -> None:
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    model = schema.ModelT.InitFromPackedBuf(small_int8)
    for item in model.subgraphs[0].tensors:
        item.shapeSignature = [-1, *item.shape[1:]]
    opened = _packed(schema, model)
    assert any(-1 in item.signature for item in read_graph(opened).tensors)
    assert not any(item.signature for item in read_graph(with_fixed_shapes(opened)).tensors)


def test_conditions_on_the_model() -> None:
    good = read_model(default_model_path())
    assert all(item.holds for item in model_conditions(good.graph, 1))
    assert not model_conditions(good.graph, 9 * 2**20)[-1].holds
    assert not model_conditions(read_model(GOLDEN / "float32.tflite").graph, 1)[0].holds
    open_size = Graph((tensor(1, 4, signature=(-1, 4)),), (), tensor(1), tensor(1))
    assert [item.holds for item in model_conditions(open_size, 1)] == [
        True,
        False,
        True,
        True,
        True,
    ]
    wide = Graph((tensor(2, 4, 4, 1),), (), tensor(1), tensor(1))
    assert [item.holds for item in model_conditions(wide, 1)] == [True, True, True, False, True]


def test_float_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = GOLDEN / "float32.tflite", tmp_path / "out"
    assert main(["export", str(source), "--format", "edgetpu", "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{source}: is float32, expected int8" in line
    assert not out.exists()


def test_the_compiler_is_run_and_the_runtimes_absence_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a stand-in for the compiler: it gives back what it gets."""
    tools = tmp_path / "tools"
    tools.mkdir()
    compiler = tools / "edgetpu_compiler"
    compiler.write_text(
        '#!/bin/sh\n[ "$1" = -s ] && [ "$2" = -o ] || exit 1\n'
        'cp "$4" "$3/model_edgetpu.tflite"\n'
        'echo "CONV_2D 8 Mapped to Edge TPU" >"$3/model_edgetpu.log"\n'
    )
    compiler.chmod(compiler.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(
        "lightsernet_firmware.formats.networks.edgetpu.RUNTIME", "libnone_of_that_name.so.1"
    )
    folder = export("edgetpu", tmp_path / "out")
    assert capsys.readouterr().err == ""
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "Not run: libnone_of_that_name.so.1 does not load" in page
    assert "cannot open shared object file" in page
    assert "Mapped to Edge TPU" in (folder / "edgetpu_compiler.log").read_text()
    model = (folder / "model.tflite").read_bytes()
    assert (folder / "model_edgetpu.tflite").read_bytes() == model
    # A compiler that fails leaves nothing behind.
    compiler.write_text("#!/bin/sh\necho 'Internal compiler error' >&2\nexit 1\n")
    out = tmp_path / "failed"
    assert main(["export", "--format", "edgetpu", "--out", str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot compile for the Edge TPU: Internal compiler error" in line
    assert not out.exists()
