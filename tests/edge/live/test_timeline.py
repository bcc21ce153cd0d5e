"""Where samples were lost, whatever happened to those around."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge.live.timeline import MAX_GAPS, Timeline


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 5000)), max_size=12),
    st.integers(0, 320),
    st.integers(0, 320),
)
def test_sums_over_the_gaps(gaps: list[tuple[int, int]], first: int, second: int) -> None:
    """Gaps count where they were noted; one further back takes later ones along."""
    timeline = Timeline()
    for index, lost in gaps:
        timeline.add(index, lost)
    places = [min(index for index, _ in gaps[i:]) for i in range(len(gaps))]
    start, end = sorted((first, second))
    expected = sum(lost for place, (_, lost) in zip(places, gaps, strict=True) if place <= end)
    assert timeline.lost_before(end) == expected
    assert timeline.is_broken(start, end) == any(start <= place <= end for place in places)


def test_one_gap_in_many_reports() -> None:
    """As of packets that are lost one after another: nothing is lost before them."""
    timeline = Timeline()
    timeline.add(500, 7)
    for _ in range(3 * MAX_GAPS):
        timeline.add(1000, 320)
    assert timeline.lost_before(499) == 0
    assert timeline.lost_before(999) == 7
    assert timeline.lost_before(1000) == 7 + 320 * 3 * MAX_GAPS
    assert timeline.is_broken(400, 600)
