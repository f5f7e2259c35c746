"""Page 0, the asking side: what the archive holds, what is missing in it, and asking the exchange again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from cockpit.tui.aside import ArchiveRow, ArchiveSheet
from cockpit.tui.dialogs import Ask

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

EVERY_S = 60.0
"""The index alone is asked this often while the page is shown; whoever looks for holes asks for it."""


class Port(Protocol):
    """What works on the archive, one thing at a time."""

    def begin(self, verb: str) -> None:
        """status | check | repair. Raises OSError."""

    def done(self) -> tuple[tuple[ArchiveRow, ...], str] | None:
        """(series, why it failed) once it has ended; None while it has not."""

    def close(self) -> None:
        """The screen is leaving."""


class Archived:
    """Keeps the sheet that the archive's panel draws."""

    def __init__(self, app: CockpitApp, opening: Callable[[], Port] | None) -> None:
        self.app = app
        self._opening = opening
        self._port: Port | None = None
        self._due = 0.0

    def tick(self, now: float, shown: bool) -> None:
        """Ask now and then while the page is shown; hear what has ended wherever the person is."""
        sheet = self.app.aside.archive
        if sheet.busy:
            self._hear(sheet, now)
        elif shown and now >= self._due:
            self._due = now + EVERY_S
            # What check has found is not forgotten by counting rows again.
            if not sheet.checked:
                self._begin("status")

    def _hear(self, sheet: ArchiveSheet, now: float) -> None:
        ended = self._port.done() if self._port is not None else None
        if ended is None:
            return
        rows, fault = ended
        if sheet.busy == "repair" and not fault:
            self._begin("check")  # what is there now, from the archive itself
            return
        checked = sheet.busy == "check" and not fault
        self._put(rows=rows or sheet.rows, busy="", fault=fault, read=True, checked=checked or sheet.checked)
        if fault and sheet.rows:
            self.app.warn(self.app.look().say("archive.failed", reason=fault))
        if checked:
            holes = sum((row.gaps or 0) + row.findings for row in rows)
            self.app.tell("archive.checked", count=holes) if holes else self.app.tell("archive.sound")
        self._due = now + EVERY_S

    def check(self) -> None:
        """Read all of it, and judge it."""
        self._asked("check")

    def repair(self) -> None:
        """Ask the exchange again for what check finds, after Enter."""
        look = self.app.look()
        lines = [look.say("archive.repair.words"), look.say("archive.repair.limits")]
        question = Ask(look, look.say("archive.repair.title"), lines)
        self.app.controls.ask(question, lambda _: self._asked("repair"))

    def _asked(self, verb: str) -> None:
        if self.app.aside.archive.busy in ("check", "repair"):
            self.app.tell("archive.busy")
        else:
            self._begin(verb)

    def _begin(self, verb: str) -> None:
        if self._port is None and self._opening is not None:
            self._port = self._opening()
        if self._port is None:
            self._put(read=True, fault=self.app.look().say("archive.not_here"))
            return
        try:
            self._port.close()
            self._port.begin(verb)
        except OSError as error:
            self._put(read=True, busy="", fault=str(error))
        else:
            self._put(busy=verb)

    def _put(self, **changes: object) -> None:
        self.app.asides.changed(archive=msgspec.structs.replace(self.app.aside.archive, **changes))

    def close(self) -> None:
        if self._port is not None:
            self._port.close()
