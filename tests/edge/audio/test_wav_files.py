"""WAV files as they are found: every width, channels, other chunks, sizes that pipes write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioError, AudioWarning
from tests.edge.audio.made_recordings import (
    FLOAT,
    PCM,
    RATE,
    Samples,
    chunk,
    int24,
    read,
    tone,
    wav,
)

VALUES = np.random.default_rng(2).uniform(-1, 1, 6000)
INT8 = np.r_[0, 255, 128, np.random.default_rng(3).integers(0, 256, 6000)].astype(np.uint8)
INT16 = np.r_[-(2**15), 2**15 - 1, (VALUES * 2**15).astype(np.int32)].astype("<i2")
INT24 = np.r_[-(2**23), 2**23 - 1, (VALUES * 2**23).astype(np.int32)].astype("<i4")
INT32 = np.r_[-(2**31), 2**31 - 1, (VALUES * 2**31).astype(np.int64)].astype("<i4")
# Floats may go beyond full scale.
FLOAT32 = np.r_[1.5, -2.0, VALUES].astype("<f4")
FLOAT64 = np.r_[1.5, -2.0, VALUES].astype("<f8")
WIDTHS = [
    pytest.param(INT8.tobytes(), PCM, 8, (INT8.astype(float) - 128) / 2**7, id="8-bit"),
    pytest.param(INT16.tobytes(), PCM, 16, INT16 / 2**15, id="16-bit"),
    pytest.param(int24(INT24), PCM, 24, INT24 / 2**23, id="24-bit"),
    pytest.param(INT32.tobytes(), PCM, 32, INT32 / 2**31, id="32-bit"),
    pytest.param(FLOAT32.tobytes(), FLOAT, 32, FLOAT32.astype(float), id="float"),
    pytest.param(FLOAT64.tobytes(), FLOAT, 64, FLOAT64, id="double"),
]


@pytest.mark.parametrize("extensible", [False, True], ids=["plain", "extensible"])
@pytest.mark.parametrize(("data", "kind", "bits", "expected"), WIDTHS)
def test_every_width_is_exact(
    data: bytes, kind: int, bits: int, expected: Samples, extensible: bool, file: Path
) -> None:
    file.write_bytes(wav(data, kind=kind, bits=bits, extensible=extensible))
    assert np.array_equal(read(file).samples, expected)


@pytest.mark.parametrize("extensible", [False, True], ids=["plain", "extensible"])
def test_stereo_is_averaged(extensible: bool, file: Path, pcm: NDArray[np.int16]) -> None:
    left, right = pcm[::2], pcm[1::2]
    file.write_bytes(wav(pcm.tobytes(), channels=2, extensible=extensible))
    recording = read(file)
    assert np.array_equal(recording.samples, (left / 32768 + right / 32768) / 2)
    assert recording.duration_s == 0.25


def test_stereo_float_that_cancels_out(file: Path) -> None:
    left = tone(440, RATE).astype("<f4")
    both = np.stack([left, -left], axis=1)
    file.write_bytes(wav(both.tobytes(), kind=FLOAT, bits=32, channels=2))
    with pytest.warns(AudioWarning, match=f"^{file}: its channels cancel one another"):
        assert not read_recording(file, RATE).samples.any()


@pytest.mark.parametrize("quiet", [0.0, 0.001, 1.0])
def test_channels_that_do_not_cancel_get_no_word(file: Path, quiet: float) -> None:
    """One alone, one next to silent, two that have nothing in common."""
    left, right = np.random.default_rng(1).normal(0.0, 3000.0, (2, RATE))
    both = np.stack([left, quiet * right], axis=1).astype("<i2")
    file.write_bytes(wav(both.tobytes(), channels=2))
    assert read(file).samples.any()


def test_six_channels(file: Path) -> None:
    channels = np.arange(6 * 5000, dtype="<i2").reshape(5000, 6)
    file.write_bytes(wav(channels.tobytes(), channels=6))
    np.testing.assert_allclose(read(file).samples, channels.mean(axis=1) / 32768, atol=1e-15)


LIST = chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0\0")
ODD = chunk(b"odd ", b"12345")
CHUNKS = [
    pytest.param(LIST, b"", id="list-before"),
    pytest.param(ODD, b"", id="odd-before"),
    pytest.param(b"", LIST, id="list-after"),
    pytest.param(b"", ODD, id="odd-after"),
    # So that the samples begin at byte 4096.
    pytest.param(chunk(b"PAD ", bytes(4096 - 36 - 16)), b"", id="pad"),
]


@pytest.mark.parametrize(("before", "after"), CHUNKS)
def test_other_chunks_are_no_samples(
    before: bytes, after: bytes, file: Path, pcm: NDArray[np.int16]
) -> None:
    content = wav(pcm.tobytes(), before=before, after=after)
    file.write_bytes(content)
    assert np.array_equal(read(file).samples, pcm / 32768)
    if before.startswith(b"PAD "):
        assert content.index(pcm.tobytes()) == 4096


BEHIND = pytest.mark.parametrize("before", [b"", LIST, ODD], ids=["plain", "list", "odd"])
# What FFmpeg, SoX and arecord write into a pipe.
UNKNOWN_SIZES = [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000]


@pytest.mark.parametrize("riff_size", [0, 36, 0xFFFFFFFF])
@pytest.mark.parametrize("data_size", UNKNOWN_SIZES)
@BEHIND
def test_sizes_that_pipes_write(
    before: bytes, data_size: int, riff_size: int, file: Path, pcm: NDArray[np.int16]
) -> None:
    """The file's end is the samples' end, for the writer could not know it."""
    content = wav(pcm.tobytes(), before=before, data_size=data_size, riff_size=riff_size)
    file.write_bytes(content)
    assert np.array_equal(read(file).samples, pcm / 32768)
    assert np.array_equal(read(file, 0.1, 0.2).samples, pcm[1600:3200] / 32768)


@pytest.mark.parametrize("size", UNKNOWN_SIZES)
def test_sizes_that_pipes_write_in_24_bit_stereo(size: int, file: Path) -> None:
    """Where a sample of all channels is six bytes, and the greatest size no multiple."""
    file.write_bytes(wav(int24(INT24), bits=24, channels=2, data_size=size, riff_size=size))
    expected = (INT24 / 2**23).reshape(-1, 2).mean(axis=1)
    np.testing.assert_allclose(read(file).samples, expected, atol=1e-15)


@pytest.mark.parametrize("riff_size", [None, 0, 0xFFFFFFFF])
@pytest.mark.parametrize("missing", [1, 2, 1000, 15999])
@BEHIND
def test_samples_that_are_missing(
    before: bytes, missing: int, riff_size: int | None, file: Path, pcm: NDArray[np.int16]
) -> None:
    content = wav(pcm.tobytes(), before=before, riff_size=riff_size)
    file.write_bytes(content[:-missing])
    words = f"truncated: {len(content) - missing} bytes, but its header declares {len(content)}"
    with pytest.raises(AudioError, match=words):
        read(file)
    with pytest.raises(AudioError, match=words):
        read(file, 0.0, 0.00005)


def test_pipes_without_samples(file: Path) -> None:
    for size in UNKNOWN_SIZES:
        file.write_bytes(wav(b"", riff_size=size, data_size=size))
        with pytest.raises(AudioError, match="no samples"):
            read(file)
