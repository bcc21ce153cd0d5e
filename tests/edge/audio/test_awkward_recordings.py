"""Recordings that other programs leave: each gives all its samples, whoever reads it."""

from __future__ import annotations

import re
import shutil
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge import EmotionRecognizer, EmotionStream
from lightsernet_edge.audio.decoding import open_recording
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.capture.recording import FileSource
from lightsernet_edge.errors import AudioError, AudioWarning
from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware import FirmwareModel, validate
from lightsernet_firmware.host.outcome import Outcome
from lightsernet_firmware.host.runner import HostRunner
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.training.feature_store import FeatureStore
from tests.edge.audio.awkward_recordings import (
    CLIP,
    RESAMPLED,
    WRITTEN,
    Awkward,
    N,
    au,
    by_bytes,
    pcm,
)
from tests.edge.audio.made_recordings import RATE, wav

Made = Callable[[Awkward], Path]


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a recording once, for all readers."""
    kept: dict[str, Path] = {}

    def make(awkward: Awkward) -> Path:
        if awkward.name not in kept:
            path = awkward.make(tmp_path_factory.mktemp("awkward"))
            if path is None:
                missing = [tool for tool in awkward.tools if shutil.which(tool) is None]
                pytest.skip(f"no {' '.join(missing)}")
            kept[awkward.name] = path
        return kept[awkward.name]

    return make


@dataclass(frozen=True)
class Heard:
    """What somebody made of a recording, and the warnings."""

    result: Any
    said: list[str]

    @classmethod
    def by(cls, read: Callable[..., Any], *arguments: Any) -> Heard:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = read(*arguments)
        assert all(issubclass(warning.category, AudioWarning) for warning in caught)
        said = [str(warning.message) for warning in caught]
        return cls(result, [line for line in said if "found no speech" not in line])


def live(path: Path) -> NDArray[np.int16]:
    return np.concatenate([block.samples for block in FileSource(path, RATE, fast=True).blocks()])


def check(path: Path, samples: int, warns: str, recognizer: EmotionRecognizer) -> None:
    """Read a recording in every way there is, and compare the samples and what is said."""
    whole = Heard.by(read_recording, path, RATE)
    audio = whole.result.samples
    assert audio.size == samples
    assert len(whole.said) == bool(warns)
    assert all(re.search(warns, line) and line.startswith(str(path)) for line in whole.said)
    streamed = Heard.by(live, path)
    assert np.array_equal(streamed.result, as_pcm16(audio))
    emotion = Heard.by(recognizer.classify, path)
    assert round(emotion.result.end_s * RATE) == samples
    with EmotionStream() as stream:
        events = [*stream.process(as_pcm16(audio)), *stream.finish()]
    utterances = Heard.by(recognizer.classify_utterances, path)
    assert utterances.result == [event.emotion for event in events]
    assert utterances.result or "cancel" in warns
    spec = recognizer.file.record.features
    trained_on = Heard.by(FeatureStore(spec).rows, Clip(path, "anger", ""))
    expected = FrontEnd(spec.without_standardisation()).features(audio).astype(np.float32)
    assert np.array_equal(trained_on.result, expected)
    assert {*map(tuple, (streamed.said, emotion.said, utterances.said, trained_on.said))} == {
        tuple(whole.said)
    }


def check_part(path: Path, audio: NDArray[np.float64]) -> None:
    part = read_recording(path, RATE, 0.25, 0.5).samples
    assert part.size == 4000
    # Resampled, a part has no neighbours at its ends.
    assert np.array_equal(part, audio[4000:8000]) or path.name in RESAMPLED


@pytest.mark.parametrize("awkward", WRITTEN, ids=lambda awkward: awkward.name)
def test_what_programs_write(awkward: Awkward, recognizer: EmotionRecognizer, made: Made) -> None:
    check(made(awkward), awkward.samples, awkward.warns, recognizer)


@pytest.mark.filterwarnings("ignore::lightsernet_edge.errors.AudioWarning")
@pytest.mark.parametrize("awkward", WRITTEN, ids=lambda awkward: awkward.name)
def test_parts_of_what_programs_write(awkward: Awkward, made: Made) -> None:
    check_part(made(awkward), read_recording(made(awkward), RATE).samples)


@pytest.mark.parametrize("name", by_bytes())
def test_what_recorders_leave(name: str, recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    content, samples, warns = by_bytes()[name]
    (tmp_path / name).write_bytes(content)
    check(tmp_path / name, samples, warns, recognizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)
        whole = read_recording(tmp_path / name, RATE).samples
        check_part(tmp_path / name, whole)
    assert np.array_equal(as_pcm16(whole[:N]), np.frombuffer(pcm(), "<i2"))


@pytest.mark.filterwarnings("ignore::lightsernet_edge.errors.AudioWarning")
def test_validate_hears_as_many_samples(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    run = HostRunner.run_samples

    def run_and_count(self: HostRunner, clips: list[NDArray[np.int16]]) -> list[Outcome]:
        heard.extend(map(len, clips))
        return run(self, clips)

    monkeypatch.setattr(HostRunner, "run_samples", run_and_count)
    possible = [
        awkward
        for awkward in WRITTEN
        if all(shutil.which(tool) is not None for tool in awkward.tools)
    ]
    sizes = {made(awkward): awkward.samples for awkward in possible}
    for name, (content, samples, _) in by_bytes().items():
        (tmp_path / name).write_bytes(content)
        sizes[tmp_path / name] = samples
    result = validate(FirmwareModel(read_model(default_model_path())), list(sizes), "native")
    assert heard == list(sizes.values())
    assert result.clips == result.identical == len(sizes)


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
        ("sox x.wav 1.aiff && head -c 20000 1.aiff > cut.x", "truncated: 20000 bytes, but its"),
        ("sox x.wav 1.au && head -c 20000 1.au > cut.x", "truncated: 20000 bytes, but its"),
        ("sox x.wav 1.caf && head -c 20000 1.caf > cut.x", "truncated: 20000 bytes, but its"),
        ("sox x.wav 1.w64 && head -c 20000 1.w64 > cut.x", "truncated: 20000 bytes, but its"),
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


def test_less_than_a_sample_at_the_rate_of_a_model(
    recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    """Some samples, at a rate that only a damaged header has."""
    path = tmp_path / "fast.wav"
    path.write_bytes(wav(bytes(200), rate=2**31 - 1))
    for read in (lambda path: read_recording(path, RATE), live, recognizer.classify):
        with pytest.raises(AudioError, match=f"^{path}: holds no samples"):
            read(path)


# Of 26 and 24 bytes, at 22.05 and 24 kHz.
FRAMES = (b"\xff\xf3\x10" + bytes(23), b"\xff\xf3\x14" + bytes(21))
MANY = {
    "wav": wav(bytes(2)) * 10**4 * 2,
    "au": au(2)[:26] * 10**4 * 2,
    "flac": b"fLaC\0\0\0\x22" * 10**4 * 2,
    "mp3": 3 * FRAMES[0] + (FRAMES[1] + FRAMES[0]) * 10**4,
}


@pytest.mark.parametrize("name", MANY)
def test_more_recordings_than_anybody_joins(name: str, tmp_path: Path) -> None:
    """Each takes memory, and a file has room for millions."""
    path = tmp_path / f"many.{name}"
    path.write_bytes(MANY[name])
    with pytest.raises(AudioError, match=f"^{path}: holds more than 10000 recordings"):
        read_recording(path, RATE)


def test_the_clip_is_what_the_numbers_say() -> None:
    assert CLIP.stat().st_size == 44 + 2 * N
