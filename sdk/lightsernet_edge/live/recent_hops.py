"""`RecentHops`: the last hops of a stream, until it is known which of them are speech."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


class RecentHops:
    """A ring buffer of the last hops, from which an utterance takes those that are speech.

    Endpointing knows only some time after the audio arrived that an utterance has begun, or
    that it goes on.

    Parameters
    ----------
    count : int
        Number of hops that are kept.
    hop_length : int
        In samples.
    """

    def __init__(self, count: int, hop_length: int) -> None:
        self._ring = np.zeros((count, hop_length), np.int16)
        self._next = 0

    def reset(self) -> None:
        """Start over at hop 0."""
        self._next = 0

    def keep(self, index: int, hop: NDArray[np.int16]) -> None:
        """Keep a hop in place of the oldest one.

        Parameters
        ----------
        index : int
            Of the hop in the stream.
        hop : ndarray of int16, shape (hop_length,)
        """
        self._ring[index % len(self._ring)] = hop

    def begin(self, start: int) -> None:
        """Begin a new utterance: the next `take` starts with hop `start`."""
        self._next = start

    def take(self, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the hops before hop `end` that have not been taken yet, shape (hop_length,)."""
        for index in range(self._next, end):
            yield self._ring[index % len(self._ring)]
        self._next = end
