"""The score of a drill, from what was seen: pure, so that it can be judged again from the file."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

QUICK_S = 10.0
"""From the first alarm to the right deed: full marks."""
SYSTEM, PERSON = 60, 40
"""Points: what the machine did by itself, what the person did."""
FLIGHT_MS = 250
"""An order that left just before the halt may reach the exchange just after it."""


class Look(msgspec.Struct, frozen=True):
    """One moment."""

    at: float
    """Seconds since the disaster began."""
    mute: bool
    """The cockpit gives no picture."""
    posture: str
    light: str
    alarms: int
    """Warnings and alarms said since then."""
    first: str
    """Message id of the first."""
    halt: str
    """Phase of the halt; empty = there is none."""
    file: bool
    """The file that asks for a halt is there."""
    held: str
    """At the exchange."""
    naked: str
    """Of that, what no stop covers."""
    entries: int
    """Orders resting there that could enlarge a position."""
    args: dict[str, str] = {}
    """Of the first message."""


class Rules(msgspec.Struct, frozen=True):
    """What was expected."""

    alarm_s: float
    naked_s: float
    limit_s: float
    halt: bool


class Ending(msgspec.Struct, frozen=True):
    """How everything stood when it was over."""

    alive: bool
    asked_s: float
    """When the halt was asked for; -1 = never."""
    by: str
    """Who asked."""
    deed_s: float
    """The first deed of a person; -1 = there was none."""
    deed: str
    confirmed_s: float
    """When the exchange had been read back; -1 = never."""
    receipt: str
    """Digest of the halt's receipt; empty = none."""
    after_halt: int
    """Entry orders that reached the exchange after the halt."""
    twice: int
    """Client ids under which the exchange took more than one order."""
    books_equal: bool
    """The cockpit's positions are the exchange's."""
    chain: int
    """Rows of the journal whose hashes hold; -1 = they do not."""


class Check(msgspec.Struct, frozen=True):
    """One demand on the machine. Its sentence is ``drill.check.NAME``."""

    name: str
    ok: bool
    found: str
    bound: str = ""


class Score(msgspec.Struct, frozen=True):
    """What a drill came to."""

    checks: tuple[Check, ...]
    alarm_s: float
    """The first thing the screen said; -1 = nothing."""
    alarm: str
    args: dict[str, str]
    noticed_s: float
    """From the alarm to the person's first deed; -1 = no deed."""
    halted_s: float
    confirmed_s: float
    naked_s: float
    """The longest stretch in which something stood without its stop."""
    system: int
    person: int

    @property
    def total(self) -> int:
        return self.system + self.person

    @property
    def passed(self) -> bool:
        """Everything that was demanded of the machine, it did."""
        return all(check.ok for check in self.checks)


def judge(looks: Sequence[Look], end: Ending, rules: Rules) -> Score:
    """Checks and points."""
    alarm_s, alarm, args = first_alarm(looks)
    bare_s = longest_naked(looks)
    resting = looks[-1].entries if looks else 0
    checks = [
        Check("alarm", 0 <= alarm_s <= rules.alarm_s, seconds(alarm_s), f"{rules.alarm_s:g} s"),
        Check("naked", bare_s <= rules.naked_s, f"{bare_s:.1f} s", f"{rules.naked_s:g} s"),
        Check("twice", end.twice == 0, str(end.twice), "0"),
        Check("books", end.books_equal, "=" if end.books_equal else "≠", "="),
        Check("journal", end.chain >= 0, str(end.chain)),
        Check("alive", end.alive, "yes" if end.alive else "no", "yes"),
    ]
    if end.asked_s >= 0:
        checks += [
            Check("after_halt", end.after_halt == 0, str(end.after_halt), "0"),
            Check("entries_gone", resting == 0, str(resting), "0"),
            Check("receipt", bool(end.receipt), end.receipt[:12] or "-"),
        ]
    noticed = max(0.0, end.deed_s - max(0.0, alarm_s)) if end.deed_s >= 0 else -1.0
    good = sum(check.ok for check in checks)
    return Score(
        checks=tuple(checks),
        alarm_s=alarm_s,
        alarm=alarm,
        args=args,
        noticed_s=round(noticed, 1),
        halted_s=end.asked_s,
        confirmed_s=end.confirmed_s,
        naked_s=bare_s,
        system=round(SYSTEM * good / len(checks)),
        person=points(end, max(0.0, alarm_s), rules),
    )


def points(end: Ending, alarm_s: float, rules: Rules) -> int:
    """Full marks up to ``QUICK_S`` after the alarm, none at the limit; a drill to watch asks for no deed."""
    if not rules.halt:
        return PERSON
    if end.asked_s < 0 or end.deed_s < 0:
        return 0
    late = end.asked_s - alarm_s - QUICK_S
    room = max(1.0, rules.limit_s - alarm_s - QUICK_S)
    return round(PERSON * min(1.0, max(0.0, 1 - late / room)))


def first_alarm(looks: Sequence[Look]) -> tuple[float, str, dict[str, str]]:
    """When the screen first said that something is wrong, and what; (-1, "", {}) = it did not."""
    for look in looks:
        if look.mute:
            return look.at, "mute", {}
        if look.alarms:
            return look.at, look.first, look.args
        if look.light in {"yellow", "red"} and not look.halt:
            return look.at, look.light, {}
    return -1.0, "", {}


def longest_naked(looks: Sequence[Look]) -> float:
    """Seconds of the longest unbroken stretch without a stop."""
    longest, since = 0.0, -1.0
    for look in looks:
        if not look.naked:
            since = -1.0
            continue
        since = look.at if since < 0 else since
        longest = max(longest, look.at - since)
    return round(longest, 2)


def seconds(value: float) -> str:
    """``1.2 s``; a dash for never."""
    return "-" if value < 0 else f"{value:.1f} s"
