"""Looking back: the same panels on a past moment, and no way to command anything until one is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from cockpit.core.frames import Frame
from cockpit.text import known
from cockpit.tui import figures
from cockpit.tui.aside import PastSheet
from cockpit.tui.dialogs import Line
from cockpit.tui.halt import Banner
from cockpit.tui.instants import instant
from cockpit.tui.picture import Look

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

MINUTE = 60_000
SPEEDS = (1, 10, 60, 600)
PLAY_S = 0.2
"""Seconds between two pictures of a past that is played."""


class Port(Protocol):
    """What rebuilds the past, in a process of its own."""

    def go(self, *, ts: int = 0, seq: int = 0, by: int = 0, ms: int = 0) -> None:
        """Ask for an instant, a fact, or so many decisions or ms from here."""

    def sheet(self) -> PastSheet:
        """Where it stands."""

    def frame(self) -> Frame | None:
        """The newest picture."""

    def close(self) -> None:
        """The screen is leaving."""


class Past:
    """The screen's place in time."""

    def __init__(self, app: CockpitApp, opening: Callable[[], Port] | None, *, only: bool = False) -> None:
        self.app = app
        self.only = only
        """There is no present to come back to: a closed journal is looked at."""
        self.on = False
        self._opening = opening
        self._port: Port | None = None
        self._seen: PastSheet | None = None
        self._speed = 0
        self._played_at = 0.0
        self._aim = 0

    @property
    def frame(self) -> Frame | None:
        """The picture of the moment; None while the first is being rebuilt."""
        return None if self._port is None else self._port.frame()

    @property
    def shown(self) -> PastSheet:
        """What the panels are told."""
        return self.app.aside.past

    # --- travelling -----------------------------------------------------------------------------------

    def go(self, *, ts: int = 0, seq: int = 0, by: int = 0, ms: int = 0) -> None:
        """To another moment; the present is left the first time."""
        if self._opening is None:
            self.app.tell("past.not_here")
            return
        if self._port is None:
            self._port = self._opening()
        frame = self.app.frame
        if (by or ms) and not self.on and frame is not None:
            self._port.go(seq=frame.seq)
        if not self.on:
            self.on = True
            self.app.controls.changed()
        self._port.go(ts=ts, seq=seq, by=by, ms=ms)

    def here(self) -> None:
        """The moment of the row under the audit's cursor, right after what it tells."""
        row = self.app.auditing.row(self.app.desk.views["audit"].cursor)
        if row is None:
            self.app.tell("audit.choose")
        else:
            self.stand()
            self.go(seq=row.seq)

    def ask(self) -> None:
        """Which moment? As a time, so long ago, or #number."""
        look = self.app.look()
        frame = self.app.frame
        now = frame.ts if frame is not None else 0

        def wrong(text: str) -> str:
            try:
                moment(text, now)
            except ValueError as error:
                return look.say("past.bad_time", reason=error)
            return ""

        def chosen(text: str) -> None:
            self.stand()
            self.go(**moment(text, now))

        title = look.say("past.ask")
        begun = f"{figures.date(now)}T{figures.clock(now)}" if now else ""
        self.app.controls.ask(Line(look, title, look.say("past.ask_hint"), begun, wrong), chosen)

    def step(self, by: int) -> None:
        """Decisions back or forward."""
        self.stand()
        self.go(by=by)

    def shift(self, ms: int) -> None:
        """Time back or forward."""
        self.stand()
        self.go(ms=ms)

    def play(self) -> None:
        """Let the past run, or stand."""
        if not self.on:
            keys = self.app.aside.keys
            self.app.tell("past.not_on", here=keys["past.here"], time=keys["past.time"])
            return
        self._speed = 0 if self._speed else SPEEDS[0]
        self._aim, self._played_at = self._standing(), self.app.clock()
        self._told()

    def pace(self, step: int) -> None:
        """Faster or slower."""
        at = SPEEDS.index(self._speed) if self._speed in SPEEDS else -1
        self._speed = SPEEDS[max(0, min(len(SPEEDS) - 1, at + step))]
        self._aim, self._played_at = self._standing(), self.app.clock()
        self._told()

    def _standing(self) -> int:
        """The newest instant that has been rebuilt."""
        return 0 if self._port is None else self._port.sheet().ts

    def stand(self) -> None:
        """No longer playing."""
        self._speed = 0

    def leave(self) -> None:
        """Back to now."""
        if not self.on or self.only:
            return
        self.on = False
        self.stand()
        self._told()
        self.app.tell("past.left")
        self.app.auditing.begin()
        self.app.controls.changed()

    def close(self) -> None:
        """The screen ends."""
        if self._port is not None:
            self._port.close()

    # --- showing --------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Take what has been rebuilt; ask for the next picture of what is played."""
        if self._port is None or not self.on:
            return
        sheet = self._port.sheet()
        if sheet is not self._seen:
            moved = self._seen is None or sheet.seq != self._seen.seq
            self._seen = sheet
            self._told()
            if moved and not self._speed:
                self.app.auditing.begin()
        if self._speed and now - self._played_at >= PLAY_S:
            self._aim += int((now - self._played_at) * 1000 * self._speed)
            self._played_at = now
            if self._aim >= sheet.last_ts > 0:
                self.stand()
                self._told()
            else:
                self._port.go(ts=self._aim)

    def _told(self) -> None:
        found = self._seen or PastSheet()
        self.app.asides.changed(
            past=msgspec.structs.replace(found, on=self.on, speed=self._speed, now=self._present())
        )

    def _present(self) -> str:
        live = None if self.only else self.app.link.latest()
        if live is None:
            return ""
        look = self.app.look()
        return look.say("past.now", posture=look.word(live.posture), day=look.change(live.day_pnl))


def moment(text: str, now: int) -> dict[str, int]:
    """``#1234`` a fact, anything else a time. Raises ValueError."""
    if text.startswith("#"):
        return {"seq": int(text[1:])}
    return {"ts": instant(text, now)}


def banner(sheet: PastSheet, look: Look, only: bool) -> Banner:
    """The row that keeps anybody from taking the past for now."""
    key = look.aside.keys.get("past.leave", "")
    if sheet.fault:
        words = look.say(sheet.fault) if known(sheet.fault) else sheet.fault
        return Banner(look.say("past.fault", reason=words, key=key), "banner_danger")
    if sheet.progress or not sheet.ts:
        return Banner(look.say("past.rebuilding", share=f"{sheet.progress:.0%}", key=key), "banner_past")
    at = f"{figures.date(sheet.ts)} {figures.clock(sheet.ts)}.{sheet.ts % 1000:03d}"
    ago = figures.span(max(0, sheet.last_ts - sheet.ts))
    pace = look.say("past.playing", times=look.glyphs.times, speed=sheet.speed) if sheet.speed else ""
    words = look.say("past.banner", at=at, seq=sheet.seq)
    leave = look.say("past.quit") if only else look.say("past.leave_hint", key=key)
    parts = (f"{words} {leave}", pace, look.say("past.ago", ago=ago), sheet.now)
    return Banner("  ".join(filter(None, parts)), "banner_past")
