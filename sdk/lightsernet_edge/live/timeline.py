"""`Timeline`: the time of a sample in a stream that has lost samples."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

# Older gaps are merged, to bound the memory; the C engine keeps as many.
MAX_GAPS = 16


class Timeline:
    """The gaps in a stream of samples: the index of the first sample after each, and its length."""

    def __init__(self) -> None:
        self._indices: list[int] = []
        # Number of samples lost up to and including each gap.
        self._lost: list[int] = []
        self._lost_earlier = 0

    def add(self, index: int, lost: int) -> None:
        """Note that `lost` samples are missing before the sample `index`.

        Indices count the samples that arrived. If samples after earlier gaps were dropped,
        `index` is lower than theirs: those gaps move back to it.
        """
        total = lost + (self._lost[-1] if self._lost else self._lost_earlier)
        self._indices = [min(earlier, index) for earlier in self._indices]
        if self._indices and self._indices[-1] == index:
            # One gap, of which the parts were reported one by one.
            self._lost[-1] = total
            return
        self._indices.append(index)
        self._lost.append(total)
        if len(self._indices) > MAX_GAPS:
            self._lost_earlier = self._lost[0]
            del self._indices[0], self._lost[0]

    def lost_before(self, index: int) -> int:
        """Return the number of samples that are missing before the sample `index`."""
        gaps = bisect_right(self._indices, index)
        return self._lost[gaps - 1] if gaps else self._lost_earlier

    def is_broken(self, start: int, end: int) -> bool:
        """Return whether a gap lies inside or at an edge of the samples `start` .. `end`.

        `end` is exclusive. An utterance that begins or ends at a gap may have been cut there.
        """
        first = bisect_left(self._indices, start)
        return bisect_right(self._indices, end) > first
