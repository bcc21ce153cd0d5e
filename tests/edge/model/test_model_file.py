"""Model files: the record goes in and out, and nothing damaged passes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightsernet_edge import ModelError, ModelRecord
from lightsernet_edge.features import recipe
from lightsernet_edge.model import record as model_record
from lightsernet_edge.model.file import read_model, without_record, write_model, write_sidecar
from lightsernet_edge.model.record import SCHEMA_VERSION, Score, TrainingData

LABELS = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")


@pytest.fixture
def record() -> ModelRecord:
    return ModelRecord(
        labels=LABELS,
        features=recipe("edge"),
        data=TrainingData("emodb", "CC BY 4.0", "somebody", 10, ("03", "08")),
        scores=(Score("speakers 09 held out", "int8", 0.5, 0.6, 0.55, 43),),
        tools={"python": "3.11"},
    )


def test_round_trip(small_int8: bytes, record: ModelRecord, tmp_path: Path) -> None:
    written = write_model(tmp_path / "a.tflite", small_int8, record)
    read = read_model(tmp_path / "a.tflite")
    assert read == written
    assert read.model == small_int8
    assert read.record == dataclasses.replace(
        record, sha256=hashlib.sha256(small_int8).hexdigest(), size=len(small_int8)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tflite"]


def test_other_tools_read_the_whole_file(
    small_int8: bytes, record: ModelRecord, tmp_path: Path
) -> None:
    """TensorFlow's own flatbuffer classes find all of the model, and the record."""
    from tensorflow.lite.python import schema_py_generated as schema

    content = (write_model(tmp_path / "a.tflite", small_int8, record).path).read_bytes()
    before = schema.Model.GetRootAs(small_int8)
    after = schema.Model.GetRootAs(content)
    assert schema.Model.ModelBufferHasIdentifier(content, 0)
    assert after.Version() == before.Version() == 3
    assert after.Description() == before.Description()
    assert after.SignatureDefsLength() == before.SignatureDefsLength()
    assert after.OperatorCodesLength() == before.OperatorCodesLength()
    assert after.BuffersLength() == before.BuffersLength() + 1
    for index in range(before.BuffersLength()):
        ours, theirs = after.Buffers(index), before.Buffers(index)
        assert bytes(ours.DataAsNumpy() or b"" if ours.DataIsNone() else ours.DataAsNumpy()) == (
            bytes(theirs.DataAsNumpy() or b"" if theirs.DataIsNone() else theirs.DataAsNumpy())
        )
    names = [after.Metadata(i).Name() for i in range(after.MetadataLength())]
    assert names[:-1] == [before.Metadata(i).Name() for i in range(before.MetadataLength())]
    assert names[-1] == b"lightsernet_edge.record"
    entry = after.Buffers(after.Metadata(len(names) - 1).Buffer())
    assert json.loads(bytes(entry.DataAsNumpy()))["labels"] == list(LABELS)


def test_interpreter_takes_the_whole_file(
    small_int8: bytes, record: ModelRecord, tmp_path: Path
) -> None:
    content = write_model(tmp_path / "a.tflite", small_int8, record).path.read_bytes()
    outputs = []
    for model in (small_int8, content):
        interpreter = Interpreter(model_content=model)
        interpreter.allocate_tensors()
        features = np.random.default_rng(0).integers(-128, 128, (1, 184, 40, 1), dtype=np.int8)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], features)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert (outputs[0] == outputs[1]).all()


def test_writing_twice_replaces_the_record(
    small_int8: bytes, record: ModelRecord, tmp_path: Path
) -> None:
    first = write_model(tmp_path / "a.tflite", small_int8, record)
    other = dataclasses.replace(record, labels=LABELS[::-1])
    write_model(tmp_path / "a.tflite", first.path.read_bytes(), other)
    read = read_model(tmp_path / "a.tflite")
    assert read.model == small_int8
    assert read.record.labels == LABELS[::-1]


def test_sidecar_serves_and_the_file_wins(
    small_int8: bytes, record: ModelRecord, tmp_path: Path
) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(small_int8)
    with pytest.raises(ModelError, match=r"a\.tflite: has no record"):
        read_model(path)
    write_sidecar(path, dataclasses.replace(record, labels=LABELS[::-1]))
    assert read_model(path).record.labels == LABELS[::-1]
    write_model(path, small_int8, record)
    assert read_model(path).record.labels == LABELS


