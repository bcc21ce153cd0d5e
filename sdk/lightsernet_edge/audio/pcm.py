"""Samples that enter a stream: checked, converted to int16, cut into hops."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .recording import as_pcm16

# The level that `rms_db` returns for digital silence.
SILENT_DB = -120.0
_FULL_SCALE = 32768.0


class HopCutter:
    """Cuts samples into whole hops, from chunks of any size.

    Parameters
    ----------
    hop_length : int
        In samples.

    Attributes
    ----------
    pending : int
        Number of samples that wait for the rest of their hop.
    """

    def __init__(self, hop_length: int) -> None:
        self._rest = np.zeros(hop_length, np.int16)
        self.reset()

    def reset(self) -> None:
        """Drop the pending samples."""
        self.pending = 0

    def push(self, samples: NDArray[np.int16]) -> list[NDArray[np.int16]]:
        """Take in samples and return the hops that they complete.

        Parameters
        ----------
        samples : ndarray of int16, shape (n,)

        Returns
        -------
        list of ndarray of int16, shape (m, hop_length)
            At most two blocks; a block may be a view of `samples`.
        """
        hop, blocks = self._rest.size, []
        if self.pending:
            room = hop - self.pending
            head, samples = samples[:room], samples[room:]
            self._rest[self.pending : self.pending + head.size] = head
            self.pending += head.size
            if self.pending < hop:
                return []
            blocks.append(self._rest[None].copy())
            self.pending = 0
        whole = samples.size // hop * hop
        if whole:
            blocks.append(samples[:whole].reshape(-1, hop))
        self.pending = samples.size - whole
        self._rest[: self.pending] = samples[whole:]
        return blocks


def as_int16(pcm: ArrayLike) -> NDArray[np.int16]:
    """Convert samples to int16.

    Parameters
    ----------
    pcm : array_like, shape (n,)
        int16, or float in -1..1; float is multiplied by 32768, rounded and saturated.

    Returns
    -------
    ndarray of int16, shape (n,)
        `pcm` itself if it is int16.

    Raises
    ------
    InputError
        If the samples have another shape or type, are not finite, or lie outside -1..1.
    """
    array = np.asarray(pcm)
    if array.ndim != 1:
        raise InputError(f"samples: found shape {array.shape}, expected one dimension (mono)")
    if array.dtype == np.int16:
        return array
    if array.dtype.kind != "f":
        if array.size == 0:
            return np.empty(0, np.int16)
        raise InputError(f"samples: found {array.dtype}, expected int16 or float32")
    if not np.isfinite(array).all():
        raise InputError("samples: found NaN or Inf, expected finite values in -1..1")
    if array.size and np.abs(array).max() > 1.0:
        raise InputError(f"samples: found {float(np.abs(array).max()):g}, expected values in -1..1")
    return as_pcm16(array.astype(np.float64))


def rms_db(samples: NDArray[np.int16]) -> float:
    """Return the RMS of samples, shape (n,), in dB of full scale; at least `SILENT_DB`."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) / _FULL_SCALE**2
    return max(SILENT_DB, 10.0 * float(np.log10(power))) if power > 0 else SILENT_DB
