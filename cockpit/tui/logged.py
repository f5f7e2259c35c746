"""Page 0, the reading side of the log, and what this screen itself costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from cockpit.tui.aside import LogLine, LogSheet, ScreenSheet

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

EVERY_S = 1.0
MOST = 1_000
"""Lines kept, the newest."""


class Port(Protocol):
    """What reads the log."""

    def read(self) -> tuple[LogLine, ...]:
        """Lines added since the last call, the oldest first. Raises OSError."""


class Facts(Protocol):
    """What the process around the screen knows of itself."""

    def __call__(self) -> tuple[float, tuple[tuple[str, str], ...]]:
        """(memory in MB, (name, version) of what runs)."""


class Logged:
    """Keeps the sheets of the log and of the screen, while somebody looks."""

    def __init__(self, app: CockpitApp, opening: Callable[[], Port] | None, facts: Facts | None) -> None:
        self.app = app
        self._opening = opening
        self._facts = facts
        self._port: Port | None = None
        self._due = 0.0

    def tick(self, now: float) -> None:
        """Call while the page is shown."""
        if now < self._due:
            return
        self._due = now + EVERY_S
        self._read()
        self._measure()

    def _read(self) -> None:
        sheet = self.app.aside.log
        if self._port is None and self._opening is not None:
            self._port = self._opening()
        if self._port is None:
            if not sheet.fault:
                self.app.asides.changed(log=LogSheet(fault=self.app.look().say("log.not_here")))
            return
        try:
            fresh = self._port.read()
        except OSError as error:
            fault = self.app.look().say("log.failed", reason=error.strerror or error)
            if fault != sheet.fault:
                self.app.asides.changed(log=LogSheet(sheet.lines, fault))
            return
        if fresh or sheet.fault:
            lines = (*reversed(fresh), *sheet.lines)[:MOST]
            self.app.asides.changed(log=LogSheet(lines))

    def _measure(self) -> None:
        app, driver = self.app, self.app._driver
        memory, versions = self._facts() if self._facts is not None else (0.0, ())
        governor = app.governor
        sheet = ScreenSheet(
            paint_ms=governor.paint * 1_000,
            worst_ms=governor.worst * 1_000,
            late_ms=governor.late * 1_000,
            slow=governor.slow,
            dropped=int(getattr(driver, "dropped", 0)),
            memory_mb=memory,
            versions=versions,
        )
        governor.worst = 0.0
        app.asides.changed(screen=sheet)
