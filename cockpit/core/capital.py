"""Who may use how much of the equity: what a person or the allocator has applied, and how it is taken back.

    capital        {shares: {"sleeve": 0.3, …}, rest: {"sleeve": hours}, why}   applied whole, or not at all
    capital_undo   the shares and rests from before, while nobody has applied anything since

A share is what a sleeve may size against (``Sleeve.share``). It opens nothing by itself: the strategy's next
wish is sized anew, and that wish passes the gate as every other does. A promotion does not undo it: a version
that enters production takes the smaller of the share it names and the one applied to it or to what it
replaces. A sleeve that rests is locked: it may leave its position, and enters nothing until its time is over.
"""

from __future__ import annotations

from math import isfinite

import msgspec

from cockpit.core import events as ev
from cockpit.core.shares import Applied
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Lock, sleeve_key
from cockpit.core.turn import Turn
from cockpit.core.unreadable import UNREADABLE

VERBS = frozenset(("capital", "capital_undo"))
BY = "capital"
HOUR = 3_600_000
LONGEST_H = 24 * 90.0


class Unfit(Exception):
    """Nothing is done; the message says why."""

    def __init__(self, message: str, **args: object) -> None:
        super().__init__(message)
        self.message = message
        self.words = {name: str(value) for name, value in args.items()}


def obey(state: State, event: ev.Command, turn: Turn) -> None:
    """Do one of ``VERBS``, or refuse it whole; the refusal can be read by the command's id."""
    try:
        if event.verb == "capital":
            _apply(state, event, turn)
        else:
            _undo(state, event, turn)
    except Unfit as no:
        state.refuse(event.command_id, no.message, no.words)
        turn.note("warn", no.message, **no.words)


def _apply(state: State, event: ev.Command, turn: Turn) -> None:
    shares = _numbers(event.args.get("shares", "{}"), 1.0)
    rest = _numbers(event.args.get("rest", "{}"), LONGEST_H)
    if not shares and not rest:
        raise Unfit("capital.nothing")
    for name in (*shares, *rest):
        if name not in state.sleeves:
            raise Unfit("capital.no_sleeve", sleeve=name)
        if name in shares and state.sleeves[name].capital:
            raise Unfit("capital.of_its_stage", sleeve=name)
    before = {name: leg.share for name in shares for leg in _legs(state, name)}
    held = dict(state.capital.held)
    for name, share in shares.items():
        for leg in _legs(state, name):
            leg.share = held[leg.id] = share
            turn.touch(leg.id)
    for name, hours in rest.items():
        for leg in _legs(state, name):
            until = event.ts + int(hours * HOUR)
            state.locks[sleeve_key(leg.id)] = Lock(BY, event.args.get("why", ""), event.ts, until)
            turn.touch(leg.id)
    why, was = event.args.get("why", ""), state.capital.held
    state.capital = Applied(event.ts, event.actor, why, before, tuple(rest), held=held, held_before=dict(was))
    moved = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    turn.note("info", "capital.applied", actor=event.actor, shares=moved, rest=", ".join(rest))


def _undo(state: State, event: ev.Command, turn: Turn) -> None:
    done = state.capital
    if not done.at or done.undone:
        raise Unfit("capital.no_undo")
    for name, share in done.before.items():
        sleeve = state.sleeves.get(name)
        if sleeve is not None and not sleeve.capital:  # a canary's share is its stage's
            sleeve.share = share
            turn.touch(name)
    for name in done.rested:
        for leg in _legs(state, name):
            lock = state.locks.get(sleeve_key(leg.id))
            if lock is not None and lock.by == BY:
                del state.locks[sleeve_key(leg.id)]
                turn.touch(leg.id)
    state.capital = msgspec.structs.replace(done, undone=event.ts, held=done.held_before)
    turn.note("info", "capital.undone", actor=event.actor)


def _legs(state: State, name: str) -> list[Sleeve]:
    """Legs of one strategy share one capital."""
    sleeve = state.sleeves.get(name)
    return [] if sleeve is None else state.group(sleeve)


def _numbers(text: str, most: float) -> dict[str, float]:
    try:
        found = msgspec.json.decode(text, type=dict[str, float])
    except UNREADABLE:
        raise Unfit("capital.unreadable", text=text[:80]) from None
    for name, value in found.items():
        if not (isfinite(value) and 0.0 <= value <= most):
            raise Unfit("capital.out_of_bounds", sleeve=name, value=value, most=most)
    return found
