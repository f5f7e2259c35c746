"""Approve, reject, snooze, undo from the screen. Only what was really looked at, on data that is fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.candidates import Candidate
from cockpit.core.frames import Frame
from cockpit.tui import figures, freshness
from cockpit.tui.dialogs import Ask, Choice
from cockpit.tui.picture import Look

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

LOOKED_S = 0.5
"""How long a card must have stood under the cursor."""
LATE_S = 1.0
"""A key older than this comes from a stalled terminal: it meant another picture."""
ASK_S = 5.0
REAL = frozenset(("LIVE", "DEMO"))
"""Modes in which an approval is asked back."""
REASONS = ("thin", "news", "exposed", "data", "other")


class Seen:
    """Which card is under the cursor, and since when it has been exactly that."""

    def __init__(self) -> None:
        self.what: tuple[str, str, int] = ("", "", 0)
        self.since = 0.0

    def look(self, frame: Frame | None, cursor: str, now: float) -> None:
        """Called with each picture."""
        row = candidate(frame, cursor)
        scan = frame.hotlist.scan if frame is not None and frame.hotlist is not None else 0
        what = (cursor, "" if row is None else row.seal, scan)
        if what != self.what:
            self.what, self.since = what, now


def candidate(frame: Frame | None, symbol: str) -> Candidate | None:
    """The ranked market of that name."""
    rows = frame.hotlist.candidates if frame is not None and frame.hotlist is not None else ()
    return next((row for row in rows if row.symbol == symbol), None)


class Brief(Ask):
    """A question that takes silence for no."""

    def _keys(self) -> str:
        return self.look.say("hotlist.ask.short")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_timer(ASK_S, self.action_no)


def approve(app: CockpitApp) -> None:
    """The market under the cursor joins the whitelist, if all that was shown still holds."""
    look = app.look()
    symbol = app.desk.views["hotlist"].cursor
    row = candidate(app.frame, symbol)
    if row is None or app.frame is None:
        app.tell("hotlist.choose")
        return
    now = app.clock()
    age = freshness.market_age(app.frame, symbol, app.lag)
    if now - app.door.at > LATE_S:
        app.tell("hotlist.late_key")
    elif age:
        words = {"symbol": figures.short(symbol), "age": figures.span(age)}
        app.warn(look.say("hotlist.stale", **words))
    elif app.seen.what[:2] != (symbol, row.seal) or now - app.seen.since < LOOKED_S:
        app.tell("hotlist.look_first")
    else:
        args = {"symbol": symbol, "scan": str(app.seen.what[2]), "seal": row.seal}
        if app.frame.mode not in REAL:
            app.controls.send("approve", args)
            return
        title = look.say("hotlist.ask", symbol=figures.short(symbol), score=f"{row.score:.3f}")
        app.controls.ask(Brief(look, title, _lines(row, look)), lambda _: _sent(app, "approve", args))


def _lines(row: Candidate, look: Look) -> list[str]:
    week = "?" if row.low is None else f"{row.low:g}..{row.high:g}"
    lever = f"{row.leverage}x" if row.leverage else "?"
    return [look.say("hotlist.ask.price", price=f"{row.price:g}", range=week, leverage=lever)]


def _sent(app: CockpitApp, verb: str, args: dict[str, str]) -> None:
    app.controls.send(verb, args)


def reject(app: CockpitApp) -> None:
    """Asks why, with one key."""
    symbol = app.desk.views["hotlist"].cursor
    if not symbol:
        app.tell("hotlist.choose")
        return
    look = app.look()
    title = look.say("hotlist.ask.reject", symbol=figures.short(symbol))
    reasons = [(name, look.say(f"hotlist.reason.{name}")) for name in REASONS]
    app.controls.ask(
        Choice(look, title, reasons), lambda why: _sent(app, "reject", {"symbol": symbol, "reason": why})
    )


def plain(app: CockpitApp, verb: str) -> None:
    """Snooze or undo: harmless, so at once."""
    symbol = app.desk.views["hotlist"].cursor
    if symbol:
        app.controls.send(verb, {"symbol": symbol})
    else:
        app.tell("hotlist.choose")
