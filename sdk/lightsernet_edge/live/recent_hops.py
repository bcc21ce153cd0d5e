"""`RecentHops`: the last hops of a stream, for what is known of them only later."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


class RecentHops:
    """A ring of the last hops, and which of them an utterance still needs.

    An utterance is known to have begun, or to go on, some time after the audio arrived.

    Parameters
    ----------
    count : int
        How many hops are kept.
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
        """Keep hop number `index` of the stream, shape (hop_length,), in place of the oldest."""
        self._ring[index % len(self._ring)] = hop

    def begin(self, start: int) -> None:
        """Let the next `take` begin at hop `start`: that of a new utterance."""
        self._next = start

    def take(self, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the hops before `end` that have not been taken yet."""
        for index in range(self._next, end):
            yield self._ring[index % len(self._ring)]
        self._next = end
