"""Where samples were lost: in C as in Python."""

from __future__ import annotations

import ctypes

from hypothesis import example, given
from hypothesis import strategies as st

from lightsernet_edge.live.timeline import MAX_GAPS, Timeline
from lightsernet_firmware.host.stream import library

INDEX = ctypes.c_uint64


class TimelineInC:
    """``lsn_timeline``."""

    def __init__(self) -> None:
        engine = library()
        self._add, self._is_broken = engine.lsn_timeline_add, engine.lsn_timeline_is_broken
        self._lost_before = engine.lsn_timeline_lost_before
        self._lost_before.restype = INDEX
        # The gaps, two numbers each, how many there are, and what was lost earlier.
        self._timeline = (ctypes.c_uint64 * (2 * MAX_GAPS + 2))()

    def add(self, index: int, lost: int) -> None:
        self._add(self._timeline, INDEX(index), INDEX(lost))

    def lost_before(self, index: int) -> int:
        return int(self._lost_before(self._timeline, INDEX(index)))

    def is_broken(self, start: int, end: int) -> bool:
        return bool(self._is_broken(self._timeline, INDEX(start), INDEX(end)))


# As of packets that are lost one after another: one gap, in more reports than are kept apart.
@example([(500, 7), *[(1000, 320)] * 3 * MAX_GAPS], 499, 999)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 5000)), max_size=3 * MAX_GAPS),
    st.integers(0, 320),
    st.integers(0, 320),
)
def test_any_gaps(gaps: list[tuple[int, int]], first: int, second: int) -> None:
    """More than are kept apart, too."""
    ours, theirs = TimelineInC(), Timeline()
    for index, lost in gaps:
        ours.add(index, lost)
        theirs.add(index, lost)
    start, end = sorted((first, second))
    assert ours.lost_before(start) == theirs.lost_before(start)
    assert ours.lost_before(end) == theirs.lost_before(end)
    assert ours.is_broken(start, end) == theirs.is_broken(start, end)
