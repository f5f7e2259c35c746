"""The kill switch: the gesture that fires it and the words that tell the truth about it. Pure."""

from __future__ import annotations

from enum import Enum
from math import inf

import msgspec

from cockpit.core.frames import Answer, Halt
from cockpit.tui import figures
from cockpit.tui.picture import Look

WINDOW = 2.0
"""Seconds in which the second press must come."""
REPEAT = 0.12
"""A press closer than this to the one before is a held key or a paste, not a decision."""
PATIENCE = 0.5
"""Seconds without an answer after which the halt counts as NOT CONFIRMED."""


class Press(Enum):
    """What one press of the halt key did."""

    ARMED = "armed"
    FIRED = "fired"
    IGNORED = "ignored"


class Gesture:
    """Twice within two seconds, at a human pace. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._armed = -inf
        self._last = -inf

    def press(self, now: float) -> Press:
        """The halt key was pressed."""
        gap, self._last = now - self._last, now
        if gap <= REPEAT:
            return Press.IGNORED
        if self.armed(now):
            self.cancel()
            return Press.FIRED
        self._armed = now
        return Press.ARMED

    def armed(self, now: float) -> bool:
        """Would a press now fire?"""
        return now - self._armed <= WINDOW

    def cancel(self) -> None:
        """Another key was pressed."""
        self._armed = -inf


class Asked(msgspec.Struct):
    """A halt this screen has sent."""

    command_id: str
    at: float
    answer: Answer | None = None


class Banner(msgspec.Struct, frozen=True):
    """A lasting line across the screen."""

    text: str
    style: str


def armed_banner(look: Look, key: str) -> Banner:
    """The whole status row while the switch is armed."""
    return Banner(look.say("banner.armed", key=key), "banner_danger")


def halt_banner(halt: Halt | None, asked: Asked | None, now: float, look: Look) -> Banner | None:
    """What is true about the halt: nothing is called halted before the venue was read back."""
    if halt is not None:
        return _from_engine(halt, look)
    if asked is None:
        return None
    waited = now - asked.at
    if asked.answer is not None and not asked.answer.ok:
        reason = look.news(asked.answer.message_id, asked.answer.args)
        return Banner(look.say("banner.refused", reason=reason), "banner_danger")
    if asked.answer is not None:
        return Banner(look.say("banner.taken", ms=f"{asked.answer.ms:.0f}"), "banner_danger")
    if waited > PATIENCE:
        return Banner(look.say("banner.not_confirmed", seconds=f"{waited:.1f}"), "banner_danger")
    return Banner(look.say("banner.sent"), "banner_danger")


def _from_engine(halt: Halt, look: Look) -> Banner:
    still = look.say("banner.still_open", orders=halt.entries_open, positions=halt.positions_open)
    if halt.phase == "confirmed" and halt.confirmed:
        kind = "banner.flat" if halt.flatten else "banner.confirmed"
        return Banner(
            look.say(
                kind,
                time=figures.clock(halt.confirmed),
                by=halt.by,
                orders=halt.entries_open,
                positions=halt.positions_open,
            ),
            "banner_warn",
        )
    if halt.phase == "failed":
        return Banner(look.say("banner.failed", reason=halt.detail or "-", still=still), "banner_danger")
    phase = halt.phase if halt.phase in ("asked", "cancelling", "flattening", "reading") else "asked"
    return Banner(look.say(f"banner.{phase}", by=halt.by, still=still), "banner_danger")


def link_banner(lost: float, driver_engine_here: bool, look: Look) -> Banner | None:
    """The engine has not spoken: what is below is old, and trading may go on."""
    if lost <= 0:
        return None
    message = "banner.link_lost_here" if driver_engine_here else "banner.link_lost"
    return Banner(look.say(message, seconds=f"{lost:.0f}"), "banner_danger")
