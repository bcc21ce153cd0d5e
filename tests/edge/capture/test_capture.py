"""Sources of live audio that need no sound system: files, pipes, and conversion on the way."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.audio.resampling import resample
from lightsernet_edge.capture import AudioBlock, microphone
from lightsernet_edge.capture.conversion import StreamConverter
from lightsernet_edge.capture.opening import open_source
from lightsernet_edge.capture.recording import CONTAINERS, FileSource, PipeSource
from lightsernet_edge.errors import AudioError, AudioWarning
from tests.places import CLIPS

RATE = 16000


def joined(blocks: Iterable[AudioBlock]) -> NDArray[np.int16]:
    return np.concatenate([block.samples for block in blocks])


def voice(seconds: float, rate: int, channels: int) -> NDArray[np.int16]:
    random = np.random.default_rng(3)
    return random.normal(0, 4000, (round(seconds * rate), channels)).astype(np.int16)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 5])
@settings(max_examples=12)
@given(
    cuts=st.lists(st.integers(0, 4000), min_size=1, max_size=6).filter(lambda cuts: max(cuts) > 99)
)
def test_conversion_of_chunks_is_that_of_the_whole(
    rate: int, channels: int, cuts: list[int]
) -> None:
    samples = voice(0.2, rate, channels)
    converter = StreamConverter(rate, RATE)
    pieces, start = [], 0
    while start < len(samples):
        for size in cuts:
            pieces.append(converter.convert(samples[start : start + size]))
            start += size
    pieces.append(converter.convert(samples[:0], last=True))
    whole = as_pcm16(resample(samples.mean(axis=1) / 32768, rate, RATE))
    chunked = np.concatenate(pieces)
    assert chunked.dtype == np.int16
    assert len(chunked) == len(whole)
    assert np.abs(chunked.astype(int) - whole).max() <= 1


def test_mono_at_the_rate_is_not_touched() -> None:
    samples = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(StreamConverter(RATE, RATE).convert(samples[:, None]), samples)


def test_conversion_saturates() -> None:
    loud = np.array([[1.5], [-1.5], [0.99999]])
    assert StreamConverter(RATE, RATE).convert(loud).tolist() == [32767, -32768, 32767]
    square = np.where(np.arange(48000) % 96 < 48, 32767, -32768).astype(np.int16)
    whole = resample(square / 32768, 48000, RATE)
    assert np.abs(whole).max() > 1.1
    converted = StreamConverter(48000, RATE).convert(square[:, None], last=True)
    # Wrapped round, samples beyond full scale would change their sign.
    assert np.array_equal(np.sign(converted), np.sign(whole))


@pytest.mark.parametrize("fast", [True, False])
def test_file_is_what_read_recording_reads(fast: bool) -> None:
    clip = CLIPS / "anger_03a02Wc.wav"
    assert np.array_equal(
        joined(FileSource(clip, RATE, fast).blocks()), as_pcm16(read_recording(clip, RATE).samples)
    )


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_file_of_another_rate(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"stereo.{kind.lower()}"
    soundfile.write(path, voice(1.7, 44100, 2), 44100)
    streamed = joined(FileSource(path, RATE, fast=True).blocks())
    whole = as_pcm16(read_recording(path, RATE).samples)
    assert len(streamed) == len(whole)
    assert np.abs(streamed.astype(int) - whole).max() <= 1


def test_damage_is_said_when_it_is_reached(tmp_path: Path) -> None:
    samples = np.zeros(40000, np.float32)
    samples[30000] = np.nan
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    blocks = FileSource(path, RATE, fast=True).blocks()
    assert next(blocks).samples.size == 8000
    with pytest.raises(AudioError, match=r"nan\.wav: found NaN"):
        list(blocks)


def test_stop_ends_a_file() -> None:
    source = FileSource(CLIPS / "anger_03a02Wc.wav", RATE, fast=True)
    blocks = source.blocks()
    next(blocks)
    source.stop()
    assert list(blocks) == []


def test_clipped_share_is_counted_before_channels_are_averaged(tmp_path: Path) -> None:
    loud = np.array([[0, 32767], [0, 32766], [-32768, 5], [3, -32767]], np.int16)
    for rate in (RATE, 44100):
        converter = StreamConverter(rate, RATE)
        assert converter.clipped_share(loud) == 0.5
        assert converter.clipped_share(loud / 32768) == 0.5
        assert converter.clipped_share(loud[:0]) == 0.0
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.resize(loud, (RATE, 2)), 44100)
    assert {block.clipped_share for block in FileSource(path, RATE, fast=True).blocks()} == {0.5}


def through_a_pipe(chunks: list[bytes]) -> list[AudioBlock]:
    read, write = os.pipe()

    def send() -> None:
        for chunk in chunks:
            os.write(write, chunk)
        os.close(write)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return list(PipeSource(read, "-", RATE, fast=True).blocks())
    finally:
        sender.join()
        os.close(read)


@given(
    content=st.binary(max_size=3000).filter(lambda content: content[:4] not in CONTAINERS),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5),
)
def test_pipe_gives_its_samples_however_they_are_cut(content: bytes, sizes: list[int]) -> None:
    chunks, start = [], 0
    while start < len(content):
        for size in sizes:
            chunks.append(content[start : start + size])
            start += size
    blocks = through_a_pipe([chunk for chunk in chunks if chunk])
    whole = np.frombuffer(content[: len(content) // 2 * 2], "<i2")
    heard = [block for block in blocks if block.samples.size]
    assert np.array_equal(joined(heard) if heard else np.empty(0, np.int16), whole)
    faults = [block.fault for block in blocks if block.fault]
    assert len(faults) == len(content) % 2


@pytest.mark.parametrize("magic", CONTAINERS)
@pytest.mark.parametrize("size", [1, 3, 4, 700])
def test_pipe_knows_a_file_however_it_is_cut(magic: bytes, size: int) -> None:
    content = magic + bytes(1000)
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    with pytest.raises(AudioError, match=f"-: found {CONTAINERS[magic]} data, expected raw PCM"):
        through_a_pipe(chunks)


def test_pipe_tells_what_is_clipped() -> None:
    (block, *_) = through_a_pipe([np.array([-32768, 0, 32767, 1], "<i2").tobytes()])
    assert block.clipped_share == 0.5


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
@pytest.mark.parametrize("fast", [True, False])
def test_stdin_is_at_16_khz_whatever_the_model_hears(
    rate: int, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = voice(0.4, 16000, 1)[:, 0]
    read, write = os.pipe()
    os.write(write, samples.astype("<i2").tobytes())
    os.close(write)
    with os.fdopen(read) as stdin, warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)
        monkeypatch.setattr(sys, "stdin", stdin)
        source = open_source(None, "-", rate, fast)
        assert source.sample_rate == rate
        heard = joined(source.blocks())
    whole = as_pcm16(resample(samples / 32768, 16000, rate))
    assert len(heard) == len(whole)
    assert np.abs(heard.astype(int) - whole).max() <= 1


def test_stop_ends_a_pipe_that_says_nothing() -> None:
    read, write = os.pipe()
    source = PipeSource(read, "-", RATE)
    blocks = source.blocks()
    assert next(blocks).samples.size == 0
    source.stop()
    assert list(blocks) == []
    os.close(read)
    os.close(write)


class IdleStream:
    """In place of PortAudio's: the test calls the callback."""

    active = True

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def start(self) -> None: ...

    def abort(self, ignore_errors: bool) -> None: ...

    def close(self, ignore_errors: bool) -> None: ...


