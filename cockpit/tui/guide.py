"""The first five minutes: five things a trader must be able to do here, each ticked when it was really done.

Pure. The words stand in rows of their own under the panels, so that they never cover what they talk about.
A step is over when the engine's own picture, or the focus, shows that it happened, not when a key is pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from cockpit.core.frames import Frame, PositionRow, SleeveRow
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, clip_row, fit, width_of, wrapped
from cockpit.tui.keymap import Keymap
from cockpit.tui.picture import Look

ROWS = 3
"""Rows of the strip: one with the name of the step, two with words."""
LEAST_HEIGHT = 20
"""Rows of a terminal below which the panels need every one of them."""
READ_S = 4.0
"""How long the praise stands before the next step: as long as its two lines take to read."""
MODE = "PRACTICE"
"""Where a beginner may stop all trading to see what happens. Nowhere else is this ever shown."""


NAMED = {"undo": "hotlist.undo", "help": "help", "palette": "palette"}
"""Keys that a praise names."""


class Sight(NamedTuple):
    """Where the person is."""

    page: str
    panel: str
    """The panel with the focus."""


class Words(NamedTuple):
    """A sentence of the catalogue and the numbers in it."""

    message: str
    args: dict[str, str] = {}


class Step(NamedTuple):
    """One thing to do; ``guide.<name>`` in the catalogue."""

    name: str
    done: Callable[[Sight, Frame, int], Words | None]
    """(where, what the engine shows, engine time at which the step began) → the praise, or None: not yet."""
    say: Callable[[Sight, Frame, Keymap], Words]
    """What to do next, from where the person is."""


def _approved(_: Sight, frame: Frame, since: int) -> Words | None:
    log = frame.hotlist.log if frame.hotlist is not None else ()
    row = next((r for r in log if r.verb == "approve" and r.ts >= since and not r.refused), None)
    return None if row is None else Words("guide.approve.done", {"symbol": figures.short(row.symbol)})


def _approve(sight: Sight, frame: Frame, keys: Keymap) -> Words:
    if sight.page != "hotlist":
        return Words("guide.approve.go", {"key": keys.key("page.hotlist")})
    if frame.hotlist is None or not frame.hotlist.candidates:
        return Words("guide.approve.wait")
    if sight.panel != "hotlist":
        return Words("guide.panel", {"key": keys.key("focus.next"), "panel": "hotlist"})
    named = {"key": "hotlist.approve", "up": "row.up", "down": "row.down"}
    return Words("guide.approve.do", {name: keys.key(action) for name, action in named.items()})


def _silent(frame: Frame) -> SleeveRow | None:
    """A strategy that does not trade now; better one that a rule refused."""
    rows = sorted(frame.sleeves, key=lambda row: (not row.why, not row.idle))
    return rows[0] if rows else None


def _asked_why(sight: Sight, frame: Frame, _: int) -> Words | None:
    row = _silent(frame)
    if (sight.page, sight.panel) != ("risk", "why") or row is None:
        return None
    return Words("guide.why.done", {"symbol": figures.short(row.symbol)})


def _why(sight: Sight, frame: Frame, keys: Keymap) -> Words:
    if sight.page != "risk":
        return Words("guide.why.go", {"key": keys.key("page.risk")})
    return Words("guide.panel", {"key": keys.key("focus.next"), "panel": "why"})


def _stopped(frame: Frame) -> PositionRow | None:
    """A position with a price that would fire."""
    return next((row for row in frame.positions if any(layer.first for layer in row.layers)), None)


def _saw_ladder(sight: Sight, frame: Frame, _: int) -> Words | None:
    row = _stopped(frame)
    if sight.panel != "ladder" or row is None:
        return None
    first = next(layer for layer in row.layers if layer.first)
    book = freshness.book_of(frame, row.symbol)
    price = figures.price(first.price, book.tick if book else 0.0)
    cash = figures.signed(first.cash, figures.places_of(frame.currency))
    numbers = {"symbol": figures.short(row.symbol), "price": price, "cash": cash}
    return Words("guide.ladder.done", numbers)


def _ladder(sight: Sight, frame: Frame, keys: Keymap) -> Words:
    if sight.page not in ("orders", "risk"):
        return Words("guide.ladder.go", {"key": keys.key("page.orders")})
    if sight.panel != "ladder":
        return Words("guide.panel", {"key": keys.key("focus.next"), "panel": "ladder"})
    return Words("guide.ladder.wait")


def _halted(_: Sight, frame: Frame, __: int) -> Words | None:
    halt = frame.halt
    if halt is None or halt.phase != "confirmed":
        return None
    return Words("guide.halt.done", {"orders": str(halt.entries_open), "positions": str(halt.positions_open)})


def _halt(_: Sight, frame: Frame, keys: Keymap) -> Words:
    if frame.halt is not None:
        return Words("guide.halt.wait")
    return Words("guide.halt.do", {"key": keys.key("halt")})


def _resumed(_: Sight, frame: Frame, __: int) -> Words | None:
    return Words("guide.resume.done") if frame.halt is None else None


def _resume(_: Sight, __: Frame, keys: Keymap) -> Words:
    return Words("guide.resume.do", {"key": keys.key("palette")})


STEPS = (
    Step("approve", _approved, _approve),
    Step("why", _asked_why, _why),
    Step("ladder", _saw_ladder, _ladder),
    Step("halt", _halted, _halt),
    Step("resume", _resumed, _resume),
)


class Guide(msgspec.Struct):
    """How far the person is. ``at`` is past the last step when all was done."""

    at: int = 0
    since: int = 0
    """Engine time at which the step began; 0 = not yet."""
    praise: Words | None = None
    praised: float = 0.0
    """When, on the screen's clock."""

    @property
    def finished(self) -> bool:
        return self.at >= len(STEPS)

    def look(self, sight: Sight, frame: Frame, now: float) -> bool:
        """One round; True when the last praise has been read and the strip may go."""
        if self.praise is not None:
            if now - self.praised < READ_S:
                return False
            self.at, self.since, self.praise = self.at + 1, 0, None
        if self.finished:
            return True
        self.since = self.since or frame.ts
        self.praise = STEPS[self.at].done(sight, frame, self.since)
        self.praised = now
        return False

    def rows(self, sight: Sight, frame: Frame, keys: Keymap, look: Look) -> list[Row]:
        """The strip: what this step is, how to leave, and what to do next."""
        if self.finished:
            return []
        step = STEPS[self.at]
        words = self.praise or step.say(sight, frame, keys)
        args = {name: keys.key(action) for name, action in NAMED.items()} | words.args
        if "panel" in args:
            args["panel"] = look.say(f"panel.{args['panel']}")
        if "cash" in args:
            args["cash"] = look.amount(args["cash"])
        mark = f"{look.glyphs.dot} " if self.praise is not None else ""
        text = wrapped(mark + look.say(words.message, **args), max(1, look.width - 2))[: ROWS - 1]
        name = look.say("guide.title", at=self.at + 1, count=len(STEPS), step=look.say(f"guide.{step.name}"))
        leave = look.say("guide.leave", key=keys.key("back"))
        head = f" {name}"
        room = look.width - width_of(head) - 1
        style = "good" if self.praise is not None else "text"
        rows: list[Row] = [((head, "accent bold"), (f"{fit(leave, max(1, room), True)} ", "muted"))]
        rows += [((f" {line}", style),) for line in text]
        rows += [(("", ""),)] * (ROWS - len(rows))
        return [clip_row(row, look.width) for row in rows]
