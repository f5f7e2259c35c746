"""The mode in which keys move panels: rearranged, resized, hidden, saved under a name, and brought back.

What it changes holds at once and is remembered by page and size class; ``undo`` takes back step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.events import Key

from cockpit.core.errors import ConfigError
from cockpit.text import safe_text
from cockpit.tui import grid, layouts
from cockpit.tui.dialogs import Ask, Line
from cockpit.tui.grid import Grid
from cockpit.tui.keymap import LAYOUT
from cockpit.tui.layout import PAGE, grid_of

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit.tui.app import CockpitApp

UNDONE = 100
"""Steps that can be taken back."""
THROUGH = ("page.", "focus.", "help", "palette", "repaint", "private", "screenshot", "quit")
"""What keys do besides while panels are moved."""
TRIES = 6
"""Steps of a size that are tried until it shows: a panel never gets smaller than it can be read."""


class Arranging:
    """One method per action of the table's ``layout`` context."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self.on = False
        self._before: list[tuple[layouts.Kept, str]] = []

    # --- the mode -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """From now on the arrows move the panel that has the focus."""
        desk = self.app.desk
        if desk.desk.zoomed:
            desk.zoom()
        self.on = True
        self._shown()

    def leave(self) -> None:
        """It stays as it is, and is remembered."""
        self.on = False
        self.app.remember()
        self._shown()

    def pressed(self, event: Key) -> bool:
        """Did this key belong to the mode? Letters that would act on a panel's rows do nothing here."""
        if not self.on or self.app.screen is not self.app.desk or self.app.desk.needle.display:
            return False
        keymap = self.app.keymap
        key = event.character if event.is_printable and event.character else event.key
        for action in keymap.within(LAYOUT):
            if key in action.keys:
                self.app.controls.run(action.id)
                return True
        known = [action.id for action in keymap.actions if key in action.keys]
        return not any(name.startswith(THROUGH) for name in known)

    # --- moving -------------------------------------------------------------------------------------

    def move(self, way: str) -> None:
        """``left | right | up | down``."""
        turn = grid.beside if way in ("left", "right") else grid.above
        self._try(lambda now, panel: turn(now, panel, -1 if way in ("left", "up") else 1))

    def stack(self) -> None:
        """Under its neighbour."""
        self._try(grid.stacked)

    def resize(self, turn: Callable[[Grid, str, int], Grid], step: int) -> None:
        """Larger or smaller by a step that shows."""
        desk = self.app.desk.desk
        now, panel = self._now(), desk.focused_panel
        before = desk.shown(now).get(panel)
        found = now
        for _ in range(TRIES):
            found = turn(found, panel, step)
            if desk.shown(found).get(panel) != before:
                self._put(found)
                return
        self.app.tell("layout.no_room")

    def hide(self) -> None:
        """Take the focused panel off this page."""
        panel = self.app.desk.desk.focused_panel
        self._try(grid.hidden)
        if panel not in self.app.desk.desk.order:
            self.app.tell("layout.hidden", panel=self._title(panel), key=self.app.keymap.key("layout.add"))

    def add(self) -> None:
        """Choose one of all panels that this page does not show."""
        from cockpit.tui.palette import CommandLine, Entry

        look, have = self.app.look(), self._now().panels
        names = sorted((n for n in layouts.KNOWN if n not in have), key=self._title)
        entries = [Entry(self._title(name), partial(self._add, name), "", name) for name in names]
        self.app.push_screen(CommandLine(look, entries, hint="palette.which_panel"), _run)

    def _add(self, panel: str) -> None:
        self._put(grid.added(self._now(), panel))
        self.app.desk.go(self.app.desk.views[panel])

    def undo(self) -> None:
        """What was before the last change, of whatever page."""
        if not self._before:
            self.app.tell("layout.no_undo")
            return
        kept, page = self._before.pop()
        self.app.layouts.replace(kept)
        if page and page != self.app.desk.desk.page.name:
            self.app.desk_turn(page)
        self._arranged()

    def reset(self) -> None:
        """This page as it came, in terminals of this size; undo brings it back."""
        desk = self.app.desk
        if self.app.layouts.get(desk.desk.page.name, desk.size_class) is None:
            self.app.tell("layout.as_it_came")
            return
        self._keep()
        self.app.layouts.put(desk.desk.page.name, desk.size_class, None)
        self._arranged()
        self.app.tell("layout.reset", page=self._page())

    # --- names --------------------------------------------------------------------------------------

    def save(self) -> None:
        """Ask for a name, and before what has it is replaced."""
        look, folder = self.app.look(), self.app.settings.layouts_dir
        if folder is None:
            self.app.warn(look.say("layout.nowhere"))
            return
        if not self.app.layouts.kept:
            self.app.tell("layout.nothing")
            return

        def wrong(name: str) -> str:
            fault = layouts.fault_of(name)
            return look.say(fault, most=layouts.LONGEST_NAME) if fault else ""

        names = ", ".join(layouts.saved(folder)) or "-"
        line = Line(look, look.say("layout.save"), look.say("layout.save_hint", names=names), "", wrong)
        self.app.push_screen(line, lambda name: self._named(folder, name) if name else None)

    def _named(self, folder: Path, name: str) -> None:
        if name not in layouts.saved(folder):
            self._save(folder, name)
            return
        look = self.app.look()
        lines = [look.say("layout.replace", name=name, before=f"{name}{layouts.SUFFIX}{layouts.BEFORE}")]
        self.app.controls.ask(Ask(look, look.say("layout.save"), lines), lambda _: self._save(folder, name))

    def _save(self, folder: Path, name: str) -> None:
        try:
            file = layouts.save(folder, name, self.app.layouts.kept)
        except OSError as error:
            self.app.warn(self.app.look().say("layout.not_saved", reason=error))
        else:
            self.app.tell("layout.saved", name=name, file=file)

    def open(self) -> None:
        """Choose a saved one."""
        from cockpit.tui.palette import CommandLine, Entry

        found = layouts.saved(self.app.settings.layouts_dir)
        if not found:
            self.app.tell("layout.none_saved", key=self.app.keymap.key("layout.save"))
            return
        entries = [Entry(safe_text(name), partial(self.load, name), "", name) for name in found]
        self.app.push_screen(CommandLine(self.app.look(), entries, hint="palette.which_layout"), _run)

    def load(self, name: str) -> None:
        """Every page as it was saved; a bad file is named and nothing changes."""
        try:
            kept = layouts.load(layouts.saved(self.app.settings.layouts_dir)[name])
        except (ConfigError, KeyError) as error:
            reason = error if isinstance(error, ConfigError) else name
            self.app.warn(self.app.look().say("layout.bad", reason=safe_text(str(reason))))
            return
        self._keep()
        self.app.layouts.replace(kept)
        self._arranged()
        self.app.tell("layout.loaded", name=name)

    # --- inside -------------------------------------------------------------------------------------

    def _now(self) -> Grid:
        """The page's grid; where a person has made none, what its panels stand in now."""
        desk = self.app.desk
        own = self.app.layouts.get(desk.desk.page.name, desk.size_class)
        if own is not None:
            return own
        page = PAGE[desk.desk.page.name]
        if page.rows:
            return grid.from_rows(page.rows)
        bands = grid_of(desk.desk.shown(None))
        stands = Grid(bands)
        return Grid(bands, tuple(name for name in page.panels if name not in stands.panels))

    def _try(self, turn: Callable[[Grid, str], Grid]) -> None:
        now = self._now()
        found = turn(now, self.app.desk.desk.focused_panel)
        if found == now:
            self.app.tell("layout.no_way")
        else:
            self._put(found)

    def _put(self, found: Grid) -> None:
        self._keep()
        desk = self.app.desk
        self.app.layouts.put(desk.desk.page.name, desk.size_class, found)
        self._arranged()

    def _keep(self) -> None:
        self._before = [*self._before, (self.app.layouts.copy(), self.app.desk.desk.page.name)][-UNDONE:]

    def _arranged(self) -> None:
        self.app.desk.arranged()
        self.app.remember()
        self._shown()

    def _shown(self) -> None:
        self.app.desk.forget()
        self.app.paint_bars()

    def _title(self, panel: str) -> str:
        return self.app.look().say(f"panel.{panel}")

    def _page(self) -> str:
        return self.app.look().say(f"page.{self.app.desk.desk.page.name}")


def _run(entry: object) -> None:
    run = getattr(entry, "run", None)
    if run is not None:
        run()
