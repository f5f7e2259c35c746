"""A person's own arrangement: whatever is done to it, no panel is lost, doubled, cut or covered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.errors import ConfigError
from cockpit.tui import grid
from cockpit.tui.grid import Grid
from cockpit.tui.layout import LEAST, LEAST_HEIGHT, LEAST_WIDTH, PAGES, arrange, grid_of, placed
from cockpit.tui.layouts import KNOWN

MOVES: dict[str, Callable[[Grid, str], Grid]] = {
    "left": lambda now, panel: grid.beside(now, panel, -1),
    "right": lambda now, panel: grid.beside(now, panel, 1),
    "up": lambda now, panel: grid.above(now, panel, -1),
    "down": lambda now, panel: grid.above(now, panel, 1),
    "stack": grid.stacked,
    "wider": lambda now, panel: grid.wider(now, panel, 1),
    "narrower": lambda now, panel: grid.wider(now, panel, -1),
    "taller": lambda now, panel: grid.taller(now, panel, 1),
    "shorter": lambda now, panel: grid.taller(now, panel, -1),
}
LISTED = [page for page in PAGES if page.rows]
MOVED = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 8)), max_size=25)


def moved(now: Grid, steps: list[tuple[str, int]]) -> Grid:
    for name, number in steps:
        panels = sorted(now.panels)
        now = MOVES[name](now, panels[number % len(panels)])
    return now


@given(st.sampled_from(LISTED), MOVED)
def test_moving_loses_and_doubles_nothing(page: object, steps: list[tuple[str, int]]) -> None:
    begun = grid.from_rows(page.rows)  # type: ignore[attr-defined]
    found = moved(begun, steps)
    assert sorted(found.panels) == sorted(begun.panels)
    assert grid.read(grid.written(found), KNOWN) == found, "what is written is read as the same"


@settings(max_examples=60)
@given(st.sampled_from(LISTED), MOVED, st.integers(64, 220), st.integers(14, 70), st.integers(0, 8))
def test_it_tiles_every_terminal_and_shows_the_focused_panel(
    page: object, steps: list[tuple[str, int]], width: int, height: int, focus: int
) -> None:
    now = moved(grid.from_rows(page.rows), steps)  # type: ignore[attr-defined]
    panel = now.panels[focus % len(now.panels)]
    places = placed(now, width, height, panel)
    assert panel in places
    assert sum(rect.width * rect.height for rect in places.values()) == width * height
    rects = list(places.values())
    for i, one in enumerate(rects):
        assert one.x >= 0 and one.y >= 0  # noqa: PT018
        assert one.x + one.width <= width and one.y + one.height <= height  # noqa: PT018
        for other in rects[i + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    for name, rect in places.items():
        assert rect.width >= LEAST.get(name, LEAST_WIDTH)
        assert rect.height >= LEAST_HEIGHT


@pytest.mark.parametrize("size", [(80, 20), (120, 36), (200, 56)])
def test_the_desk_as_it_stands_becomes_a_grid_that_draws_it_so(size: tuple[int, int]) -> None:
    stands = arrange(*size)
    bands = grid_of(stands)
    assert set(Grid(bands).panels) == set(stands)
    again = placed(Grid(bands), *size, "book")
    assert set(again) == set(stands)
    for name, rect in stands.items():
        assert again[name].height == rect.height, name
        assert abs(again[name].width - rect.width) <= LEAST_WIDTH - LEAST["tape"], name


def test_a_panel_walks_as_a_word_in_a_text() -> None:
    now = grid.read(("1 = 1 book | 1 chart", "1 = 1 positions | 1 orders"), KNOWN)
    assert grid.written(grid.beside(now, "chart", -1))[0] == "1 = 1 chart | 1 book"
    assert grid.beside(now, "positions", -1).panels == ("book", "chart", "positions", "orders")
    assert grid.written(grid.above(now, "chart", 1))[1] == "1 = 1 chart"
    assert grid.written(grid.stacked(now, "chart"))[0] == "1 = 2 book 1, chart 1"
    alone = grid.read(("3 = 1 book", "2 = 1 chart"), KNOWN)
    assert grid.above(alone, "chart", -1).panels == ("chart", "book")
    assert grid.above(alone, "book", -1) == alone
    assert grid.beside(alone, "book", -1) == alone


def test_hidden_and_added() -> None:
    now = grid.read(("1 = 1 book | 1 chart", "+ orders"), KNOWN)
    assert grid.hidden(now, "book").panels == ("chart",)
    assert grid.hidden(grid.hidden(now, "book"), "chart").panels == ("chart",), "the last one stays"
    assert grid.hidden(now, "orders").waiting == ()
    more = grid.added(now, "orders")
    assert (more.panels, more.waiting) == (("book", "chart", "orders"), ())
    assert "orders" in placed(now, 120, 40, "orders"), "with the focus it takes the last one's place"
    assert "chart" not in placed(now, 120, 40, "orders")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "1 to 40 lines"),
        (("+ book",), "no panel has a place"),
        (("1 = 1 bok",), "did you mean 'book'"),
        (("1 = 1 book", "1 = 1 book"), "twice"),
        (("1 = 1 book", "+ book"), "twice"),
        (("book",), "a line is like"),
        (("1 = book",), "begins with no width"),
        (("1 = 1 book 0",), "whole number from 1"),
        (("0 = 1 book",), "whole number from 1"),
        (("1 = 1 book, ",), "no panel with its height"),
        (("1 = 1 book | ",), "begins with no width"),
    ],
)
def test_what_cannot_be_read_is_named(lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        grid.read(lines, KNOWN)
