"""Models, records and recordings damaged anyhow: refused in one line, or read as they are."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import EmotionRecognizer, FeatureSpec
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.cli import main
from lightsernet_edge.errors import AudioError, ModelError
from lightsernet_edge.model.file import read_model
from tests.edge.cli.command_lines import adopt
from tests.edge.cli.refusals import one_line
from tests.edge.cli.sealed_model import DATA, SCORE, SealedModel

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = (0, 1, 4, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """Flip, cut, copy within, leave out, put in, or write a word at its boundary."""
    damaged = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        last = max(0, len(damaged) - 1)
        # The first tables lie at the beginning: where most can go wrong.
        at = draw(st.integers(0, min(last, 400)) | st.integers(0, last))
        length = draw(st.integers(0, 40) | st.integers(0, last))
        match draw(st.sampled_from(["flip", "cut", "copy", "drop", "insert", "word"])):
            case "flip" if damaged:
                damaged[at] ^= draw(st.integers(1, 255))
            case "cut":
                del damaged[at:]
            case "copy":
                source = draw(st.integers(0, last))
                piece = damaged[source : source + length]
                damaged[at : at + len(piece)] = piece
            case "drop":
                del damaged[at : at + length]
            case "insert":
                damaged[at:at] = draw(st.binary(max_size=20))
            case "word":
                value = draw(st.sampled_from(WORDS) | st.integers(0, 2**32 - 1))
                at -= at % 4
                damaged[at : at + 4] = value.to_bytes(4, "little")
            case _:
                pass
    return bytes(damaged)


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The models that reach an interpreter."""
    models: list[bytes] = []

    def open_engine(model: bytes, *_: object) -> None:
        models.append(model)

    monkeypatch.setattr("lightsernet_edge.classifier.open_engine", open_engine)
    return models


def check_damaged(path: Path, content: bytes, bare: bytes, handed_over: list[bytes]) -> None:
    """Either the file is refused, or an interpreter gets the very bytes that were sealed."""
    path.write_bytes(content)
    handed_over.clear()
    try:
        recognizer = EmotionRecognizer(path)
    except ModelError as error:
        refusal = str(error)
    else:
        assert recognizer.file.model == bare
        assert handed_over == [bare]
        return
    assert str(path) in refusal
    assert handed_over == []


@MANY
@given(data=st.data())
def test_any_byte_of_the_model_flipped(
    data: st.DataObject, sealed: SealedModel, desk: Path, handed_over: list[bytes]
) -> None:
    position = data.draw(st.integers(sealed.head, len(sealed.content) - 1))
    flipped = bytearray(sealed.content)
    flipped[position] ^= data.draw(st.integers(1, 255))
    (desk / "flipped.tflite").write_bytes(flipped)
    # The bounds may say so first, where the search for the record comes by.
    with pytest.raises(ModelError, match=r"SHA-256|damaged"):
        EmotionRecognizer(desk / "flipped.tflite")
    assert handed_over == []


@MANY
@given(data=st.data())
def test_damaged_model_file(
    data: st.DataObject, sealed: SealedModel, desk: Path, handed_over: list[bytes]
) -> None:
    content = data.draw(damage(sealed.with_record()))
    check_damaged(desk / "damaged.tflite", content, sealed.bare, handed_over)


@MANY
@given(content=st.binary(max_size=200))
def test_random_bytes_as_a_model(content: bytes, desk: Path, handed_over: list[bytes]) -> None:
    check_damaged(desk / "random.tflite", content, b"", handed_over)
    check_damaged(desk / "random.tflite", b"\x10\0\0\0TFL3" + content, b"", handed_over)


def quietly(*arguments: str | Path) -> tuple[int, str]:
    """Run the command without a fixture, as property tests must; return status and stderr."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as stderr,
        warnings.catch_warnings(),
    ):
        status = main([str(argument) for argument in arguments])
    return status, stderr.getvalue()


@MANY
@given(data=st.data())
def test_damaged_model_adopted(data: st.DataObject, sealed: SealedModel, desk: Path) -> None:
    """It is refused or, where the damage is not to be seen, sealed as it is."""
    damaged, adopted = desk / "damaged.tflite", desk / "adopted.tflite"
    damaged.write_bytes(data.draw(damage(sealed.bare)))
    adopted.unlink(missing_ok=True)
    status, stderr = quietly(*adopt(str(damaged), "--output", str(adopted)))
    if status == 0:
        file = read_model(adopted)
        assert file.model == damaged.read_bytes()
        assert quietly("info", adopted)[0] == 0
    else:
        assert status == 2
        one_line(stderr, [str(damaged)])
        assert not adopted.exists()


def places(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where values lie in a JSON value, as the keys that lead there."""
    yield place
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*place, index))


