"""Stop layers at work inside the step: before the rules, on the wish that is about to be judged.

    on_bar    the layers learn, the trade follows; who moved is decided again after the strategies
    shape     the wish with the tightest stop in it, or with the exit that a layer has ordered

An exit by a layer is a wish like any other: it goes through the gate, carries its own verdict (``exit``) and
its own tag (``stop:time``). It holds until the position is gone; then the strategy must wish anew.
"""

from __future__ import annotations

from decimal import Decimal
from math import nan

import msgspec

from cockpit.core.events import Bar
from cockpit.core.gate import GateContext, describe
from cockpit.core.intents import Intent, Verdict
from cockpit.core.orders import Role
from cockpit.core.profit import sleeve_pnl
from cockpit.core.sized import measure
from cockpit.core.slots import Slot
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import REFUSED, Lock, Trade, version_key
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, Instrument, Side
from cockpit.core.worth import quote_rate

WIDEN_AFTER = 2
"""Refusals of a protective stop in a row after which it is moved away from the market."""
LEAVE_AFTER = 3
"""Refusals in a row after which the position is closed: what cannot be protected is not held."""
WIDENED = 0.005
"""How far from the market a stop is moved that the venue does not want nearer (fraction)."""


def on_bar(state: State, slots: list[Slot], bar: Bar, turn: Turn | None) -> Turn | None:
    """Let the layers and sizings of everyone on this market hear a closed bar."""
    measure(slots, bar)
    for slot in slots:
        guard = slot.guard
        if guard is None or bar.tf != guard.tf:
            continue
        pnl = version_pnl(state, slot.sleeve) if guard.wants_pnl else nan
        guard.learn(bar, slot.sleeve.trade, pnl)
        tuned, pauses = guard.tuned(), guard.pauses()
        if tuned or pauses:
            turn = turn or Turn()
            _tell(slot.sleeve, tuned, turn)
            for layer, why, span in pauses:
                lock_version(state, slot.sleeve, layer, why, span, turn)
    return turn


def on_timer(state: State, turn: Turn) -> None:
    """Exits by the clock, and locks that have run out."""
    for key in [key for key, lock in state.locks.items() if 0 < lock.until <= state.now]:
        del state.locks[key]
        turn.note("info", "lock.over", what=key)
        for name in state.sleeves:
            turn.touch(name)
    for sleeve in state.sleeves.values():
        trade = sleeve.trade
        if trade is not None and 0 < trade.due <= state.now and not trade.fired:
            turn.touch(sleeve.id)


def _tell(sleeve: Sleeve, tuned: list[tuple[str, str, float, float, int]], turn: Turn) -> None:
    """Each change of an adaptive parameter is a version of its own, in the journal and in the State."""
    for layer, name, before, after, version in tuned:
        sleeve.tuned[f"{layer}.{name}"] = version
        told = {"layer": layer, "what": name, "before": f"{before:g}", "after": f"{after:g}"}
        turn.note("info", "stop.tuned", sleeve.id, sleeve=sleeve.id, version=version, **told)


def lock_version(state: State, sleeve: Sleeve, layer: str, why: str, span: int, turn: Turn) -> None:
    """Entries of a strategy version stop on every market it trades."""
    key = version_key(sleeve.strategy, sleeve.version)
    if key in state.locks:
        return
    state.locks[key] = Lock(layer, why, state.now, state.now + span if span else 0)
    turn.note("alarm", "lock.set", sleeve.id, what=key, by=layer, reason=why)
    for other in state.sleeves.values():
        if (other.strategy, other.version) == (sleeve.strategy, sleeve.version):
            turn.touch(other.id)


def version_pnl(state: State, sleeve: Sleeve) -> float:
    """What the sleeve's strategy version has brought on all its markets, in the account's currency."""
    total = ZERO
    for other in state.sleeves.values():
        if (other.strategy, other.version) == (sleeve.strategy, sleeve.version):
            total += sleeve_pnl(state, other.id)
    return float(total)


def shape(state: State, slot: Slot, intent: Intent, context: GateContext, turn: Turn) -> tuple[Intent, str]:
    """The wish as the stop layers leave it, and the layer whose stop it carries."""
    sleeve, guard, have = slot.sleeve, slot.guard, context.have
    if guard is None:
        return _unprotected(state, slot, intent, context)
    guard.moved = False
    if not have:
        sleeve.trade = None
        return _unprotected(state, slot, intent, context)
    trade = _followed(state, slot, have, context.price)
    own = float(intent.stop) if intent.stop is not None and _same_way(intent, have) else nan
    guard.tighten(trade, own, lambda level: float(grid(slot.instrument, level, trade.side)))
    before = trade.fired
    if not before:
        _fire(state, slot, trade, context)
    _complain(state, slot, turn)
    if trade.fired:
        if not before:
            _with_the_group(state, sleeve, trade, turn)
        return _leaving(sleeve, intent, context, trade.fired, trade.why, first=not before), ""
    if trade.level == trade.level and _same_way(intent, have):
        stop = grid(slot.instrument, trade.level, trade.side)
        intent = msgspec.structs.replace(intent, stop=stop)
    return _unprotected(state, slot, intent, context, trade.owner)


