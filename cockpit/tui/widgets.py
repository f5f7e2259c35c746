"""The only widgets of the desk: painted rows (Line API), one cached strip each; only changed ones redrawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import msgspec
from rich.segment import Segment as RichSegment
from textual.binding import Binding, BindingsMap
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.core.frames import Frame
from cockpit.core.registry import PANELS
from cockpit.tui.box import STRUCTURE, boxed
from cockpit.tui.cells import Row, wrapped
from cockpit.tui.keymap import CONTEXTS, Action, Keymap, bound
from cockpit.tui.picture import Look, Painter, Picture

if TYPE_CHECKING:
    from textual import events
    from textual.app import App

    from cockpit.tui.app import CockpitApp


WHEEL = 3
"""Rows a notch of the mouse wheel moves the cursor."""


def bindings(actions: Sequence[Action]) -> BindingsMap:
    """The bindings of some actions; every one of them ends in ``CockpitApp.action_do``.

    A key that an action of the past shares is the other one's: ``Keymap.meant`` tells them apart.
    """
    taken = {key for action in actions if not action.past for key in action.keys}
    actions = [
        msgspec.structs.replace(a, keys=tuple(key for key in a.keys if not (a.past and key in taken)))
        for a in actions
    ]
    return BindingsMap(
        [
            Binding(bound(action.keys), f"app.do('{action.id}')", action.help, show=False, id=action.id)
            for action in actions
            if action.keys
        ]
    )


def repaint(app: App[Any]) -> None:
    """Send the whole picture, not only what has changed."""
    if app._running and app._screen_stack:
        screen = app.screen
        update = screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        app._display(screen, update)


class Painted(Widget):
    """Rows of (text, style key), drawn as they are."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Painted { width: 1fr; height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[Row] = []
        self._strips: dict[int, Strip] = {}

    @property
    def cockpit(self) -> CockpitApp:
        """The app, as what it is."""
        return cast("CockpitApp", self.app)

    def put(self, rows: list[Row]) -> None:
        """Show ``rows``; only the ones that differ from what is shown are drawn again."""
        before, self._rows = self._rows, rows
        width = self.size.width
        for y in range(max(len(before), len(rows))):
            if y >= len(before) or y >= len(rows) or before[y] != rows[y]:
                self._strips.pop(y, None)
                self.refresh(Region(0, y, width, 1))

    def forget(self) -> None:
        """Colours or size have changed: draw everything again."""
        self._strips.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        self.cockpit.courtesy.let_pass()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        self.cockpit.courtesy.let_pass()
        strip = self._strips.get(y)
        if strip is None:
            style = self.cockpit.palette.style
            row = self._rows[y] if y < len(self._rows) else ()
            segments = [RichSegment(text, style(key)) for text, key in row]
            strip = Strip(segments).adjust_cell_length(self.size.width, style(""))
            self._strips[y] = strip
        return strip

    def row_text(self, y: int) -> str:
        """The words of a shown row."""
        return "".join(text for text, _ in self._rows[y]) if y < len(self._rows) else ""


