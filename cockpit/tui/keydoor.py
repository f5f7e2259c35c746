"""Keys in the order in which they were pressed: each belongs to what the ones before it have opened.

The library hands a key to the widget that has the focus now, and that widget obeys some time later: a second
key, typed before that, would go to the panel which the first one has left. So the keys of the desk are obeyed
here, at once, and those of a dialogue wait until it can take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.events import Key
from textual.widgets import Input

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

AGAIN_S = 0.01
PATIENCE = 200
"""Looks after which what waits is let through: a dialogue that takes no key must not eat them."""


def name_of(event: Key) -> str:
    """As the table writes it: ``,``, ``space``, ``ctrl+s``."""
    printable = event.is_printable and event.character and event.character != " "
    return event.character if printable and event.character else event.key


class KeyDoor:
    """One for the screen."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self._early: list[Key] = []
        self._looks = 0
        self.at = 0.0
        """When the key that is being obeyed was pressed."""
        self.key = ""

    async def take(self, event: Key) -> bool:
        """Was the key obeyed, or put aside for what is just opening? Else the library hands it on."""
        if self._early or self._opening():
            if not self._early:
                self._looks = 0
                self.app.set_timer(AGAIN_S, self._again)
            self._early.append(event)
            return True
        self.at, self.key = event.time, name_of(event)
        return self._desk(event)

    def _desk(self, event: Key) -> bool:
        """A key of the desk, obeyed in its turn."""
        app = self.app
        if app.screen is not app.desk or app.desk.needle.display:
            return False
        if app.desk.jumps and app.desk.jumped(event.key):
            return True
        if app.arranging.pressed(event):
            return True
        panel = app.desk.desk.focused_panel
        found = [one for one in app.keymap.active(panel) if self.key in one.keys]
        if not found:
            return False
        # A key that an action of the past shares is the other one's here: ``action_do`` tells them apart.
        app.action_do(next((one for one in found if not one.past), found[0]).id)
        return True

    def _opening(self) -> bool:
        """Is there a line to type in that has not got the focus yet, or a dialogue that is not there yet?"""
        app = self.app
        screen = app.screen
        if screen is app.desk:
            return bool(app.desk.needle.display and screen.focused is not app.desk.needle)
        if not screen.is_mounted:
            return True
        return screen.focused is None and any(line.focusable for line in screen.query(Input))

    async def _again(self) -> None:
        """Let through what waits, one by one: each may open something itself."""
        while self._early:
            self._looks += 1
            if self._opening() and self._looks < PATIENCE:
                self.app.set_timer(AGAIN_S, self._again)
                return
            event = self._early.pop(0)
            self.at, self.key = event.time, name_of(event)
            if not self._desk(event):
                await App.on_event(self.app, event)
