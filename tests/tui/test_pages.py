"""The screens on the digit keys: each has real content, keeps its focus, and fits every size."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.frames import Answer
from cockpit.core.registry import PANELS, STOPS
from cockpit.text import known
from cockpit.tui import trades
from cockpit.tui.layout import LEAST_HEIGHT, LEAST_WIDTH, PAGES, arrange
from cockpit.tui.memory import recall
from cockpit.tui.panels import ladder, load
from cockpit.tui.picture import Look
from cockpit.tui.widgets import Painted
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


def test_the_heat_map_changes_its_unit_and_its_span(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.pilot.press("5")
        await screen.show()
        seen = []
        for key, words in (("u", "bp"), ("u", "USDT"), ("u", "R of closed"), ("d", "hours"), ("d", "days")):
            assert words in screen.panel("heatmap")
            seen.append(screen.panel("heatmap"))
            await screen.pilot.press(key)
            await screen.show()
        assert "weeks from Monday" in screen.panel("heatmap")
        assert "02-26" in screen.panel("heatmap")
        assert len({*seen}) == 4

    play(cockpit, story)


TRADE = {
    "symbol": made.BTC,
    "side": "long",
    "opened": made.T0 - 600_000,
    "closed": made.T0,
    "qty": "2.5",
    "entry": "64480.0",
    "exit": "64600.5",
    "net": "3.01",
    "fees": "0.4",
    "settle": "USDT",
    "r": 0.42,
    "why_in": "ema 12/48",
    "why_out": "stop",
}


def test_a_cell_opens_the_trades_that_were_closed_in_it(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.pilot.press("5", "j", "left", "enter")
        verb, args = screen.link.sent[-1]
        row = screen.app.look().sleeve
        hour = 3_600_000
        here = made.T0 // hour * hour
        assert verb == "trades"
        assert args == {"sleeve": row, "since": str(here - hour), "until": str(here)}
        screen.link.queue.append(
            Answer("c1", True, "answer.trades", {}, {"rows": [TRADE, TRADE | {"r": None}], "count": 2}, 1.0)
        )
        await screen.show()
        await screen.pilot.pause()
        view = screen.app.screen.query_one("#entries", Painted)
        words = "\n".join(view.row_text(y) for y in range(view.size.height))
        assert "64,600.5" in words
        assert "+0.42" in words
        assert "ema 12/48" in words
        await screen.pilot.press("j", "G", "g", "escape")
        assert screen.app.screen is screen.app.desk

    play(cockpit, story)


def test_the_card_follows_the_cursor_and_a_refusal_is_said(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.pilot.press("5", "tab", "j", "j", "j")
        await screen.show()
        card = screen.panel("card")
        assert "breakout@2" in card
        assert "loss_streak" in card
        assert "5 / 17" in card
        await screen.pilot.press("enter")
        assert screen.link.sent[-1] == (
            "trades",
            {"sleeve": f"breakout@2/{made.XRP}", "since": "0", "until": "0"},
        )
        screen.link.answer(False, "trades.unknown", sleeve="breakout@2")
        await screen.show()
        assert any("there is no strategy breakout@2" in toast for toast in screen.toasts)

    play(cockpit, story)


def test_trades_that_are_none_say_where_the_number_comes_from() -> None:
    head, body = trades.lines([], Look(80, 20), 80)
    assert body == []
    assert "open" in "".join(text for text, _ in head)


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


def test_a_zoom_is_remembered_for_terminals_of_that_size(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def zoomed(screen: Cockpit) -> None:
        await screen.press("2", "tab", "z")

    async def small(screen: Cockpit) -> None:
        assert set(screen.app.desk.desk.places) == {"ladder"}
        await screen.press("z")
        assert len(screen.app.desk.desk.places) > 1

    async def large(screen: Cockpit) -> None:
        assert len(screen.app.desk.desk.places) > 1

    play(cockpit, zoomed, size=(80, 24), memory_file=file)
    assert file.stat().st_mode & 0o077 == 0
    play(cockpit, large, size=(200, 60), memory_file=file)
    play(cockpit, small, size=(80, 24), memory_file=file)
    play(cockpit, large, size=(80, 24), memory_file=file)


def test_the_page_is_remembered_before_the_end(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def story(screen: Cockpit) -> None:
        await screen.press("4")
        assert recall(file).page == "risk"

    play(cockpit, story, memory_file=file)
