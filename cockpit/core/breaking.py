"""Breakers at work inside the step: they look, episodes climb or end, and wishes are held back.

What a step means for a wish: DELEVER leaves ``breakers.delever`` of what it would add; REDUCE_ONLY and HALT
leave only what reduces (resting entries are cancelled); FLATTEN makes it an exit. Each verdict carries the
breaker and its numbers. Steps about the whole account are voices of the posture too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from cockpit.core import events as ev
from cockpit.core import pulse as beat
from cockpit.core.breakers import (
    ACCOUNT,
    EVERY_MS,
    Breaker,
    Facts,
    Level,
    Lockout,
    Reading,
    Trip,
    advance,
)
from cockpit.core.gate import GateContext, grows
from cockpit.core.intents import Intent, Quote
from cockpit.core.posture import Posture
from cockpit.core.slots import Market
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Lock, sleeve_key, symbol_key, version_key
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO

VOICE = "breaker:"


def moved(state: State) -> int:
    """Prices moved: when breakers must look."""
    pulse = state.pulse
    if not pulse.due:
        pulse.due = max(state.now, pulse.checked + EVERY_MS)
    return pulse.due


def step(
    state: State, breakers: Sequence[Breaker], markets: Mapping[str, Market], event: ev.Event, turn: Turn
) -> None:
    """Learn a fact, and look when it is time."""
    beat.learn(state, event)
    pulse = state.pulse
    if pulse.checked and state.now < pulse.checked + EVERY_MS:
        pulse.due = pulse.due or pulse.checked + EVERY_MS
        return
    pulse.due, pulse.checked = 0, state.now
    seen = beat.facts(state, markets)
    pulse.levels = []
    for breaker in breakers:
        _ask(state, breaker, seen, turn)
    if pulse.down:
        pulse.due = state.now + EVERY_MS  # how long a link is down is news too


def _ask(state: State, breaker: Breaker, seen: Facts, turn: Turn) -> None:
    """One breaker's answer. It is a plug-in: one that breaks stops entries until a person resumes."""
    if breaker.name in state.pulse.broken:
        return
    try:
        found = list(breaker.read(seen, breaker.params))
    except Exception as error:  # noqa: BLE001 - the fence around plug-ins: what cannot judge lets nobody in
        why = f"the breaker failed: {type(error).__name__}: {error}"
        state.pulse.broken[breaker.name] = why
        _set(state, Trip(breaker.name, ACCOUNT, Posture.REDUCE_ONLY, why, state.now, state.now, 0), turn)
        return
    if breaker.kind == "lock":
        for lockout in found:
            _lock(state, breaker, lockout, turn)
        return
    said = {reading.about: reading for reading in found}
    for trip in [t for t in state.trips.values() if t.breaker == breaker.name]:
        said.setdefault(trip.about, Reading(0.0, trip.reason, trip.about))
    for about, reading in said.items():
        key = f"{breaker.name}|{about}"
        limit = breaker.params.next_limit(reading.value)
        state.pulse.levels.append(Level(breaker.name, about, reading.value, limit, breaker.unit))
        before = state.trips.get(key)
        after = advance(before, breaker.name, reading, breaker.params, state.now)
        if after is None and before is not None:
            _clear(state, key, before, turn)
        elif after is not None and (before is None or after.step != before.step):
            _set(state, after, turn)
        elif after is not None:
            state.trips[key] = after


def _set(state: State, trip: Trip, turn: Turn) -> None:
    """A step up: remembered, said, and everybody is decided again."""
    state.trips[f"{trip.breaker}|{trip.about}"] = trip
    if trip.about == ACCOUNT:
        state.voices[VOICE + trip.breaker] = trip.step
    turn.note(
        "alarm",
        "breaker.up",
        by=trip.breaker,
        about=trip.about or "account",
        posture=trip.step.name.lower(),
        reason=trip.reason,
    )
    _touch_all(state, turn)


