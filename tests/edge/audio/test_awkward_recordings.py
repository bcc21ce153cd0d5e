"""Recordings that other programs leave: each gives all its samples, whoever reads it."""

from __future__ import annotations

import re
import shutil
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.audio.decoding import open_recording
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.capture.recording import FileSource
from lightsernet_edge.errors import AudioError, AudioWarning
from tests.edge.audio.awkward_recordings import CLIP, WRITTEN, Awkward, N, by_bytes, pcm
from tests.edge.audio.made_recordings import RATE, wav


@dataclass(frozen=True)
class Heard:
    """What a reader got, and what it said."""

    samples: int
    said: list[str]


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer()


@pytest.fixture
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def check(
    path: Path,
    samples: int,
    warns: str,
    recognizer: EmotionRecognizer,
    caught: list[warnings.WarningMessage],
) -> None:
    """Read a recording in every way there is, and compare the samples and what is said."""
    whole = read_recording(path, RATE).samples
    said = [str(warning.message) for warning in caught]
    assert whole.size == samples
    assert len(said) == bool(warns)
    assert all(re.search(warns, line) and line.startswith(str(path)) for line in said)
    assert all(issubclass(warning.category, AudioWarning) for warning in caught)
    live = [block.samples for block in FileSource(path, RATE, fast=True).blocks()]
    assert np.array_equal(np.concatenate(live), as_pcm16(whole))
    part = read_recording(path, RATE, 0.25, 0.5).samples
    # Resampled, a part has no neighbours at its ends.
    assert np.array_equal(part, whole[4000:8000]) or path.name == "24-bit.wav"
    assert part.size == 4000
    assert recognizer.classify(path).end_s <= samples / RATE
    found = recognizer.classify_utterances(path)
    assert found
    assert found == recognizer.classify_utterances(path)


@pytest.mark.parametrize("awkward", WRITTEN, ids=lambda awkward: awkward.name)
def test_what_programs_write(
    awkward: Awkward,
    recognizer: EmotionRecognizer,
    quiet: list[warnings.WarningMessage],
    tmp_path: Path,
) -> None:
    missing = [tool for tool in awkward.tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no {' '.join(missing)}")
    path = awkward.make(tmp_path)
    assert path is not None
    check(path, awkward.samples, awkward.warns, recognizer, quiet)


@pytest.mark.parametrize("name", by_bytes())
def test_what_recorders_leave(
    name: str, recognizer: EmotionRecognizer, quiet: list[warnings.WarningMessage], tmp_path: Path
) -> None:
    content, samples, warns = by_bytes()[name]
    (tmp_path / name).write_bytes(content)
    check(tmp_path / name, samples, warns, recognizer, quiet)
    whole = read_recording(tmp_path / name, RATE).samples
    assert np.array_equal(as_pcm16(whole[:N]), np.frombuffer(pcm(), "<i2"))


def test_espeak_into_a_pipe(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("no espeak-ng")
    path = Awkward("e.wav", "espeak-ng --stdout 'This is a test.' > e.wav", 0).make(tmp_path)
    assert path is not None
    with open_recording(path) as decoder:
        assert decoder.samplerate == 22050
        assert sum(map(len, decoder.blocks())) == (path.stat().st_size - 44) // 2


def test_a_size_that_wrapped_round(tmp_path: Path) -> None:
    """More than 4 GiB of samples, and a chunk behind them; a sparse file takes no room."""
    data, path = pcm(), tmp_path / "wrapped.wav"
    path.write_bytes(wav(data))
    with path.open("r+b") as file:
        file.seek(44 + 2**32 + len(data))
        file.write(b"LIST" + struct.pack("<I", 4) + b"INFO")
    with open_recording(path) as decoder:
        assert decoder.frames == 2**31 + N
        assert np.array_equal(
            np.concatenate(list(decoder.blocks(0, N)))[:, 0] * 32768, np.frombuffer(data, "<i2")
        )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("head -c 20000 x.wav > cut.x", "truncated: 20000 bytes, but its header declares"),
        ("lame --quiet -V5 x.wav 1.mp3 && head -c 8000 1.mp3 > cut.x", r"holds \d+ frames of the"),
        ("flac -s x.wav -o 1.flac && head -c 9000 1.flac > cut.x", "cannot be read as audio"),
        ("ffmpeg -loglevel error -i x.wav 1.m4a && cp 1.m4a cut.x", "expected WAV, FLAC, OGG"),
    ],
)
def test_what_lacks_its_end_is_refused(command: str, says: str, tmp_path: Path) -> None:
    awkward = Awkward("cut.x", command, 0)
    path = awkward.make(tmp_path)
    if path is None:
        pytest.skip(f"no {' '.join(awkward.tools)}")
    with pytest.raises(AudioError, match=says):
        read_recording(path, RATE)


def test_the_clip_is_what_the_numbers_say() -> None:
    assert CLIP.stat().st_size == 44 + 2 * N