@pytest.fixture
def idle_microphone(monkeypatch: pytest.MonkeyPatch) -> Iterable[microphone.Microphone]:
    device = {"name": "idle", "default_samplerate": RATE, "max_input_channels": 1}
    stand_in = SimpleNamespace(
        query_devices=[device].__getitem__,
        default=SimpleNamespace(device=(0, 0)),
        PortAudioError=IndexError,
        RawInputStream=IdleStream,
    )
    monkeypatch.setattr(microphone, "_sounddevice", lambda: stand_in)
    opened = microphone.Microphone()
    yield opened
    opened.close()


def test_every_block_of_a_lasting_overflow_is_broken(
    idle_microphone: microphone.Microphone,
) -> None:
    """It counts once, as PortAudio repeats the flag; but there is a gap before each block."""
    flags = [False, True, True, True, False, True, False]
    block = np.arange(320, dtype=np.int16)
    for flag in flags:
        idle_microphone._on_audio(block.tobytes(), 320, None, SimpleNamespace(input_overflow=flag))
    blocks = list(itertools.islice(idle_microphone.blocks(), len(flags)))
    assert [found.fault is not None for found in blocks] == flags
    assert all((found.samples == block).all() for found in blocks)
    assert [found.lost_samples for found in blocks] == [0] * len(flags)
    assert idle_microphone.faults.overflows == 2


def test_blocks_that_nobody_fetches_are_lost(idle_microphone: microphone.Microphone) -> None:
    block = np.zeros(320, np.int16).tobytes()
    kept = round(microphone._QUEUE_S / microphone._BLOCK_S)
    for _ in range(kept + 5):
        idle_microphone._on_audio(block, 320, None, SimpleNamespace(input_overflow=False))
    blocks = idle_microphone.blocks()
    assert all(found.fault is None for found in itertools.islice(blocks, kept))
    idle_microphone._on_audio(block, 320, None, SimpleNamespace(input_overflow=False))
    found = next(blocks)
    assert found.fault is not None
    assert found.lost_samples == 5 * 320
    assert idle_microphone.faults.overflows == 1
