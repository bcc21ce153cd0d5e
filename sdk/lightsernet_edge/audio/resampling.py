"""Samples brought to another rate, whole or in blocks: the result is the same to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MissingDependencyError


class Resampler:
    """Resamples a stream of blocks with soxr's high-quality setting.

    Parameters
    ----------
    rate, to_rate : int
        Of the samples and of the result, in hertz.

    Raises
    ------
    MissingDependencyError
        If soxr is needed and not installed.
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        self._stream = None
        if rate != to_rate:
            self._stream = load_soxr(rate, to_rate).ResampleStream(
                rate, to_rate, 1, dtype="float64", quality="HQ"
            )

    def push(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take in samples, shape (n,), and return those that are done, shape (m,)."""
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples), dtype=np.float64)

    def finish(self) -> NDArray[np.float64]:
        """End the stream and return the rest of the samples, shape (m,)."""
        nothing = np.empty(0)
        if self._stream is None:
            return nothing
        return np.asarray(self._stream.resample_chunk(nothing, last=True), dtype=np.float64)


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
