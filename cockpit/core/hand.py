"""What a person does by hand. Nothing is done that was not first shown as a plan (``core.planning``).

    enter    a position of its own on a market, in the sleeve ``manual@1/SYMBOL``, with a stop
    exit     all or part of what sleeves hold there; a strategy's sleeve is locked so that it stays out
    cancel   one order, ours or a stranger's
    entries  off / on: a voice of the posture, less than a halt: exits and protection go on
    lock     a market, sleeve or strategy version takes no new positions, until an instant or a person
    unlock   lifts it
    limit    one of the gate's limits, tighter than the settings, or back to them (``off``)
    take     a stranger's position becomes the hand's own, with a stop; ``release`` gives it back

A manual sleeve has no strategy. Gate, sub-books, stops and restart treat it like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from cockpit.core import commands, planning, strangers
from cockpit.core import events as ev
from cockpit.core.intents import Intent
from cockpit.core.ledger import foreign
from cockpit.core.meant import (
    HAND,
    MANUAL,
    VERSION,
    find,
    holders,
    key_of,
    levels,
    lots,
    minutes,
    reason_of,
    sleeve_name,
)
from cockpit.core.orders import Role
from cockpit.core.posture import Posture
from cockpit.core.refusal import Refusal
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Lock, equipped, sleeve_key
from cockpit.core.tighter import tighten
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, PosSide
from cockpit.core.undoing import inverse, words

if TYPE_CHECKING:
    from cockpit.core.engine import Engine
    from cockpit.core.slots import Slot

FIRST_INDEX = 900
"""Client ids of manual sleeves begin here, far from those that the settings number."""
REMEMBERED = 100
Deed = Callable[["Engine", dict[str, str], ev.Command, Turn], None]


class Manual(msgspec.Struct):
    """Stands where a strategy would: it wants nothing by itself."""


def obey(engine: Engine, state: State, event: ev.Command, turn: Turn) -> None:
    """Apply a plan, once, or say why not; every other command goes its usual way."""
    if event.verb != "apply" or event.command_id in state.commands:
        commands.obey(state, event, turn)
        return
    commands.remember(state, event)
    verb = event.args.get("verb", "")
    try:
        if not engine.rehearsal:
            planning.check(engine, event)
        undo = inverse(state, event.args)
        deed(verb)(engine, event.args, event, turn)
    except Refusal as no:
        state.refuse(event.command_id, no.message, no.numbers)
        turn.note("warn", no.message, **no.numbers)
        return
    state.undo = undo
    turn.note("warn", "hand.done", actor=event.actor, what=words(event.args))


def deed(verb: str) -> Deed:
    """Raises Refusal for a verb that nobody knows."""
    if verb not in DEEDS:
        raise Refusal("hand.unknown", verb=verb, known=", ".join(DEEDS))
    return DEEDS[verb]


# --- money ------------------------------------------------------------------------------------------


def _enter(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state = engine.state
    symbol = find(state, args.get("symbol", ""))
    instrument = state.instruments[symbol]
    sign = {"long": 1, "short": -1}.get(args.get("side", ""))
    if sign is None:
        raise Refusal("hand.side", side=args.get("side", ""))
    if sign < 0 and not instrument.derivative:
        raise Refusal("hand.no_short", symbol=symbol)
    size = lots(instrument, args.get("qty", ""))
    if args.get("size"):
        size = min(size, lots(instrument, args["size"]))  # no more than the plan has shown, now or later
    if instrument.max_qty and size > instrument.max_qty:
        raise Refusal("hand.too_large", qty=size, most=instrument.max_qty)
    known = state.sleeves.get(sleeve_name(symbol))
    have = state.position(sleeve_name(symbol))
    if have * sign < 0:
        raise Refusal("hand.other_way", symbol=symbol, qty=have)
    if known is not None and any(o.role is Role.ENTRY for o in state.orders_of(known.id)):
        raise Refusal("hand.working", symbol=symbol)
    before = known.intent if known is not None and have else None
    stop, take = levels(state, instrument, args, sign, before)
    _wish(engine, symbol, have + sign * size, stop, take, turn)


def _wish(
    engine: Engine, symbol: str, target: Decimal, stop: Decimal | None, take: Decimal | None, turn: Turn
) -> None:
    sleeve = seat(engine, symbol).sleeve
    sleeve.intent = Intent(sleeve.id, symbol, target, (), stop, take, HAND)
    sleeve.tag = HAND
    sleeve.armed = engine.state.seq
    sleeve.rejects = sleeve.faulted = sleeve.retry_at = 0
    turn.intents.append(sleeve.intent)
    turn.touch(sleeve.id)


def _exit(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state = engine.state
    found = holders(state, args)
    qty = args.get("qty", "")
    if qty and (len(found) > 1 or found[0].group):
        raise Refusal("hand.which", names=", ".join(s.id for s in found))
    for sleeve in found:
        have = state.position(sleeve.id)
        left = ZERO
        if qty:
            size = lots(state.instruments[sleeve.symbol], qty)
            left = max(ZERO, abs(have) - size).copy_sign(have)
        intent = sleeve.intent or Intent(sleeve.id, sleeve.symbol)
        kept = {} if left else {"stop": None, "take": None}
        intent = msgspec.structs.replace(intent, target=left or ZERO, quotes=(), tag=HAND, **kept)
        sleeve.intent = intent
        sleeve.tag = HAND
        sleeve.reduce_at = 0
        turn.intents.append(intent)
        if sleeve.strategy != MANUAL:
            reason = args.get("reason", "").strip() or f"{event.actor} took it out"
            state.locks.setdefault(sleeve_key(sleeve.id), Lock(HAND, reason, event.ts))
        turn.touch(sleeve.id)


def _cancel(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state, cid = engine.state, args.get("cid", "")
    order = state.orders.get(cid)
    if order is None and cid not in state.strangers:
        raise Refusal("command.no_order", cid=cid)
    if order is not None and order.cancelling:
        raise Refusal("hand.cancelling", cid=cid)
    commands.cancel(state, cid, event.actor, turn)


def _take(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state = engine.state
    symbol = find(state, args.get("symbol", ""))
    instrument = state.instruments[symbol]
    sides = [side for side in PosSide if strangers.held(state, symbol, side)]
    if not instrument.derivative or not sides:
        raise Refusal("hand.no_stranger", symbol=symbol)
    if len(sides) > 1:
        raise Refusal("hand.both_sides", symbol=symbol)
    qty, have = strangers.held(state, symbol, sides[0]), state.position(sleeve_name(symbol))
    if have * qty < 0:
        raise Refusal("hand.other_way", symbol=symbol, qty=have)
    stop, take = levels(state, instrument, args, 1 if qty > 0 else -1, None)
    seat(engine, symbol)
    state.ledger.hand_over(instrument, sides[0], sleeve_name(symbol), state.now)
    _wish(engine, symbol, have + qty, stop, take, turn)


def _release(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state = engine.state
    symbol = find(state, args.get("symbol", ""))
    name = sleeve_name(symbol)
    books = [book for book in state.ledger.sleeve_books(name) if book.qty]
    if not books or not state.instruments[symbol].derivative:
        raise Refusal("hand.holds_nothing", symbol=symbol)
    for book in books:
        state.ledger.hand_over(
            state.instruments[symbol], book.pos_side, foreign(symbol), state.now, giver=name
        )
    _wish(engine, symbol, ZERO, None, None, turn)


# --- who may ----------------------------------------------------------------------------------------


def _entries(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state, way = engine.state, args.get("to", "")
    if way not in {"on", "off"}:
        raise Refusal("hand.on_or_off", to=way)
    if (way == "off") == (HAND in state.voices):
        raise Refusal("hand.so_already", to=way)
    if way == "off":
        state.voices[HAND] = Posture.REDUCE_ONLY
        state.locks[HAND] = Lock(HAND, reason_of(args), event.ts)
    else:
        del state.voices[HAND]
        state.locks.pop(HAND, None)
    for name in state.sleeves:
        turn.touch(name)


def _lock(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state = engine.state
    key = key_of(state, args.get("what", ""))
    if key in state.locks:
        raise Refusal("hand.locked", what=key, by=state.locks[key].by, reason=state.locks[key].reason)
    span = minutes(args.get("minutes", ""))
    until = event.ts + int(span * 60_000) if span else 0
    lock = state.locks[key] = Lock(HAND, reason_of(args), event.ts, until)
    turn.note("alarm", "lock.set", what=key, by=lock.by, reason=lock.reason)
    for name in state.sleeves:
        turn.touch(name)


def _unlock(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    state = engine.state
    key = key_of(state, args.get("what", ""))
    if state.locks.pop(key, None) is None:
        raise Refusal("hand.not_locked", what=key)
    turn.note("info", "lock.lifted", what=key, actor=event.actor)
    for name in state.sleeves:
        turn.touch(name)


def _limit(engine: Engine, args: dict[str, str], event: ev.Command, turn: Turn) -> None:
    tighten(engine, args.get("what", ""), args.get("to", ""))
    for name in engine.state.sleeves:
        turn.touch(name)


DEEDS: dict[str, Deed] = {
    "enter": _enter,
    "exit": _exit,
    "cancel": _cancel,
    "entries": _entries,
    "lock": _lock,
    "unlock": _unlock,
    "limit": _limit,
    "take": _take,
    "release": _release,
}

# --- the sleeve -------------------------------------------------------------------------------------


def seat(engine: Engine, symbol: str) -> Slot:
    """The manual sleeve of a market, made when a person first enters there, with the usual stop layers."""
    name = sleeve_name(symbol)
    if name in engine.slots:
        return engine.slots[name]
    state = engine.state
    taken = {sleeve.index for sleeve in state.sleeves.values()}
    index = next((n for n in range(FIRST_INDEX, 1_000) if n not in taken), 0)
    if not index:
        raise Refusal("hand.full")
    tf = min((s.stop_tf for s in state.sleeves.values() if s.symbol == symbol and s.stop_tf), default=0)
    slot = engine.add_sleeve(Sleeve(name, index, MANUAL, VERSION, symbol, stop_tf=tf), Manual())
    engine.guard(slot, equipped(None, engine.usual, tf))
    return slot


__all__ = ["DEEDS", "HAND", "MANUAL", "Manual", "deed", "obey", "seat"]
