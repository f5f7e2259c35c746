"""The risk traffic light (RK-14): one glance, and the first reason for it.

red     trading is stopped: a halt, a stop of the account, a breaker at HALT or FLATTEN
yellow  something holds back or is near: a lower step, a lock, a bench, a dead line, books not yet
        compared, a limit used to 80 % or more
green   none of these

And of one sleeve: what keeps it from what it wants.
"""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core.breakers import Level
from cockpit.core.frames import LimitRow
from cockpit.core.posture import Posture
from cockpit.core.sized import in_force
from cockpit.core.state import Sleeve, State
from cockpit.core.worth import unconverted

NEAR = 0.8
GREEN, YELLOW, RED = "green", "yellow", "red"


def light(state: State, limits: Sequence[LimitRow]) -> tuple[str, str]:
    """(colour, why in the machine's words; empty when green)."""
    red = _red(state)
    if red:
        return RED, red
    yellow = _yellow(state, limits)
    return (YELLOW, yellow) if yellow else (GREEN, "")


def _red(state: State) -> str:
    if state.halt is not None:
        return f"halt: {state.halt.phase}"
    for name, why in state.watch.stopped.items():
        return f"{name}: {why}"
    for trip in state.trips.values():
        if trip.step >= Posture.HALT:
            return f"{trip.breaker}: {trip.reason}"
    return state.posture.name.lower() if state.posture >= Posture.HALT else ""


def _yellow(state: State, limits: Sequence[LimitRow]) -> str:
    for trip in sorted(state.trips.values(), key=lambda t: -t.step):
        return f"{trip.breaker}: {trip.reason}"
    for lock in state.locks.values():
        if not 0 < lock.until <= state.now:
            return f"{lock.by}: {lock.reason}"
    for sleeve in state.sleeves.values():
        if sleeve.benched:
            return f"{sleeve.id}: {sleeve.benched}"
    down = sorted(name for name, up in state.links.items() if not up)
    if down:
        return f"{', '.join(down)} down"
    if state.posture is not Posture.NORMAL:
        loud = max(state.voices, key=lambda name: state.voices[name])
        return f"{state.posture.name.lower()} ({loud})"
    for symbol, why in unconverted(state):
        return f"{symbol}: {why}"
    near = max(limits, key=_share, default=None)
    return f"{near.rule}: {_share(near):.0%} used" if near is not None and _share(near) >= NEAR else ""


def _share(row: LimitRow) -> float:
    return row.used / row.limit if row.limit > 0 else 0.0


def rows(levels: Sequence[Level]) -> tuple[LimitRow, ...]:
    """One row a breaker for the limits panel: its reading that is nearest to a rung, and that rung."""
    worst: dict[str, Level] = {}
    for level in levels:
        known = worst.get(level.breaker)
        if known is None or level.value / level.limit > known.value / known.limit:
            worst[level.breaker] = level
    return tuple(LimitRow(x.breaker, x.value, x.limit, x.unit) for x in worst.values())


def refusal(sleeve: Sleeve) -> str:
    """What keeps it from what it wants: the first rule that said no, or a sizing that gives it nothing."""
    if sleeve.verdicts:
        return f"{sleeve.verdicts[0].rule}: {sleeve.verdicts[0].reason}"
    size = in_force(sleeve)
    if size is not None and not size.qty and not sleeve.benched:
        return f"{size.method}: {size.why}"
    return sleeve.benched