def _followed(state: State, slot: Slot, have: Decimal, price: float) -> Trade:
    """The running trade, begun now when this is a new position."""
    sleeve = slot.sleeve
    side = 1 if have > 0 else -1
    entry = slot.view.entry
    trade = sleeve.trade
    if trade is None or trade.side != side:
        qty = abs(float(have))
        paid = entry if entry == entry else price
        trade = sleeve.trade = Trade(side, qty, paid, state.now, price=price, best=paid)
        trade.equity = state.equity() * quote_rate(state, slot.instrument)
        trade.notional = slot.view.notional(qty, paid)
        assert slot.guard is not None
        slot.guard.begin(trade)
    trade.qty = abs(float(have))
    if entry == entry:
        trade.entry = entry
        trade.notional = slot.view.notional(trade.qty, entry)
    if price == price:
        trade.price = price
    return trade


def _same_way(intent: Intent, have: Decimal) -> bool:
    """Does the wish keep the position, so that its stop is this position's?"""
    return intent.target is None or intent.target * have > 0


def _fire(state: State, slot: Slot, trade: Trade, context: GateContext) -> None:
    """Is it time to leave: a condition holds, or a level is behind us and no stop rests at the venue?"""
    assert slot.guard is not None
    trade.fired, trade.why = slot.guard.condition(trade, state.now)
    if trade.fired or not context.price > 0 or not trade.reached(trade.level, context.price):
        return
    stop = grid(slot.instrument, trade.level, trade.side)
    if not _rests(state, slot.sleeve, trade.side, stop):
        trade.fired = trade.owner
        trade.why = f"the market is at {context.price:g}, the stop at {trade.level:g} did not rest yet"


def _with_the_group(state: State, sleeve: Sleeve, trade: Trade, turn: Turn) -> None:
    """The other legs leave too: half a pair is a bet."""
    for leg in state.group(sleeve):
        if leg is sleeve:
            continue
        if leg.trade is not None and not leg.trade.fired:
            leg.trade.fired, leg.trade.why = trade.fired, f"{sleeve.symbol}: {trade.why}"
        if leg.intent is not None:
            leg.intent = msgspec.structs.replace(leg.intent, target=ZERO, quotes=(), stop=None, take=None)
        turn.touch(leg.id)


def _rests(state: State, sleeve: Sleeve, side: int, stop: Decimal) -> bool:
    """Does the venue hold a stop at this level or a tighter one? Then it is the venue that leaves."""
    return any(
        (order.trigger - stop) * side >= 0
        for order in state.orders_of(sleeve.id)
        if order.role is Role.PROTECT and order.trigger is not None and not order.cancelling
    )


def _leaving(
    sleeve: Sleeve, intent: Intent, context: GateContext, layer: str, why: str, *, first: bool
) -> Intent:
    """The wish turned into an exit, for good: what the strategy wanted before must not buy it back.

    What it wishes while the exit is under way is heard when the position is gone.
    """
    tag = f"stop:{layer}"
    after = msgspec.structs.replace(intent, target=ZERO, quotes=(), stop=None, take=None, tag=tag)
    context.verdicts.append(Verdict(sleeve.id, layer, "exit", describe(intent), describe(after), why))
    if first and sleeve.intent is not None:
        sleeve.intent = after
    sleeve.tag = tag
    return after


def _unprotected(
    state: State, slot: Slot, intent: Intent, context: GateContext, owner: str = ""
) -> tuple[Intent, str]:
    """The written policy for stops that the venue refuses: again, further away, then out.

    The first refusal is answered by the same stop a second later, the next one by a stop ``WIDENED`` away
    from the market, the third by leaving at market: at most some three seconds without protection.
    """
    sleeve = slot.sleeve
    have, price = context.have, context.price
    if not have:
        sleeve.unprotected = 0
    if not sleeve.unprotected or intent.stop is None or not _same_way(intent, have):
        return intent, owner
    if sleeve.unprotected >= LEAVE_AFTER:
        why = f"the venue refused the stop {sleeve.unprotected} times: {sleeve.refusal}"
        return _leaving(sleeve, intent, context, REFUSED, why, first=True), ""
    if sleeve.unprotected >= WIDEN_AFTER and price > 0:
        side = 1 if have > 0 else -1
        away = grid(slot.instrument, price * (1 - side * WIDENED), side)
        if (away - intent.stop) * side < 0:
            after = msgspec.structs.replace(intent, stop=away)
            why = f"stop {intent.stop} refused ({sleeve.refusal}), tried at {away}"
            said = (describe(intent), describe(after), why)
            context.verdicts.append(Verdict(sleeve.id, "protection", "note", *said))
            intent = after
    return intent, owner


def _complain(state: State, slot: Slot, turn: Turn) -> None:
    """A layer that broke takes the sleeve off: its position stays protected by the others."""
    sleeve = slot.sleeve
    assert slot.guard is not None
    for layer, error in slot.guard.failures():
        reason = f"stop layer {layer} failed: {error}"
        if state.bench(sleeve, reason):
            turn.note("alarm", "sleeve.benched", sleeve.id, sleeve=sleeve.id, reason=reason)


def grid(instrument: Instrument, level: float, side: int) -> Decimal:
    """A stop of a long (+1) or short position on the price grid, rounded toward the market."""
    return instrument.price(level, Side.SELL if side > 0 else Side.BUY)
