"""Panels are whole or absent, never cut and never on top of each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.layout import ORDER, Rect, arrange

LEAST_WIDTH, LEAST_HEIGHT = 22, 4


@given(st.integers(1, 300), st.integers(1, 100), st.sampled_from(ORDER), st.booleans())
def test_panels_tile_the_desk(width: int, height: int, focus: str, zoomed: bool) -> None:
    places = arrange(width, height, focus, zoomed)
    assert focus in places
    covered = [0] * (width * height)
    for rect in places.values():
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.x + rect.width <= width
        assert rect.y + rect.height <= height
        for y in range(rect.y, rect.y + rect.height):
            for x in range(rect.x, rect.x + rect.width):
                covered[y * width + x] += 1
    assert set(covered) == {1}


@given(st.integers(64, 300), st.integers(14, 100), st.sampled_from(ORDER))
def test_no_panel_is_too_small_to_read(width: int, height: int, focus: str) -> None:
    for rect in arrange(width, height, focus).values():
        assert rect.width >= LEAST_WIDTH
        assert rect.height >= LEAST_HEIGHT


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((80, 21), {"book", "chart", "positions", "sleeves"}),
        ((120, 37), {"book", "chart", "tape", "positions", "sleeves", "orders", "events"}),
        ((200, 57), set(ORDER)),
        ((40, 10), {"book"}),
    ],
)
def test_breakpoints(size: tuple[int, int], shown: set[str]) -> None:
    assert set(arrange(*size)) == shown


def test_a_hidden_panel_appears_when_it_gets_the_focus() -> None:
    assert "orders" not in arrange(80, 21)
    assert "orders" in arrange(80, 21, "orders")
    assert set(arrange(80, 21, "events", zoomed=True)) == {"events"}
    assert arrange(80, 21, "events", zoomed=True)["events"] == Rect(0, 0, 80, 21)


def test_an_unknown_focus_is_the_book() -> None:
    assert "book" in arrange(30, 8, "nothing")
