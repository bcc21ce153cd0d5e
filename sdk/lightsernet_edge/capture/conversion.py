"""Converts audio of any rate and number of channels to mono int16, block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio.recording import as_pcm16
from ..audio.resampling import Resampler

_FULL_SCALE = 32768.0
_INT16_BOUNDS = (-32768, 32767)


class StreamConverter:
    """Averages channels and resamples; the result does not depend on the size of the blocks.

    Mono int16 at the same rate passes unchanged, bit for bit.

    Parameters
    ----------
    rate : int
        Of the input, in hertz.
    to_rate : int
        Of the output, in hertz.

    Raises
    ------
    MissingDependencyError
        If soxr is needed and not installed.
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        self._is_at_rate = rate == to_rate
        self._resampler = Resampler(rate, to_rate)

    def convert(
        self, samples: NDArray[np.int16] | NDArray[np.float64], last: bool = False
    ) -> NDArray[np.int16]:
        """Convert the next samples.

        Parameters
        ----------
        samples : ndarray of int16 or float64, shape (n, channels)
            Float is in units of full scale.
        last : bool
            Whether the audio ends here: the resampler then returns what it still holds.

        Returns
        -------
        ndarray of int16, shape (m,)
            Rounded; saturated where float samples or the resampler exceed full scale.
        """
        if samples.dtype == np.int16:
            if self._is_at_rate and samples.shape[1] == 1:
                return np.ascontiguousarray(samples[:, 0], dtype=np.int16)
            mono = samples.mean(axis=1, dtype=np.float64) / _FULL_SCALE
        else:
            mono = samples.mean(axis=1)
        mono = self._resampler.push(mono)
        if last:
            mono = np.concatenate([mono, self._resampler.finish()])
        return as_pcm16(mono)

    @staticmethod
    def clipped_share(samples: NDArray[np.int16] | NDArray[np.float64]) -> float:
        """Return the share of instants at which any channel is at full scale.

        Averaging with a quiet channel would hide a clipped one.

        Parameters
        ----------
        samples : ndarray of int16 or float64, shape (n, channels)
            As for `convert`.

        Returns
        -------
        float
            In 0..1; 0 if there are no samples.
        """
        if not len(samples):
            return 0.0
        unit = 1.0 if samples.dtype == np.int16 else _FULL_SCALE
        least, most = (bound / unit for bound in _INT16_BOUNDS)
        return float(((samples <= least) | (samples >= most)).any(axis=1).mean())
