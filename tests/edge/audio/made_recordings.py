"""WAV files put together byte by byte, and recordings read.

So reading is not checked against the library that reads.
"""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import Recording, read_recording

RATE = 16000
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# Behind the format's number in an extensible header: KSDATAFORMAT_SUBTYPE_*.
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")

Samples = NDArray[np.float64]


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """Return a chunk of a RIFF file; chunks of odd length are followed by a zero."""
    declared = len(body) if size is None else size
    return name + struct.pack("<I", declared) + body + b"\0" * (len(body) % 2)


def wav(
    data: bytes,
    *,
    kind: int = PCM,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    extensible: bool = False,
    before: bytes = b"",
    after: bytes = b"",
    riff_size: int | None = None,
    data_size: int | None = None,
) -> bytes:
    """Return a WAV file."""
    block = channels * bits // 8
    header = struct.pack(
        "<HHIIHH", EXTENSIBLE if extensible else kind, channels, rate, rate * block, block, bits
    )
    if extensible:
        mask = {1: 4, 2: 3}[channels]
        header += struct.pack("<HHI", 22, bits, mask) + struct.pack("<H", kind) + GUID_TAIL
    body = b"WAVE" + chunk(b"fmt ", header) + before + chunk(b"data", data, data_size) + after
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def int24(values: NDArray[np.int32]) -> bytes:
    """Return integers as three bytes each, the lowest first."""
    return values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def tone(hertz: float, rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> Samples:
    """Return a sine."""
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * time))


def read(path: Path, start_s: float | None = None, end_s: float | None = None) -> Recording:
    """Read a recording, which gives no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, RATE, start_s, end_s)
    assert recording.sample_rate == RATE
    assert recording.samples.ndim == 1
    assert recording.samples.dtype == np.float64
    return recording


def inside(samples: Samples, margin: int = 400) -> Samples:
    """Leave out both ends, where a resampler has no neighbours to look at."""
    return samples[margin:-margin]
