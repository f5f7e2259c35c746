"""The venue's clock minus ours: right whatever somebody does to ours between two measurements (I20)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.connectivity.offset import Offset


class Clocks:
    """Three clocks: the venue's, ours (which can be set), and one that only runs."""

    def __init__(self, apart: int) -> None:
        self.steady = 5_000.0
        self.venue = 1_700_000_000_000
        self.ours = self.venue - apart

    def run(self, ms: int) -> None:
        self.steady += ms
        self.venue += ms
        self.ours += ms


def test_it_is_nothing_before_the_first_measurement() -> None:
    assert Offset(lambda: 1.0).ms == 0


@given(
    st.integers(-90_000, 90_000),
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(-4_000_000, 4_000_000))),
)
def test_our_clock_plus_it_is_the_venues(apart: int, story: list[tuple[int, int]]) -> None:
    clocks = Clocks(apart)
    offset = Offset(lambda: clocks.steady)
    offset.measured(clocks.venue, clocks.steady, lambda: clocks.ours)
    for ms, set_by in story:
        clocks.run(ms)
        clocks.ours += set_by
        assert clocks.ours + offset.ms == clocks.venue
