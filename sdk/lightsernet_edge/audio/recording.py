"""Recordings: read, checked, mixed down to mono and resampled."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO, FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, InputError, MissingDependencyError
from ..features.front_end import MAX_SAMPLE
from ..files.regular_file import open_regular

if TYPE_CHECKING:
    import soundfile

# In hertz. At lower rates no speech is left, and resampling would turn small files into huge
# ones.
_MIN_SAMPLE_RATE = 1000
_BLOCK_FRAMES = 2**20
# In hertz: what a C int holds.
_MAX_SAMPLE_RATE = 2**31 - 1
# How far a part may reach beyond the end of the file: times are often rounded.
_ROUNDING_S = 0.01
# Sizes that FFmpeg, SoX and arecord declare for a WAV's data chunk when they write to a pipe
# and cannot know the size.
_UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000)


class AudioWarning(UserWarning):
    """A recording can be used, but something in it makes the result less reliable."""


@dataclass(frozen=True)
class Recording:
    """Mono audio in memory.

    Attributes
    ----------
    samples : ndarray of float64, shape (n,)
        In units of full scale; samples of a float file may lie outside -1..1.
    sample_rate : int
        In hertz.
    """

    samples: NDArray[np.float64]
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples.size / self.sample_rate


def read_recording(
    path: str | Path,
    sample_rate: int,
    start_s: float | None = None,
    end_s: float | None = None,
) -> Recording:
    """Read a WAV, FLAC, OGG or MP3 file as mono at `sample_rate`.

    Channels are averaged; another rate is resampled (soxr, high quality).

    Parameters
    ----------
    path : str or Path
        Of the file.
    sample_rate : int
        Of the result, in hertz, above 0.
    start_s, end_s : float, optional
        Start and end of the part to read, in seconds; by default the whole file.

    Returns
    -------
    Recording
        Mono, at `sample_rate`.

    Raises
    ------
    AudioError
        If the file is missing, empty, truncated, not audio, or holds NaN or infinity; or if
        the part does not lie in it.
    MissingDependencyError
        If soundfile, or soxr where it is needed, is not installed.

    Warns
    -----
    AudioWarning
        If the file's sample rate is below `sample_rate`: the upper part of the band is missing.
    """
    path = Path(path)
    samples, rate = _decode(path, start_s, end_s)
    refuse_unusable(samples, path)
    warn_of_low_rate(path, rate, sample_rate)
    mono = samples.mean(axis=1)
    return Recording(resample(mono, rate, sample_rate), sample_rate)


def checked_rate(sample_rate: object) -> int:
    """Check a sample rate and return it as an int.

    Parameters
    ----------
    sample_rate : object
        In hertz.

    Raises
    ------
    InputError
        If it is not a whole number, or below 1000.
    """
    if (
        isinstance(sample_rate, bool)
        or not isinstance(sample_rate, (int, np.integer))
        or not _MIN_SAMPLE_RATE <= sample_rate <= _MAX_SAMPLE_RATE
    ):
        raise InputError(
            f"sample_rate: found {sample_rate!r}, expected a whole number of hertz, at least "
            f"{_MIN_SAMPLE_RATE}"
        )
    return int(sample_rate)


def refuse_unusable(samples: NDArray[np.float64], name: str | Path) -> None:
    """Raise AudioError if samples are not finite, or lie far beyond full scale."""
    if not np.isfinite(samples).all():
        raise AudioError(f"{name}: found NaN or Inf samples, expected finite ones")
    if samples.size and np.abs(samples).max() > MAX_SAMPLE:
        raise AudioError(f"{name}: found samples beyond {MAX_SAMPLE:g} times full scale")


def refuse_empty(count: int, name: str | Path) -> None:
    """Raise AudioError if a recording holds no samples."""
    if count == 0:
        raise AudioError(f"{name}: holds no samples, expected a recording")


def warn_of_low_rate(name: str | Path, rate: int, sample_rate: int) -> None:
    """Warn if audio recorded at `rate` lacks the upper part of a model's band.

    Parameters
    ----------
    name : str or Path
        Of the recording or device, for the message.
    rate, sample_rate : int
        Of the recording and of the model, in hertz.
    """
    if rate < sample_rate:
        warnings.warn(
            f"{name}: recorded at {rate} Hz, so nothing lies above {rate // 2} Hz; "
            f"the model expects {sample_rate} Hz",
            AudioWarning,
            stacklevel=3,
        )


def resample(samples: NDArray[np.float64], rate: int, to_rate: int) -> NDArray[np.float64]:
    """Resample with soxr's high-quality setting.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
    rate, to_rate : int
        Of the samples and of the result, in hertz.

    Returns
    -------
    ndarray of float64, shape (m,)

    Raises
    ------
    MissingDependencyError
        If soxr is not installed.
    """
    if rate == to_rate or samples.size == 0:
        return samples
    soxr = load_soxr(rate, to_rate)
    return np.asarray(soxr.resample(samples, rate, to_rate, quality="HQ"), dtype=np.float64)


def load_soxr(rate: int, to_rate: int) -> Any:
    """Import the module soxr, to resample from `rate` to `to_rate`, both in hertz.

    Raises
    ------
    MissingDependencyError
        If it is not installed; the message names the rates.
    """
    try:
        import soxr
    except ImportError:
        raise MissingDependencyError(
            f"resampling from {rate} to {to_rate} Hz needs the package soxr: pip install soxr"
        ) from None
    return soxr


def as_pcm16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Convert samples in units of full scale to int16: round, then saturate."""
    return np.clip(np.rint(samples * 32768.0), -32768.0, 32767.0).astype(np.int16)


