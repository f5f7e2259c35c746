"""Every key of the table, pressed where it holds: it must do something that can be seen or that is sent.

The list is the table's own, so a new key is pressed here the day it is written. What a key needs first stands
in ``FIRST``; an action that is missing there is pressed as the page comes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from cockpit.tui import controls
from cockpit.tui.app import CockpitApp
from cockpit.tui.asides import Openers
from cockpit.tui.keymap import ACTIONS, ANYWHERE, CONTEXTS, DESK, LAYOUT, LIST, Action
from cockpit.tui.layout import PAGES
from cockpit.tui.settings import TuiSettings
from tests.tui import frames_for_tests as made
from tests.tui.test_archive_page import Told

FIRST: dict[str, tuple[str, ...]] = {
    "page.desk": ("2",),
    "row.up": ("G",),
    "row.first": ("G",),
    "row.page_up": ("G",),
    "row.down": ("g",),
    "row.last": ("g",),
    "row.page_down": ("g",),
    "heat.newer": ("left", "left"),
    "cross.right": ("left", "left", "left"),
    "cross.up": ("left",),
    "cross.down": ("left",),
    "cross.page_left": ("left",),
    "cross.page_right": ("pageup", "pageup"),
    "cross.last": ("left", "left", "left"),
    "timeframe.shorter": ("}",),
    "chart.wider": ("+", "+"),
    "chart.closer": ("-", "-", "-"),
    "back": ("z",),
    "audit.open": ("j", "j"),
    "past.here": ("j",),
    "layout.undo": ("right",),
    "layout.reset": ("right",),
    "capital.undo": ("j",),
}
PAST = ("8", "v", "1")
"""Into the past, and back to the desk."""
ITSELF = frozenset(("quit", "repaint"))
"""What cannot be seen on the screen: it is gone, or the same as before. Tests of their own, below."""


def home(context: str) -> tuple[str, str]:
    """A page and a panel of it in which such keys hold."""
    if context in (ANYWHERE, DESK):
        return "1", "positions"
    if context == LAYOUT:
        return "1", "chart"
    if context == LIST:
        return "2", "fills"
    panels = [panel for panel, held in CONTEXTS.items() if context in held]
    return next((page.key, panel) for page in PAGES for panel in panels if panel in page.panels)


class Desk:
    """A screen on everything that there is to show, and all of it in one value."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.archive = Told()
        pasts, labs, logs = made.Pasts(), made.Labs(), made.Logs()
        openers = Openers(
            lambda: pasts, lambda: labs, archive=lambda: self.archive, log=lambda: logs, facts=made.facts
        )
        self.link = made.link(made.frame(300))
        settings = TuiSettings(screenshots_dir=folder, layouts_dir=folder)
        self.app = CockpitApp(self.link, settings, clock=lambda: self.now, openers=openers)
        self.pilot: Pilot[str]

    def seen(self) -> object:
        """What a person can see, and what has been sent."""
        app = self.app
        strips = app.screen._compositor.render_strips()
        drawn = [[(part.text, str(part.style)) for part in strip] for strip in strips]
        if app.desk.desk.page.key == "0" and app.screen is app.desk:
            drawn = []  # the machine's own readings are never still
        sent = [one for one in self.link.sent if one[0] != "audit"]  # page 8 asks for news by itself
        toasts = [note.message for note in app._notifications]
        return drawn, type(app.screen), toasts, sent, app._clipboard, list(self.archive.begun)

    async def settle(self) -> None:
        """The next round; threads of the audit and the lab have had their turn."""
        frame = self.link.frame
        assert frame is not None
        self.link.frame = msgspec.structs.replace(frame)  # another one that says the same
        self.now += 1.1  # by now every panel is due
        self.app.tick()
        self.app.paint_bars()
        await self.pilot.pause()

    async def still(self) -> object:
        """Wait until nothing changes by itself."""
        before: object = None
        for _ in range(50):
            await self.settle()
            now = self.seen()
            if now == before:
                return now
            before = now
            await asyncio.sleep(0.01)
        raise AssertionError(f"the screen does not come to rest on page {self.app.desk.desk.page.key}")

    async def begin(self, action: Action) -> object:
        """Where such a key holds, with what it needs."""
        while self.app.screen is not self.app.desk:
            self.app.pop_screen()
        self.app.clear_notifications()
        if self.app.desk.needle.display:
            self.app.desk.close_needle(clear=True)
        if self.app.arranging.on:
            self.app.arranging.leave()
        self.app.crosshair.leave()
        if self.app.past.on:
            self.app.past.leave()
        if self.app.desk.desk.zoomed:
            self.app.desk.zoom()
        page, panel = home(action.context)
        await self.press(page)
        self.app.desk.go(self.app.desk.views[panel])
        await self.still()
        if action.past:
            for key in PAST:
                await self.press(key)
                await self.still()
        if action.context == LAYOUT:
            await self.press("w")
            await self.press("r")
            self.app.clear_notifications()
        for key in FIRST.get(action.id, ()):
            await self.press(key)
        return await self.still()

    async def press(self, key: str) -> None:
        await self.pilot.press(key)

    async def changes(self, before: object) -> bool:
        """Does anything, within a while?"""
        for _ in range(30):
            if self.seen() != before:
                return True
            await self.settle()
            await asyncio.sleep(0.01)
        return False


@pytest.mark.parametrize("context", sorted({action.context for action in ACTIONS}))
def test_every_key_of_the_table_does_something(context: str, tmp_path: Path) -> None:
    async def story() -> list[str]:
        desk = Desk(tmp_path)
        idle = []
        async with desk.app.run_test(size=(120, 40)) as pilot:
            desk.pilot = pilot
            await pilot.pause()
            for action in ACTIONS:
                for key in action.keys if action.context == context and action.id not in ITSELF else ():
                    try:
                        before = await desk.begin(action)
                        await desk.press(key)
                        done = await desk.changes(before)
                    except Exception as error:
                        raise AssertionError(f"{key} ({action.id})") from error
                    if not done:
                        idle.append(f"{key} ({action.id})")
        return idle

    assert asyncio.run(story()) == []


@pytest.mark.parametrize("key", next(action.keys for action in ACTIONS if action.id == "quit"))
def test_every_key_that_leaves_leaves(key: str, tmp_path: Path) -> None:
    async def story() -> str:
        desk = Desk(tmp_path)
        async with desk.app.run_test(size=(80, 24)) as pilot:
            await pilot.press(key)
            for _ in range(50):
                if not desk.app._exit:
                    await pilot.press("enter")  # the engine stops with this screen: it asks
            return desk.app.farewell

    assert asyncio.run(story())


@pytest.mark.parametrize("key", next(action.keys for action in ACTIONS if action.id == "repaint"))
def test_every_key_that_draws_again_sends_the_whole_picture(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    monkeypatch.setattr(controls, "repaint", drawn.append)

    async def story() -> None:
        desk = Desk(tmp_path)
        async with desk.app.run_test(size=(80, 24)) as pilot:
            await pilot.press(key)
            await pilot.pause()
            assert drawn == [desk.app]

    asyncio.run(story())