def test_sidecar_of_another_file_is_refused(
    small_int8: bytes, small_float32: bytes, record: ModelRecord, tmp_path: Path
) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(small_int8)
    write_sidecar(path, record)
    path.write_bytes(small_float32)
    with pytest.raises(ModelError, match="SHA-256"):
        read_model(path)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damage_is_seen(
    data: st.DataObject, small_int8: bytes, record: ModelRecord, tmp_path: Path
) -> None:
    """No flipped byte of the model passes; damage to the record is an error or harmless."""
    path = tmp_path / "a.tflite"
    content = bytearray(write_model(path, small_int8, record).path.read_bytes())
    start = len(content) - len(small_int8)
    in_model = data.draw(st.booleans())
    position = data.draw(
        st.integers(start, len(content) - 1) if in_model else st.integers(0, start - 1)
    )
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        read = read_model(path)
    except ModelError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
    else:
        assert not in_model
        assert read.model == small_int8


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 0.9999))
def test_cut_short(share: float, small_int8: bytes, record: ModelRecord, tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    content = write_model(path, small_int8, record).path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError):
        read_model(path)


def nested(depth: int) -> list[Any]:
    """Return lists inside one another: as many as JSON gives, more than can be copied."""
    innermost: list[Any] = []
    for _ in range(depth):
        innermost = [innermost]
    return innermost


NESTED = nested(600)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"schema": SCHEMA_VERSION + 1}, "schema version 2 is unknown"),
        ({"schema": None}, "schema version None"),
        ({"labels": ["a"]}, "found 1, expected 2"),
        ({"labels": ["a", "a"]}, "twice, expected it once"),
        ({"labels": ["a", 3]}, "printable"),
        ({"labels": "ab"}, "expected a list"),
        ({"sha256": "0"}, "sha256"),
        ({"size": 0}, "size"),
        ({"features": {"name": "x", "level": "y"}}, "level"),
        ({"features": None}, "expected an object"),
        ({"decision": {"temperature": -1}}, "temperature"),
        ({"decision": []}, "decision"),
        ({"data": 3}, "data"),
        ({"scores": [{"protocol": "x"}]}, "scores"),
        ({"scores": 3}, "scores"),
        ({"tools": 3}, "tools"),
        ({"tools": {"a": [1]}}, r"tools.a is \[1\], expected a string"),
        ({"tools": {"a": NESTED}}, "tools.a is .*, expected a string"),
        ({"labels": ["a", NESTED]}, "printable"),
        ({"labels": ["a", "\n" * 1000]}, "^.{0,200}$"),
        ({"schema": "a" * 1000}, "^.{0,200}$"),
    ],
)
def test_records_that_make_no_sense(
    changes: dict[str, Any], what: str, record: ModelRecord
) -> None:
    data = json.loads(record.to_bytes())
    data.update({"sha256": "0" * 64, "size": 1})
    ModelRecord.from_bytes(json.dumps(data).encode())
    with pytest.raises(ModelError, match=what):
        ModelRecord.from_bytes(json.dumps({**data, **changes}).encode())


def test_fields_of_later_writers_are_ignored(record: ModelRecord) -> None:
    data = json.loads(record.to_bytes())
    data.update({"sha256": "0" * 64, "size": 1, "colour": "red"})
    data["decision"]["hold_s"] = 2.0
    assert ModelRecord.from_bytes(json.dumps(data).encode()).labels == LABELS


def test_older_schemas_are_upgraded(record: ModelRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.loads(record.to_bytes())
    data.update({"sha256": "0" * 64, "size": 1, "schema": 0})
    data["classes"] = data.pop("labels")

    def upgrade(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "schema": 1, "labels": old["classes"]}

    monkeypatch.setitem(model_record.UPGRADES, 0, upgrade)
    assert ModelRecord.from_bytes(json.dumps(data).encode()).labels == LABELS


def test_record_that_does_not_fit(small_int8: bytes, record: ModelRecord, tmp_path: Path) -> None:
    for changed, what in (
        (dataclasses.replace(record, labels=LABELS[:6]), r"\[1, 7\], expected \[1, 6\]"),
        (
            dataclasses.replace(record, features=recipe("edge", "mel-spectrogram")),
            r"expected \[1, frames, 64, 1\]",
        ),
    ):
        with pytest.raises(ModelError, match=what):
            write_model(tmp_path / "a.tflite", small_int8, changed)
    assert not list(tmp_path.iterdir())


def test_without_record_of_plain_model(small_int8: bytes) -> None:
    assert without_record(small_int8) == small_int8
