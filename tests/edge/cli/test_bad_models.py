"""Bad models and sidecars: one line that says what is wrong, and exit status 2."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edge.cli.refusals import Command, Refuse
from tests.edge.cli.sealed_model import DATA, SCORE, SealedModel, half, last_byte_flipped


def without(field: str) -> Callable[[SealedModel], bytes]:
    def build(sealed: SealedModel) -> bytes:
        record = sealed.record
        del record[field]
        return sealed.with_text(json.dumps(record).encode())

    return build


def features(**changes: object) -> Callable[[SealedModel], bytes]:
    def build(sealed: SealedModel) -> bytes:
        return sealed.with_record(features={**sealed.record["features"], **changes})

    return build


def record(**changes: object) -> Callable[[SealedModel], bytes]:
    return lambda sealed: sealed.with_record(**changes)


def record_text(content: bytes) -> Callable[[SealedModel], bytes]:
    return lambda sealed: sealed.with_text(content)


MODELS = [
    pytest.param(lambda sealed: b"", ["expected"], id="empty"),
    pytest.param(lambda sealed: b"text\n" * 99, ["expected b'TFL3'"], id="text"),
    pytest.param(lambda sealed: b"\0\0\0\0TFL3", ["no record"], id="identifier-alone"),
    pytest.param(lambda sealed: sealed.bare, ["no record", "adopt"], id="no-record"),
    pytest.param(lambda sealed: half(sealed.content), [], id="half"),
    pytest.param(lambda sealed: sealed.content[:-1], ["SHA-256"], id="last-byte-missing"),
    pytest.param(lambda sealed: sealed.content + b"\0", ["SHA-256"], id="a-byte-too-many"),
    pytest.param(lambda sealed: last_byte_flipped(sealed.content), ["SHA-256"], id="hash"),
    pytest.param(record(sha256="0" * 64), ["SHA-256"], id="another-hash"),
    pytest.param(record(sha256="hash"), ["sha256", "'hash'", "64 hexadecimal"], id="no-hash"),
    pytest.param(record(size=8), ["SHA-256"], id="size"),
    pytest.param(record(size=-8), ["size", "-8", "expected a number"], id="size-below-0"),
    pytest.param(record(schema=99), ["schema version 99", "expected at most 1"], id="schema"),
    pytest.param(record(schema="1"), ["schema version '1'", "expected"], id="schema-a-string"),
    pytest.param(without("schema"), ["schema version None", "expected"], id="no-schema"),
    pytest.param(record_text(b""), ["record", "not JSON"], id="record-blank"),
    pytest.param(record_text(b'{"schema": 1,'), ["record", "not JSON"], id="record-cut"),
    pytest.param(record_text(b"\xff\xfe"), ["record", "not JSON"], id="record-not-utf-8"),
    pytest.param(record_text(b"[" * 4000), ["record"], id="record-nested"),
    pytest.param(record_text(b'{"schema":' + b"1" * 4500), ["record"], id="record-long-number"),
    pytest.param(record_text(b"[]"), ["record", "list", "JSON object"], id="record-a-list"),
    pytest.param(without("labels"), ["record", "labels", "expected"], id="no-labels"),
    pytest.param(without("features"), ["record", "feature spec", "expected"], id="no-features"),
    pytest.param(record(labels=["a"]), ["labels", "found 1", "expected 2"], id="one-label"),
    pytest.param(record(labels=list("aabcdef")), ["labels", "'a'", "twice"], id="label-twice"),
    pytest.param(record(labels=[1, *"abcdef"]), ["labels", "1", "expected"], id="label-a-number"),
    pytest.param(record(labels=["", *"abcdef"]), ["labels", "''", "expected"], id="label-empty"),
    pytest.param(record(labels=list("abcdef")), ["[1, 7]", "[1, 6]"], id="label-count"),
    pytest.param(features(n_coefficients=20), ["[1, 184, 40, 1]", "20"], id="input-shape"),
    pytest.param(features(level="loud"), ["level", "'loud'", "expected"], id="level"),
    pytest.param(features(frame_length=0), ["frame_length", "0", "expected"], id="frame"),
    pytest.param(features(clip_seconds=1e308), ["clip_seconds", "expected"], id="clip-seconds"),
    pytest.param(features(log_floor=10**400), ["log_floor", "expected"], id="log-floor"),
    pytest.param(features(colour="red"), ["colour"], id="unknown-feature"),
    pytest.param(record(decision={"temperature": 0}), ["temperature", "0"], id="temperature"),
    pytest.param(record(decision={"min_seconds": 10**400}), ["min_seconds"], id="min-seconds"),
    pytest.param(record(decision=[]), ["decision", "expected an object"], id="decision"),
    pytest.param(record(data={**DATA, "speakers": 5}), ["record", "speakers"], id="speakers"),
    pytest.param(record(data={**DATA, "speakers": [5]}), ["record", "speakers"], id="speaker"),
    pytest.param(record(data={**DATA, "clips": "many"}), ["record", "clips"], id="clips"),
    pytest.param(record(data={**DATA, "licence": [1]}), ["record", "licence"], id="licence"),
    pytest.param(record(scores=[{**SCORE, "ua": 2}]), ["scores", "2", "0..1"], id="score"),
    pytest.param(record(scores=[{**SCORE, "protocol": 3}]), ["protocol"], id="protocol"),
    pytest.param(record(scores=[{"ua": 1}]), ["scores"], id="score-without-fields"),
    pytest.param(record(tools=[]), ["tools", "expected an object"], id="tools"),
]


@pytest.mark.parametrize("verb", [("info",), ("classify", "good.wav", "--model")], ids=" ".join)
@pytest.mark.parametrize(("build", "says"), MODELS)
def test_model(
    build: Callable[[SealedModel], bytes],
    says: list[str],
    verb: tuple[str, ...],
    desk: Path,
    refuse: Refuse,
    sealed: SealedModel,
) -> None:
    (desk / "bad.tflite").write_bytes(build(sealed))
    refuse(*verb, "bad.tflite", says=["bad.tflite", *says])


@pytest.mark.parametrize("verb", [("info",), ("classify", "good.wav", "--model")], ids=" ".join)
def test_model_that_is_no_file(verb: tuple[str, ...], desk: Path, refuse: Refuse) -> None:
    (desk / "folder").mkdir()
    for name, found in (("absent.tflite", "no such file"), ("folder", "is a directory")):
        refuse(*verb, name, says=[name, found, "expected a .tflite model"])


@pytest.mark.parametrize(
    ("build", "says"),
    [
        pytest.param(lambda text: b"", ["not JSON"], id="empty"),
        pytest.param(half, ["not JSON"], id="half"),
        pytest.param(lambda text: text.replace(b'"schema": 1', b'"schema": 7'), ["7"], id="schema"),
        pytest.param(lambda text: text.replace(b'"size": 1', b'"size": 2'), ["SHA-256"], id="size"),
    ],
)
def test_sidecar(
    build: Callable[[bytes], bytes],
    says: list[str],
    desk: Path,
    command: Command,
    refuse: Refuse,
    sealed: SealedModel,
) -> None:
    (desk / "other.tflite").write_bytes(sealed.bare)
    sidecar = desk / "other.json"
    sidecar.write_text(json.dumps(sealed.record))
    assert command("info", "other.tflite").status == 0
    sidecar.write_bytes(build(sidecar.read_bytes()))
    refuse("info", "other.tflite", says=["other.", *says])


def test_the_record_inside_wins_over_a_bad_sidecar(desk: Path, command: Command) -> None:
    (desk / "model.json").write_text("rubbish")
    assert command("info", "model.tflite").status == 0


def test_what_was_sealed_is_the_model(sealed: SealedModel) -> None:
    """The tests' own view of the file agrees with the record's hash."""
    assert sealed.content.endswith(sealed.bare)
    assert sealed.record["sha256"] == hashlib.sha256(sealed.bare).hexdigest()