def _decode(
    path: Path, start_s: float | None, end_s: float | None
) -> tuple[NDArray[np.float64], int]:
    """Return all channels, shape (n, channels), and the file's sample rate in hertz."""
    with open_recording(path) as file:
        return _read_part(file, path, start_s, end_s), int(file.samplerate)


@contextmanager
def open_recording(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a recording; a WAV's declared size is checked first.

    Parameters
    ----------
    path : Path

    Raises
    ------
    AudioError
        If the file is missing, empty, truncated, not audio, or a pipe or device. Errors
        of reading inside the context are converted to this one too.
    MissingDependencyError
        If soundfile is not installed.
    """
    soundfile = _soundfile()
    try:
        # Unbuffered: libsndfile starts to read where the descriptor stands.
        with open_regular(path, "a recording", AudioError) as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                raise AudioError(f"{path}: the file is empty, expected a recording")
            # By descriptor: a name need not be UTF-8, and soundfile would take "x.raw" as raw PCM.
            with soundfile.SoundFile(_source(stream, path), closefd=False) as file:
                if file.samplerate < _MIN_SAMPLE_RATE:
                    raise AudioError(
                        f"{path}: recorded at {file.samplerate} Hz, expected at least "
                        f"{_MIN_SAMPLE_RATE} Hz"
                    )
                yield file
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from None
    except soundfile.LibsndfileError as error:
        reason = str(error.error_string).strip().rstrip(".")
        raise AudioError(
            f"{path}: cannot be read as audio ({reason}), expected WAV, FLAC, OGG or MP3"
        ) from None


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"reading recordings needs the package soundfile and libsndfile: {error}"
        ) from None
    return soundfile


def _read_part(
    file: soundfile.SoundFile, path: Path, start_s: float | None, end_s: float | None
) -> NDArray[np.float64]:
    start = 0 if start_s is None else round(start_s * file.samplerate)
    stop = file.frames if end_s is None else round(end_s * file.samplerate)
    if stop <= file.frames + _ROUNDING_S * file.samplerate:
        stop = min(stop, file.frames)
    if not 0 <= start < max(stop, 1) or stop > file.frames:
        raise AudioError(
            f"{path}: lasts {file.frames / file.samplerate:.3f} s, expected the part from "
            f"{start_s} to {end_s} s to lie in it"
        )
    file.seek(start)
    samples = _read_blocks(file, stop - start)
    if len(samples) < stop - start:
        raise AudioError(
            f"{path}: truncated: holds {start + len(samples)} samples of the "
            f"{file.frames} it declares"
        )
    refuse_empty(len(samples), path)
    return np.asarray(samples)


def _read_blocks(file: soundfile.SoundFile, count: int) -> NDArray[np.float64]:
    """Read up to `count` frames; a wrong declared size does not cost memory."""
    blocks = []
    while count > 0:
        block = file.read(min(count, _BLOCK_FRAMES), dtype="float64", always_2d=True)
        blocks.append(block)
        count = count - len(block) if len(block) else 0
    return np.concatenate(blocks) if blocks else np.empty((0, file.channels))


def _source(stream: FileIO, path: Path) -> int | BytesIO:
    """Return what libsndfile is to read, after a check of a WAV's declared size.

    libsndfile reads a truncated WAV without an error, and reads nothing from one that
    declares a size of 0, as a writer into a pipe may.

    Raises
    ------
    AudioError
        If a WAV's data chunk reaches beyond the end of the file.
    """
    actual = os.fstat(stream.fileno()).st_size
    data = _declared_data(stream)
    stream.seek(0)
    if data is None:
        return stream.fileno()
    start, size = data
    if size == 0 and actual > start:
        content = bytearray(stream.read())
        content[start - 4 : start] = b"\xff\xff\xff\xff"
        return BytesIO(content)
    if size not in _UNKNOWN_SIZES and start + size > actual:
        raise AudioError(
            f"{path}: truncated: {actual} bytes, but its header declares {start + size}"
        )
    return stream.fileno()


def _declared_data(file: BinaryIO | FileIO) -> tuple[int, int] | None:
    """Return where the samples of a RIFF file begin and their declared size; None for others."""
    header = file.read(12)
    if len(header) < 12 or header[:4] not in (b"RIFF", b"RIFX", b"RF64") or header[8:] != b"WAVE":
        return None
    order = ">" if header[:4] == b"RIFX" else "<"
    long_size: int | None = None
    while len(chunk := file.read(8)) == 8:
        name = chunk[:4]
        (size,) = struct.unpack(order + "I", chunk[4:])
        if name == b"ds64":
            body = file.read(size)
            if len(body) >= 16:
                (long_size,) = struct.unpack("<Q", body[8:16])
            continue
        if name == b"data":
            if header[:4] == b"RF64" and size == 0xFFFFFFFF and long_size is not None:
                size = long_size
            return file.tell(), size
        file.seek(size + size % 2, 1)
    return None