RECORD = {
    "schema": 1,
    "labels": list("abcdefg"),
    # One coefficient's mean and scale stand for all of them.
    "features": {**FeatureSpec("any").to_json(), "mean": [0.0], "scale": [1.0]},
    "decision": {"temperature": 1.0, "min_seconds": 0.3},
    "data": {**DATA, "speakers": ["03"]},
    "scores": [SCORE],
    "tools": {"python": "3"},
    "sha256": "",
    "size": 1,
}
PLACES = [place for place in places(RECORD) if place]
ODD: list[object] = [
    *(None, True, False, 0, -1, 1.5, 2**64, 10**400, 1e308, float("inf"), float("nan")),
    *("", "x", "a\nb", "[/b]", "\ud800", [], [1], [None], ["x"], {}, {"x": 1}),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_any_value_in_the_record(place: tuple[Any, ...], sealed: SealedModel, desk: Path) -> None:
    """A record is refused or taken; nothing in it brings the command down."""
    path = desk / "odd.tflite"
    for value in ODD:
        record: Any = copy.deepcopy(RECORD)
        record.update(sha256=sealed.record["sha256"], size=sealed.record["size"])
        for name in ("mean", "scale"):
            record["features"][name] *= 40
        parent = record
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = value
        path.write_bytes(sealed.with_text(json.dumps(record).encode()))
        for flags in ((), ("--json",)):
            status, stderr = quietly("info", path, *flags)
            assert status in (0, 2), (value, stderr)
            if status == 2:
                one_line(stderr, [str(path)])


WAV_HEADER = st.builds(
    lambda kind, channels, rate, rest, bits, size: (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0"
        + b"".join(
            value.to_bytes(width, "little")
            for value, width in ((kind, 2), (channels, 2), (rate, 4), (rest, 4), (2, 2), (bits, 2))
        )
        + b"data"
        + size.to_bytes(4, "little")
    ),
    st.sampled_from([1, 3, 6, 7, 2, 0x11, 0x31, 0xFFFE]) | st.integers(0, 0xFFFF),
    st.sampled_from([1, 2, 8]) | st.integers(0, 0xFFFF),
    st.sampled_from([8000, 16000, 44100, 48000]) | st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([8, 16, 24, 32, 64]) | st.integers(0, 0xFFFF),
    st.sampled_from([0, 0xFFFFFFFF, 100, 101, 300]) | st.integers(0, 2**32 - 1),
)
MAGIC = st.sampled_from([b"", b"RIFF", b"RF64", b"fLaC", b"OggS", b"ID3\x03\0\0", b"FORM", b".snd"])


def check_decoded(path: Path, content: bytes) -> None:
    """Either the file is refused, or what is read can be worked with."""
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            recording = read_recording(path, 16000)
        except AudioError as error:
            refusal = str(error)
        else:
            assert recording.sample_rate == 16000
            assert recording.samples.ndim == 1
            assert recording.samples.dtype == np.float64
            assert np.isfinite(recording.samples).all()
            return
    assert str(path) in refusal


@MANY
@given(content=st.builds(bytes.__add__, MAGIC, st.binary(max_size=300)))
def test_random_bytes_as_audio(content: bytes, desk: Path) -> None:
    check_decoded(desk / "random.wav", content)


@MANY
@given(header=WAV_HEADER, samples=st.binary(max_size=300))
def test_random_wav_header(header: bytes, samples: bytes, desk: Path) -> None:
    check_decoded(desk / "random.wav", header + samples)


@MANY
@given(data=st.data(), name=st.sampled_from(["short.wav", "short.flac", "short.ogg"]))
def test_damaged_audio(
    data: st.DataObject, name: str, desk: Path, voice: NDArray[np.int16]
) -> None:
    soundfile.write(desk / name, voice[:800], 16000)
    check_decoded(desk / "damaged.wav", data.draw(damage((desk / name).read_bytes())))
