"""Page 7, the asking side: another process reads what is looked at, others run what is tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec

from cockpit.tui import figures
from cockpit.tui.aside import LabSheet
from cockpit.tui.dialogs import Choice, Line

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

EVERY_S = 1.0
PRACTICE = "practice:"
TYPED = "?"
MOST_TAPES = 7


class Port(Protocol):
    """What reads the lab and starts what is tried."""

    def ask(self, wanted: tuple[str, ...]) -> None:
        """A fresh sheet with the details of these keys."""

    def sheet(self) -> LabSheet | None:
        """The newest."""

    def backtest(self, sleeve: str, tape: str) -> None:
        """Begin one; an empty tape means the practice market. Raises OSError."""

    def failures(self) -> list[str]:
        """Last words of those that failed."""

    def close(self) -> None:
        """The screen is leaving."""


class Laboratory:
    """Keeps the sheet that the lab's panels draw."""

    def __init__(self, app: CockpitApp, opening: Callable[[], Port] | None) -> None:
        self.app = app
        self._opening = opening
        self._port: Port | None = None
        self._seen: LabSheet | None = None
        self._cursor = ""
        self._marked = ""
        self._due = 0.0

    def tick(self, now: float) -> None:
        """Ask once a second, and at once when another row is looked at. Called while the page is shown."""
        port = self._opened()
        if port is None:
            self._put(msgspec.structs.replace(self.app.aside.lab, read=True, fault="lab.not_here"))
            return
        cursor = self.app.desk.views["runs"].cursor
        if cursor != self._cursor or now >= self._due:
            self._cursor, self._due = cursor, now + EVERY_S
            port.ask(tuple(filter(None, (cursor, self._marked))))
        sheet = port.sheet()
        shown = self.app.aside.lab
        if sheet is not None and (sheet is not self._seen or (shown.cursor, shown.marked) != self._places):
            self._seen = sheet
            self._put(sheet)

    def listen(self) -> None:
        """Say what has failed, on whatever page one is."""
        if self._port is not None:
            for words in self._port.failures():
                self.app.warn(self.app.look().say("lab.failed", reason=words))

    @property
    def _places(self) -> tuple[str, str]:
        return self._cursor, self._marked

    def _opened(self) -> Port | None:
        if self._port is None and self._opening is not None:
            self._port = self._opening()
        return self._port

    def _put(self, sheet: LabSheet) -> None:
        now = msgspec.structs.replace(sheet, cursor=self._cursor, marked=self._marked)
        before = self.app.aside.lab
        if (now.fault, now.rows, now.cursor, now.marked, now.details) != (
            before.fault,
            before.rows,
            before.cursor,
            before.marked,
            before.details,
        ) or now.read != before.read:
            self.app.asides.changed(lab=now)

    def mark(self) -> None:
        """Compare others with the row under the cursor; the same key again ends it."""
        cursor = self.app.desk.views["runs"].cursor
        if not cursor:
            self.app.tell("lab.choose")
            return
        self._marked = "" if self._marked == cursor else cursor
        self._due = 0.0
        self.app.tick()

    def backtest(self) -> None:
        """Try the strategy under the cursor of page 5: asks on what, then begins."""
        port = self._opened()
        frame = self.app.frame
        name = self.app.look().sleeve
        row = next((one for one in frame.sleeves if one.sleeve == name), None) if frame else None
        if port is None or row is None:
            self.app.tell("lab.not_here" if port is None else "sleeves.choose")
            return
        port.ask(())
        look = self.app.look()
        sheet = port.sheet() or self.app.aside.lab
        legs = set(row.sleeve.split("/")[1].partition("#")[0].split("+"))
        fitting = [tape for tape in sheet.tapes if legs <= set(tape.symbols)][:MOST_TAPES]
        options = [(tape.path, figures.tail(tape.path, 60)) for tape in fitting]
        if all(symbol.startswith(PRACTICE) for symbol in legs):
            options.append(("", look.say("lab.on_practice")))
        options.append((TYPED, look.say("lab.on_typed")))
        what = f"{row.strategy}@{row.version} {figures.short(row.symbol)}"
        title = look.say("lab.ask", what=what)
        self.app.controls.ask(Choice(look, title, options), partial(self._chosen, row.sleeve, what))

    def _chosen(self, sleeve: str, what: str, tape: str) -> None:
        if tape != TYPED:
            self._begin(sleeve, what, tape)
            return
        look = self.app.look()

        def wrong(text: str) -> str:
            return "" if text else look.say("lab.no_tape")

        question = Line(look, look.say("lab.ask_tape"), look.say("lab.ask_tape_hint"), "", wrong)
        self.app.controls.ask(question, partial(self._begin, sleeve, what))

    def _begin(self, sleeve: str, what: str, tape: str) -> None:
        port = self._opened()
        assert port is not None
        try:
            port.backtest(sleeve, tape)
        except OSError as error:
            self.app.warn(self.app.look().say("lab.failed", reason=error))
        else:
            self.app.tell("lab.begun", what=what)

    def close(self) -> None:
        """The screen ends; what is being tried goes on."""
        if self._port is not None:
            self._port.close()
