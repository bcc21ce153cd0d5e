"""``export --format tflite-*``: the model as it is, and golden rows for another runtime."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model, write_model
from lightsernet_edge.model.record import ModelRecord
from tests.places import GOLDEN


@pytest.mark.parametrize("precision", ["int8", "float32", "float16"])
def test_a_strange_runtime_gives_the_golden_rows(
    precision: str, small_float16: bytes, tmp_path: Path
) -> None:
    source = {"int8": default_model_path(), "float32": GOLDEN / "float32.tflite"}.get(precision)
    if source is None:
        record = read_model(GOLDEN / "float32.tflite").record
        source = tmp_path / "float16.tflite"
        write_model(source, small_float16, record)
    out = tmp_path / "out"
    assert main(["export", str(source), "--format", f"tflite-{precision}", "--out", str(out)]) == 0
    litert = importlib.import_module("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(
        model_path=str(out / "model.tflite"),
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    given = np.load(out / "self_test_input.npy")
    assert (out / "self_test_input.npy").stat().st_size == 128 + given.nbytes
    assert given.std() > 0
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    wanted = np.load(out / "self_test_output.npy")
    if precision == "int8":
        np.testing.assert_array_equal(found, wanted)
    else:
        np.testing.assert_allclose(found, wanted, atol=1e-3)
    file = read_model(source)
    assert read_model(out / "model.tflite").record == file.record
    assert ModelRecord.from_bytes((out / "record.json").read_bytes()) == file.record
    labels = (out / "labels.txt").read_text().splitlines()
    assert labels == list(file.record.outputs)
    assert len(labels) == found.size


def test_another_precision_is_refused(
    smallest: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["export", str(smallest.path), "--format", "tflite-float32", "--out", str(out)]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{smallest.path}: is int8, expected float32" in line
    assert not out.exists()