class PanelView(Painted, can_focus=True):
    """One panel of the desk: asks its painter for a picture and keeps the person's cursor."""

    DEFAULT_CSS: ClassVar[str] = "PanelView { width: auto; height: auto; }"

    def __init__(self, name: str, keymap: Keymap) -> None:
        super().__init__(id=f"panel-{name}")
        plugin = PANELS[name]
        self.panel = name
        self.painter: Painter = plugin.target
        self.rate: float = plugin.options.get("rate", 2)
        self.cursors: bool = plugin.options.get("cursor", False)
        self.aside: bool = plugin.options.get("aside", False)
        """Draws what was asked for, which comes when it comes."""
        self.keeps: bool = plugin.options.get("keeps", False)
        """What is shown beside it is about the row under its cursor: that stays when the focus goes there."""
        self.follows: bool = plugin.options.get("follows", False)
        """Grows at its first row: a cursor that is there stays there."""
        self.needle = ""
        self.cursor = ""
        self.due = 0.0
        self.picture = Picture(title="")
        self._place = 0
        self._last: tuple[Frame | None, Look] | None = None
        self.bind_keys(keymap)

    def bind_keys(self, keymap: Keymap) -> None:
        """Take its keys from the table."""
        own = [context for context in CONTEXTS.get(self.panel, ()) if self.cursors or context == self.panel]
        self._bindings = bindings(keymap.within(*own))

    def paint(self, frame: Frame | None, look: Look) -> None:
        """Draw ``frame``; does nothing when neither it nor the look has changed."""
        if not self.size:
            return
        mine = _sized(look, self)
        if self._last is not None and self._last[0] is frame and self._last[1] == mine:
            return
        self._last = (frame, mine)
        self.cockpit.courtesy.let_pass()
        if frame is None:
            self.picture = Picture(title=mine.say(f"panel.{self.panel}"))
        else:
            self.picture = self._painted(frame, mine)
            if self._follow_cursor():
                mine = _sized(look, self)
                self.picture = self._painted(frame, mine)
        self.cockpit.courtesy.let_pass()
        self.put(boxed(self.picture, mine))

    def _painted(self, frame: Frame, look: Look) -> Picture:
        try:
            return self.painter(frame, look)
        except Exception as error:  # noqa: BLE001  one panel's bug must not take the screen, and the engine, down
            words = look.say("panel.broke", reason=f"{type(error).__name__}: {error}")
            return Picture(
                title=look.say(f"panel.{self.panel}"),
                rows=tuple(((f" {line}", "danger"),) for line in wrapped(words, max(1, look.width - 2))),
            )

    def on_mouse_scroll_down(self) -> None:
        self.move(WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self.move(-WHEEL)

    @property
    def held(self) -> bool:
        """Is it the person's panel? Known before the library tells it so, and while the terminal is away."""
        desk = self.cockpit.desk
        return self.has_focus or (desk.desk.focused_panel == self.panel and not desk.needle.display)

    def _follow_cursor(self) -> bool:
        """Keep the cursor on its row; when that row is gone, on the one that took its place.

        In a panel nobody is in, the first row is shown: news must not pile up out of sight.
        """
        keys = self.picture.keys
        if not self.held and not (self.keeps and self._place):
            before, self._place = self.cursor, 0
            self.cursor = keys[0] if keys else ""
            return self.cursor != before
        if self.cursor in keys and not (self.follows and not self._place):
            self._place = keys.index(self.cursor)
            return False
        before = self.cursor
        self.cursor = keys[min(self._place, len(keys) - 1)] if keys else ""
        return self.cursor != before and self.held

    def move(self, step: int) -> None:
        """Move the cursor by ``step`` rows; far beyond either end means that end."""
        keys = self.picture.keys
        if keys:
            at = keys.index(self.cursor) if self.cursor in keys else 0
            self._place = max(0, min(len(keys) - 1, at + step))
            self.cursor = keys[self._place]
            self.cockpit.desk.repaint(self)

    def top(self) -> None:
        """The rows are others now: begin at the first."""
        self._place, self.cursor = 0, ""

    def row_copy(self) -> str:
        """What copying the row under the cursor copies."""
        keys = self.picture.keys
        return self.picture.copy(keys.index(self.cursor)) if self.cursor in keys else ""

    def repaint(self) -> None:
        """Paint at the next chance even if nothing has changed."""
        self._last = None
        self.due = 0.0

    def on_resize(self, event: events.Resize) -> None:
        self._strips.clear()
        self.cockpit.desk.repaint(self)

    def on_focus(self) -> None:
        self.cockpit.desk.focus_changed(self)

    def on_blur(self) -> None:
        self.cockpit.desk.repaint(self)


def _sized(look: Look, view: PanelView) -> Look:
    return msgspec.structs.replace(
        look,
        width=max(1, view.size.width - STRUCTURE),
        height=max(1, view.size.height - STRUCTURE),
        focused=view.held,
        cursor=view.cursor,
        needle=view.needle,
        letter=view.cockpit.desk.letter_of(view.panel),
    )