def _clear(state: State, key: str, trip: Trip, turn: Turn) -> None:
    del state.trips[key]
    if trip.about == ACCOUNT:
        state.voices.pop(VOICE + trip.breaker, None)
    turn.note("good", "breaker.over", by=trip.breaker, about=trip.about or "account")
    _touch_all(state, turn)


def _touch_all(state: State, turn: Turn) -> None:
    for sleeve in state.sleeves:
        turn.touch(sleeve)


def _lock(state: State, breaker: Breaker, lockout: Lockout, turn: Turn) -> None:
    """Close entries of something; a lock of somebody else that holds longer stays."""
    known = state.locks.get(lockout.about)
    if lockout.until <= state.now or (known is not None and not 0 < known.until < lockout.until):
        return
    state.locks[lockout.about] = Lock(breaker.name, lockout.reason, state.now, lockout.until)
    if known is None or known.by != breaker.name:
        turn.note("warn", "lock.set", what=lockout.about, by=breaker.name, reason=lockout.reason)
    _touch_all(state, turn)


def lift(state: State) -> None:
    """A person resumes: every episode ends, and everything is counted from here."""
    for trip in state.trips.values():
        state.voices.pop(VOICE + trip.breaker, None)
    if state.trips or state.pulse.broken or state.pulse.checked:
        state.trips.clear()
        beat.rebase(state)


def fit(state: State, breakers: Sequence[Breaker]) -> None:
    """Episodes of breakers that the settings no longer name end with them."""
    names = {breaker.name for breaker in breakers}
    for key in [key for key, trip in state.trips.items() if trip.breaker not in names]:
        state.voices.pop(VOICE + state.trips.pop(key).breaker, None)


def due(state: State) -> list[int]:
    """Instants at which breakers must look: prices moved, a cool-down ends."""
    pulse = state.pulse
    ends = [max(trip.until, pulse.checked + EVERY_MS) for trip in state.trips.values() if trip.until]
    return [pulse.due, *ends]


def strictest(state: State, sleeve: Sleeve) -> Trip | None:
    """The episode with the highest step that is about this sleeve."""
    mine = {
        ACCOUNT,
        sleeve_key(sleeve.id),
        version_key(sleeve.strategy, sleeve.version),
        symbol_key(sleeve.symbol),
    }
    return max((t for t in state.trips.values() if t.about in mine), key=lambda t: t.step, default=None)


def held_back(state: State, sleeve: Sleeve, intent: Intent, context: GateContext) -> Intent:
    """What the breakers leave of a wish, in their words."""
    trip = strictest(state, sleeve)
    if trip is None:
        return intent
    words = f"{trip.step.name.lower()}: {trip.reason}"
    if trip.step is Posture.FLATTEN:
        if (intent.target, intent.quotes) == (ZERO, ()):
            return intent
        tag = f"stop:{trip.breaker}"
        after = msgspec.structs.replace(intent, target=ZERO, quotes=(), tag=tag)
        return context.trim(trip.breaker, intent, after, words)
    if not context.increases(intent):
        return intent
    if trip.step is Posture.DELEVER:
        return context.trim(trip.breaker, intent, _smaller(intent, state.delever, context), words)
    return context.block(trip.breaker, intent, words)


def _smaller(intent: Intent, part: float, context: GateContext) -> Intent:
    """The wish with what it would add cut to ``part`` of its size; what is held may stay."""
    share, have, instrument = Decimal(repr(part)), context.have, context.instrument
    target = intent.target
    if target is not None and grows(have, target):
        size = abs(target) * share
        if have * target > 0:
            size = max(size, abs(have))
        target = instrument.qty(size if target > 0 else -size)
    quotes = []
    for quote in intent.quotes:
        qty = quote.qty
        if context.opens(quote):
            qty = instrument.qty(qty * share)
        if qty > 0:
            quotes.append(Quote(quote.side, quote.price, qty, quote.tag))
    return msgspec.structs.replace(intent, target=target, quotes=tuple(quotes))
