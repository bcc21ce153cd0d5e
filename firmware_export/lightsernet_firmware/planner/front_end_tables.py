"""The constants of a front end, as the C engine reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import ModelError
from lightsernet_edge.features import FeatureSpec, FrontEnd
from lightsernet_edge.features.standardization import utterance_memory_rows, utterance_prior_rows

from .network_plan import round_up

_INT16_FULL_SCALE = 32768.0
# Smallest and largest transform that the engine computes.
_MIN_FFT, MAX_FFT = 16, 4096

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FrontEndTables:
    """Constants of the C front end.

    Attributes
    ----------
    spec : FeatureSpec
    window : ndarray of float32, shape (frame_length,)
        Scaled for int16 samples, and halved: the split of the spectrum adds two halves.
    twiddles : ndarray of float32, shape (14, fft_length // 16)
        Cosine and negative sine of 2 pi k / (fft_length / 2), then of twice
        to seven times that: the factors of a complex transform's radix-8
        passes.
    split : ndarray of float32, shape (2, fft_length // 4)
        Cosine and negative sine of 2 pi k / fft_length: they split the
        complex transform into the bins of the real transform.
    bands : ndarray of uint32, shape (n_mels, 2)
        First bin and number of bins of each band, a multiple of
        `network_plan.GROUP`.
    band_weights : ndarray of float32, shape (n,)
        Weights of the bands, one band after another, each padded with zeros.
    dct : ndarray of float32, shape (n_mels, n_coefficients), or None
        None where the coefficients are the log-mel energies.
    mean, inverse_scale : ndarray of float32, shape (n_coefficients,)
        0 and 1 where the front end does not standardise.
    level_decay : float
        Factor of the running peak per hop, in 0..1.
    utterance_prior_rows : float
        Rows that the mean counts for in the running mean of an utterance; 0 without one.
    utterance_memory_rows : int
        Rows that count for it at most.
    """

    spec: FeatureSpec
    window: Floats
    twiddles: Floats
    split: Floats
    bands: NDArray[np.uint32]
    band_weights: Floats
    dct: Floats | None
    mean: Floats
    inverse_scale: Floats
    level_decay: float
    utterance_prior_rows: float
    utterance_memory_rows: int

    @property
    def ignores_offset(self) -> bool:
        """Whether a constant added to the samples leaves the features as they are.

        Under a periodic Hann window as long as the transform, a constant reaches
        bins 0 and 1 alone.
        """
        used = self.bands[self.bands[:, 1] > 0, 0]
        return self.spec.frame_length == self.spec.fft_length and bool(np.all(used >= 2))

    @property
    def has_utterance_mean(self) -> bool:
        """Whether a running mean of the utterance is subtracted."""
        return self.utterance_prior_rows > 0.0

    @property
    def size(self) -> int:
        """Bytes of all tables."""
        tables = [self.window, self.twiddles, self.split, self.bands, self.band_weights]
        tables += [self.mean, self.inverse_scale]
        return sum(table.nbytes for table in tables) + (0 if self.dct is None else self.dct.nbytes)


def why_not_streamable(spec: FeatureSpec) -> str | None:
    """Return why the C front end cannot compute a spec, None if it can."""
    if not spec.is_causal:
        return (
            f"recipe {spec.name!r} needs the whole clip (level {spec.level}, "
            f"clip_seconds {spec.clip_seconds})"
        )
    if spec.output == "spectrogram":
        return f"recipe {spec.name!r} ends at the spectrogram, expected mfcc or log-mel"
    if spec.fft_length & (spec.fft_length - 1) or not _MIN_FFT <= spec.fft_length <= MAX_FFT:
        return (
            f"recipe {spec.name!r} has fft_length {spec.fft_length}, expected a power of two in "
            f"{_MIN_FFT}..{MAX_FFT}"
        )
    if max(spec.n_mels, spec.n_coefficients) > spec.fft_length:
        return f"recipe {spec.name!r} has more bands than its fft_length {spec.fft_length}"
    return None


def front_end_tables(spec: FeatureSpec) -> FrontEndTables:
    """Turn a spec into the constants of the C front end.

    Raises
    ------
    ModelError
        If the C front end cannot compute it.
    """
    reason = why_not_streamable(spec)
    if reason is not None:
        raise ModelError(f"features: {reason}")
    front_end = FrontEnd(spec)
    bands, weights = [], []
    for band in front_end.filterbank.T:
        used = np.flatnonzero(band)
        first, end = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
        count = round_up(end - first)
        bands.append((first, count))
        weights.append(np.pad(band[first:end], (0, count - (end - first))))
    n_fft = spec.fft_length
    turn = np.arange(n_fft // 16) / (n_fft // 2)
    powers = [part for power in range(1, 8) for part in _cosine_and_negative_sine(power * turn)]
    split = _cosine_and_negative_sine(np.arange(n_fft // 4) / n_fft)
    mean = np.zeros(spec.n_coefficients) if spec.mean is None else np.array(spec.mean)
    scale = np.ones(spec.n_coefficients) if spec.scale is None else np.array(spec.scale)
    return FrontEndTables(
        spec=spec,
        window=(0.5 * front_end.window / _INT16_FULL_SCALE).astype(np.float32),
        twiddles=np.array(powers, np.float32),
        split=np.array(split, np.float32),
        bands=np.array(bands, np.uint32),
        band_weights=np.concatenate(weights).astype(np.float32),
        dct=front_end.dct.astype(np.float32) if spec.output == "mfcc" else None,
        mean=mean.astype(np.float32),
        inverse_scale=(1.0 / scale).astype(np.float32),
        level_decay=front_end.level_decay,
        utterance_prior_rows=utterance_prior_rows(spec),
        utterance_memory_rows=utterance_memory_rows(spec),
    )


def _cosine_and_negative_sine(turns: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    return np.cos(2.0 * np.pi * turns), -np.sin(2.0 * np.pi * turns)
