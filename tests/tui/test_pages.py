"""The screens on the digit keys: each has real content, keeps its focus, and fits every size."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.registry import PANELS, STOPS
from cockpit.text import known
from cockpit.tui.layout import LEAST_HEIGHT, LEAST_WIDTH, PAGES, arrange
from cockpit.tui.panels import ladder, load
from cockpit.tui.picture import Look
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play


def test_every_page_has_a_key_a_name_and_panels_that_exist() -> None:
    load()
    assert len({page.key for page in PAGES}) == len(PAGES)
    for page in PAGES:
        assert known(f"page.{page.name}")
        assert known(f"page.{page.name}.short")
        assert set(page.panels) <= set(PANELS), page.name


@given(st.integers(1, 300), st.integers(1, 100), st.sampled_from(PAGES), st.data(), st.booleans())
def test_panels_of_a_page_never_overlap_and_the_focus_is_shown(
    width: int, height: int, page: object, data: st.DataObject, zoomed: bool
) -> None:
    assert hasattr(page, "panels")
    focus = data.draw(st.sampled_from(page.panels))
    places = arrange(width, height, focus, zoomed, page.name)
    assert focus in places
    taken: set[tuple[int, int]] = set()
    for rect in places.values():
        assert rect.x + rect.width <= width
        assert rect.y + rect.height <= height
        cells = {
            (x, y) for x in (rect.x, rect.x + rect.width - 1) for y in (rect.y, rect.y + rect.height - 1)
        }
        assert not taken & cells
        taken |= cells
        if len(places) > 1 and page.rows:
            assert rect.height >= LEAST_HEIGHT
            assert rect.width >= min(LEAST_WIDTH, width)
    assert sum(r.width * r.height for r in places.values()) == width * height


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_a_digit_shows_its_page_with_content(cockpit: Opened, page: object, size: tuple[int, int]) -> None:
    async def story(screen: Cockpit) -> None:
        assert hasattr(page, "key")
        await screen.pilot.press(page.key)
        await screen.show()
        desk = screen.app.desk
        assert desk.desk.page is page
        assert desk.desk.focused_panel in page.panels
        for name in desk.desk.places:
            view = desk.views[name]
            words = "".join(view.row_text(y) for y in range(1, view.size.height - 1))
            assert "broke" not in words, name
            assert any(character.isalnum() for character in words), name

    play(cockpit, story, size=size)


def test_each_page_remembers_where_the_focus_was(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.pilot.press("2", "tab", "tab")
        await screen.show()
        there = screen.app.desk.desk.focused_panel
        assert there == "orders"
        await screen.pilot.press("5", "2")
        await screen.show()
        assert screen.app.desk.desk.focused_panel == there
        await screen.pilot.press("1")
        await screen.show()
        assert screen.app.desk.desk.focused_panel == "book"

    play(cockpit, story)


def test_the_heat_map_changes_its_unit(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.pilot.press("5")
        await screen.show()
        before = screen.panel("heatmap")
        await screen.pilot.press("u")
        await screen.show()
        after = screen.panel("heatmap")
        assert before != after
        assert "bp" in before
        assert "USDT" in after

    play(cockpit, story)


def test_the_ladder_marks_the_first_to_fire_and_draws_the_axis() -> None:
    frame = made.frame(300)
    picture = ladder.paint(frame, Look(110, 20))
    text = ["".join(part for part, _ in row) for row in picture.rows]
    marked = [line for line in text if "›" in line]
    assert len(marked) == 2  # SOL's is missing: nothing can fire first there
    assert picture.alarm
    assert any("@" in line and "+" in line and "H" in line for line in text[-2:])
    assert ladder.axis(frame.positions[0], frame, Look(20, 5)) == ()


def test_every_stop_layer_has_a_word() -> None:
    package = importlib.import_module("cockpit.risk.stops")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"cockpit.risk.stops.{module.name}")
    assert [name for name in STOPS if not known(f"word.{name}")] == []
