"""Recordings: read, checked, mixed down to mono and resampled."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, AudioWarning, InputError
from ..features.front_end import MAX_SAMPLE
from .decoding import MIN_SAMPLE_RATE, Decoder, open_recording
from .resampling import Resampler

# In hertz: what a C int holds.
_MAX_SAMPLE_RATE = 2**31 - 1
# How far a part may reach beyond the end of the file: times are often rounded.
_ROUNDING_S = 0.01
# Energy of the sum of channels, of their energies' sum: two channels alike in level that correlate
# by less than -0.95 cancel one another.
_CANCELLED = 0.05


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
    """Read a recording (WAV, FLAC, OGG, Opus, MP3, AIFF, AU, CAF) as mono at `sample_rate`.

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
        If its channels cancel one another.
    """
    path = Path(path)
    with open_recording(path) as decoder:
        samples = _read_part(decoder, start_s, end_s, sample_rate)
        warn_of_low_rate(path, decoder.samplerate, sample_rate)
    return Recording(samples, sample_rate)


class Mixdown:
    """Averages the channels of a recording, and notices where they cancel one another.

    Parameters
    ----------
    name : str or Path
        Of the recording, for messages.
    """

    def __init__(self, name: str | Path) -> None:
        self._name = name
        # Of all channels, and of their sum: channels that have nothing in common give the same.
        self._energy = self._energy_of_sum = 0.0

    def mix(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Check the next frames, shape (n, channels), and return them as mono, shape (n,).

        Raises
        ------
        AudioError
            If samples are not finite, or lie far beyond full scale.
        """
        refuse_unusable(frames, self._name)
        mono = np.asarray(frames.mean(axis=1))
        channels = frames.shape[1]
        if channels > 1:
            self._energy += float(np.vdot(frames, frames))
            self._energy_of_sum += channels**2 * float(np.vdot(mono, mono))
        return mono

    def warn(self) -> None:
        """Warn, once all is mixed, if the channels have cancelled one another."""
        if self._energy_of_sum < _CANCELLED * self._energy:
            warnings.warn(
                f"{self._name}: its channels cancel one another: one is the other turned upside "
                "down, and next to nothing is left in mono; expected channels that add up, or one "
                "of them alone",
                AudioWarning,
                stacklevel=3,
            )


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
        or not MIN_SAMPLE_RATE <= sample_rate <= _MAX_SAMPLE_RATE
    ):
        raise InputError(
            f"sample_rate: found {sample_rate!r}, expected a whole number of hertz, at least "
            f"{MIN_SAMPLE_RATE}"
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


def as_pcm16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Convert samples in units of full scale to int16: round, then saturate."""
    return np.clip(np.rint(samples * 32768.0), -32768.0, 32767.0).astype(np.int16)


def _read_part(
    decoder: Decoder, start_s: float | None, end_s: float | None, to_rate: int
) -> NDArray[np.float64]:
    """Return the part as mono samples at `to_rate`, shape (n,)."""
    rate = decoder.samplerate
    start, stop = 0, None
    if start_s is not None or end_s is not None:
        start, stop = _bounds(decoder, start_s, end_s)
    resampler, mixdown = Resampler(rate, to_rate), Mixdown(decoder.path)
    pieces = [resampler.push(mixdown.mix(block)) for block in decoder.blocks(start, stop)]
    refuse_empty(len(pieces), decoder.path)
    mixdown.warn()
    samples = np.concatenate([*pieces, resampler.finish()])
    # Some samples at a rate that is far higher may be none.
    refuse_empty(samples.size, decoder.path)
    return samples


def _bounds(decoder: Decoder, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """Return the frames at which a part begins and ends, after a check that it is there."""
    rate, frames = decoder.samplerate, decoder.frames
    if frames is None:
        frames = sum(len(block) for block in decoder.blocks())
    start = 0 if start_s is None else round(start_s * rate)
    stop = frames if end_s is None else round(end_s * rate)
    if stop <= frames + _ROUNDING_S * rate:
        stop = min(stop, frames)
    if not 0 <= start < max(stop, 1) or stop > frames:
        raise AudioError(
            f"{decoder.path}: lasts {frames / rate:.3f} s, expected the part from "
            f"{start_s} to {end_s} s to lie in it"
        )
    return start, stop
