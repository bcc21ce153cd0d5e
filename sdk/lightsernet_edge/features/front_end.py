"""`FrontEnd`: the constants of a `FeatureSpec`, and the computation of features."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .filterbank import binned_filterbank, continuous_filterbank, dct_matrix
from .spec import FeatureSpec
from .standardization import Standardization

Samples = NDArray[np.float64]
Features = NDArray[np.float64]

# Number of frames computed at a time: they fit into the cache.
_BLOCK_FRAMES = 64
# Number of bands multiplied at a time, see _filterbank_blocks.
_BLOCK_BANDS = 16
# In units of full scale. Float audio may clip, but larger values are not audio, and their
# powers would overflow.
MAX_SAMPLE = 1e6
_INT16_FULL_SCALE = 32768.0


class FrontEnd:
    """Computes the features that a spec defines, in float64.

    Parameters
    ----------
    spec : FeatureSpec
        Definition of the front end.

    Attributes
    ----------
    spec : FeatureSpec
    window : ndarray of float64, shape (frame_length,)
        Periodic Hann window times `sample_scale`.
    filterbank : ndarray of float64, shape (fft_length // 2 + 1, n_mels)
    dct : ndarray of float64, shape (n_mels, n_coefficients)
        Only if the spec's output is ``mfcc``.
    level_decay : float
        Factor by which the running peak decays from frame to frame.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        phase = 2.0 * np.pi * np.arange(spec.frame_length) / spec.frame_length
        self.window = (0.5 - 0.5 * np.cos(phase)) * spec.sample_scale
        build = binned_filterbank if spec.filterbank == "binned" else continuous_filterbank
        self.filterbank = build(
            spec.n_mels, spec.fft_length, spec.sample_rate, spec.low_hz, spec.high_hz
        )
        self._blocks = _filterbank_blocks(self.filterbank)
        self.level_decay = math.exp(-spec.hop_length / (spec.sample_rate * spec.level_release_s))
        if spec.output == "mfcc":
            self.dct = dct_matrix(
                spec.n_mels,
                spec.first_coefficient,
                spec.n_coefficients,
                spec.dct == "orthonormal",
            )

    def features(self, samples: ArrayLike) -> Features:
        """Compute the features of a whole clip.

        Parameters
        ----------
        samples : array_like, shape (n,)
            Mono, at the spec's sample rate; int16, or float in -1..1.

        Returns
        -------
        ndarray of float64, shape (n_frames, n_coefficients)
            Without ``clip_seconds``, n_frames is 1 + (n - frame_length) // hop_length,
            or 0 for fewer than frame_length samples.

        Raises
        ------
        InputError
            If `samples` is not one-dimensional, of another type, or not finite.
        """
        clip = self._fit_clip(as_samples(samples))
        return self.standardize(self._rows(clip, self.spec.level_floor)[0])

    def stream(self) -> FeatureStream:
        """Return a stream that computes the same features while the audio arrives.

        Raises
        ------
        InputError
            If the spec is not causal.
        """
        return FeatureStream(self)

    def _fit_clip(self, samples: Samples) -> Samples:
        """Crop, level and pad, in the order of the original code."""
        length = self.spec.clip_samples
        if length and samples.size > length:
            start = (samples.size - length) // 2
            samples = samples[start : start + length]
        if self.spec.level == "percentile" and samples.size:
            peak = np.percentile(np.abs(samples), self.spec.level_percentile)
            samples = np.clip(samples / (peak + np.finfo(np.float64).eps), -1.0, 1.0)
        if length and samples.size < length:
            before = (length - samples.size) // 2
            samples = np.pad(samples, (before, length - samples.size - before))
        return samples

    def _rows(self, samples: Samples, level: float) -> tuple[Features, float]:
        """Compute steps 3 to 8 of all frames; return them and the running peak after the last."""
        spec = self.spec
        count = spec.n_frames(samples.size)
        out = np.empty((count, spec.n_coefficients))
        if not count:
            return out, level
        if count == 1:
            # The usual case of a stream, where each sliding_window_view would leak some bytes.
            frames = samples[None, : spec.frame_length]
        else:
            frames = np.lib.stride_tricks.sliding_window_view(samples, spec.frame_length)
            frames = frames[:: spec.hop_length]
        for start in range(0, count, _BLOCK_FRAMES):
            block = slice(start, min(start + _BLOCK_FRAMES, count))
            out[block], level = self._block(frames[block], level)
        return out, level

    def _block(self, frames: Samples, level: float) -> tuple[Features, float]:
        spec = self.spec
        bins = np.fft.rfft(frames * self.window, spec.fft_length)
        power = bins.real**2 + bins.imag**2
        rows = power / spec.fft_length if spec.spectrum == "power" else np.sqrt(power)
        if spec.output != "spectrogram":
            rows = np.concatenate([rows[:, used] @ part for used, part in self._blocks], axis=1)
            if spec.level == "running-peak":
                levels = np.empty(len(rows))
                for t, energy in enumerate(rows.mean(axis=1).tolist()):
                    level = levels[t] = max(energy, level * self.level_decay, spec.level_floor)
                rows /= levels[:, None]
            if spec.log == "add":
                rows += spec.log_floor
            else:
                rows[rows == 0.0] = spec.log_floor
            np.log(rows, out=rows)
        if spec.output == "mfcc":
            rows = rows @ self.dct
        return rows, level

    def standardize(self, rows: Features) -> Features:
        """Apply steps 9 to 11 of the spec: running mean, standardisation and bound.

        Parameters
        ----------
        rows : ndarray of float64, shape (n, n_coefficients)
            After step 8, for example from a spec `without_standardisation`: all of an
            utterance, from its first row on.

        Returns
        -------
        ndarray of float64, shape (n, n_coefficients)
        """
        return Standardization(self.spec)(rows)


def _filterbank_blocks(filterbank: Features) -> list[tuple[slice, Features]]:
    """Cut a filterbank into groups of neighbouring bands, each with the bins that it uses.

    A band is a triangle over few bins, so this avoids most multiplications by zero.
    """
    blocks = []
    for start in range(0, filterbank.shape[1], _BLOCK_BANDS):
        bands = filterbank[:, start : start + _BLOCK_BANDS]
        used = np.flatnonzero(bands.any(axis=1))
        first, last = (int(used[0]), int(used[-1])) if used.size else (0, 0)
        bins = slice(first, last + 1)
        blocks.append((bins, np.ascontiguousarray(bands[bins])))
    return blocks


class FeatureStream:
    """Computes the features of a causal front end while the audio arrives.

    However the samples are split, the rows equal those of `FrontEnd.features` on the
    whole clip, within float64 rounding.

    Parameters
    ----------
    front_end : FrontEnd
        Of a causal spec.

    Raises
    ------
    InputError
        If the spec is not causal.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        spec = front_end.spec
        if not spec.is_causal:
            why = (
                f"its level rule {spec.level!r} needs the whole clip"
                if spec.level == "percentile"
                else f"it crops or pads every clip to {spec.clip_seconds} s"
            )
            raise InputError(
                f"features: recipe {spec.name!r} cannot stream: {why}; use a causal recipe "
                "such as 'edge'"
            )
        self._front_end = front_end
        self._standardization = Standardization(spec)
        self.reset()

    def reset(self) -> None:
        """Forget all audio: return to the state of a new stream."""
        self._pending: Samples = np.empty(0)
        self._level = self._front_end.spec.level_floor
        self._standardization.reset()

    def push(self, samples: ArrayLike) -> Features:
        """Take in samples and return the rows of the frames that they complete.

        Parameters
        ----------
        samples : array_like, shape (n,)
            Mono; int16, or float in -1..1; any length.

        Returns
        -------
        ndarray of float64, shape (n_new_frames, n_coefficients)

        Raises
        ------
        InputError
            If `samples` is not one-dimensional, of another type, or not finite.
        """
        spec = self._front_end.spec
        audio = np.concatenate([self._pending, as_samples(samples)])
        rows, self._level = self._front_end._rows(audio, self._level)
        self._pending = audio[len(rows) * spec.hop_length :]
        return self._standardization(rows)


def as_samples(samples: ArrayLike) -> Samples:
    """Convert int16 or float samples to float64 in units of full scale.

    Parameters
    ----------
    samples : array_like, shape (n,)
        int16, or float up to `MAX_SAMPLE`.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If `samples` is not one-dimensional, has another type, or is not finite.
    """
    array = np.asarray(samples)
    if array.ndim != 1:
        raise InputError(f"samples: found shape {array.shape}, expected one dimension (mono)")
    if array.dtype == np.int16:
        return array / _INT16_FULL_SCALE
    if array.dtype.kind == "f":
        array = array.astype(np.float64, copy=False)
        if not np.isfinite(array).all():
            raise InputError("samples: found NaN or Inf, expected finite values in -1..1")
        if array.size and np.abs(array).max() > MAX_SAMPLE:
            raise InputError(f"samples: found values beyond {MAX_SAMPLE:g}, expected -1..1")
        return array
    if array.size == 0:
        return np.empty(0)
    raise InputError(f"samples: found {array.dtype}, expected int16 or float")
