"""Keys typed faster than the screen works: each belongs to what the ones before it have opened."""

from __future__ import annotations

from textual import events

from cockpit.tui.app import CockpitApp
from tests.tui.conftest import Cockpit, Opened, play


def typed(app: CockpitApp, *keys: str) -> None:
    """All in the queue before the first one is handled."""
    for key in keys:
        name, character = (key, key) if len(key) == 1 else (key, None)
        app.post_message(events.Key("comma" if key == "," else name, character))


def test_keys_right_after_the_mode_that_moves_panels_move_them(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("2")
        typed(screen.app, "w", "x")
        await screen.pilot.pause()
        assert screen.app.screen is screen.app.desk, "x would have asked to cancel an order"
        assert "positions" not in screen.app.desk.desk.order

    play(cockpit, story)


def test_the_letter_right_after_jump_jumps(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        typed(screen.app, "o", "f")
        await screen.pilot.pause()
        assert screen.app.desk.desk.focused_panel == screen.app.desk.desk.order[3]
        assert not screen.app.desk.jumps

    play(cockpit, story)


def test_a_key_right_after_another_page_belongs_to_that_page(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        typed(screen.app, "2", "tab", "tab", "j")
        await screen.pilot.pause()
        await screen.show()
        view = screen.app.desk.views["orders"]
        assert screen.app.desk.desk.focused_panel == "orders"
        assert view.cursor == view.picture.keys[1]

    play(cockpit, story)


def test_letters_right_after_the_command_line_are_typed_into_it(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        before = screen.app.settings.theme
        typed(screen.app, ":", "E", "T", "H")
        await screen.pilot.pause(0.2)
        assert screen.app.screen.query_one("#typed").value == "ETH"  # type: ignore[attr-defined]
        assert screen.app.settings.theme == before

    play(cockpit, story)


def test_letters_right_after_the_filter_are_its_needle(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("2", "tab", "tab")
        typed(screen.app, "/", "s", "o", "l")
        await screen.pilot.pause(0.2)
        assert screen.app.desk.needle.value == "sol"
        assert screen.app.desk.focused_view.needle == "sol"

    play(cockpit, story)


def test_the_kill_switch_does_not_wait_for_a_dialogue(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        typed(screen.app, ":")
        await screen.press_at("ctrl+g", 2000.0)
        await screen.press_at("ctrl+g", 2000.5)
        assert [verb for verb, _ in screen.link.sent] == ["halt"]

    play(cockpit, story)
