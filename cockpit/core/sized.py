"""Sizing at work inside the step: which weight a wish gets, and when a position is resized (PF-01, PF-06).

    with_size  a strategy has wished: its side stays, its weight becomes the method's
    measure    methods learn a closed bar, before anybody decides on it
    resize     after the strategies the wishes in force are sized anew

    weight = what the method asks
             x what correlation with the other sized positions leaves of it    sizing.correlation
             x min(1, room under the account's leverage and margin)            global_leverage, max_margin_use

Equity, volatility and limits move all the time; a position moves only when it is off by ``diff_threshold``
money and by ``drift`` of itself. Only wishes in weights are sized: a quantity or a quote is the strategy's
own word. The gate judges what comes out like any other wish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import inf, isfinite, isnan

import msgspec

from cockpit.core import events as ev
from cockpit.core import paying, returns
from cockpit.core.gate import worst_notional
from cockpit.core.intents import Intent
from cockpit.core.lots import nearest_within
from cockpit.core.sizing import Ask, Size
from cockpit.core.slots import Slot
from cockpit.core.state import Sleeve, State
from cockpit.core.turn import Turn
from cockpit.core.types import ONE, ZERO, Side, exact
from cockpit.core.worth import quote_rate, quote_unit

ENOUGH = 60
"""Fewer common returns than this say nothing about a correlation."""


def with_size(state: State, slot: Slot, intent: Intent, turn: Turn) -> Intent:
    """The wish that a strategy has just written, with the size of its sleeve's method."""
    sleeve, want = slot.sleeve, slot.want
    if slot.sizer is None:
        return intent
    size = in_force(sleeve)
    if want.kept:
        if size is not None:
            sleeve.size = msgspec.structs.replace(size, tag=intent.tag)
            intent = _with(slot, intent, size.qty)
        return intent
    sleeve.size = None
    if want.sized or isnan(want.weight) or not want.weight:
        return intent
    size = _size(state, slot, 1 if want.weight > 0 else -1, intent.tag)
    if _failed(state, slot, turn):
        have = state.position(sleeve.id)
        return _with(slot, intent, have if have * size.side > 0 else ZERO)
    _set(sleeve, size, turn)
    return _with(slot, intent, size.qty)


def in_force(sleeve: Sleeve) -> Size | None:
    """The size of the wish in force; None when a stop, a breaker or a person has taken the wish over."""
    size, intent = sleeve.size, sleeve.intent
    if size is None or intent is None or (intent.tag, intent.target) != (size.tag, size.qty):
        return None
    return size


def measure(slots: Iterable[Slot], bar: ev.Bar) -> None:
    """A closed bar, before anybody decides on it."""
    for slot in slots:
        if slot.sizer is not None and bar.tf == slot.sleeve.stop_tf:
            size = in_force(slot.sleeve)
            slot.sizer.learn(bar, size.side if size is not None else 0)


def resize(state: State, slots: Iterable[Slot], bar: ev.Bar, turn: Turn | None) -> Turn | None:
    """Size the wishes in force anew, after the strategies have spoken."""
    for slot in slots:
        if slot.sizer is not None and bar.tf == slot.sleeve.stop_tf:
            turn = _again(state, slot, turn)
    return turn


def transferred(slots: Mapping[str, Slot], state: State, event: ev.Transfer, turn: Turn) -> None:
    """Money came or went: positions follow the capital at once (PF-07)."""
    paying.on_transfer(state, event, turn)
    for slot in slots.values():
        if slot.sizer is not None:
            _again(state, slot, turn)


def _again(state: State, slot: Slot, turn: Turn | None) -> Turn | None:
    """Resize one wish when it is off by enough."""
    sleeve = slot.sleeve
    size, intent = in_force(sleeve), sleeve.intent
    if size is None or intent is None or sleeve.benched:
        return turn
    if isnan(quote_rate(state, slot.instrument)):
        return turn  # nobody says what it is worth: no reason to leave it
    now = _size(state, slot, size.side, size.tag)
    if slot.sizer is not None and slot.sizer.broken:
        turn = turn or Turn()
        _failed(state, slot, turn)
        return turn
    if now.qty == size.qty or not _enough(state, sleeve, size, now):
        sleeve.size = msgspec.structs.replace(size, raw=now.raw)
        return turn
    turn = turn or Turn()
    _set(sleeve, now, turn)
    sleeve.intent = _with(slot, intent, now.qty)
    turn.intents.append(sleeve.intent)
    turn.touch(sleeve.id)
    return turn


def _failed(state: State, slot: Slot, turn: Turn) -> bool:
    """A method that broke takes its sleeve off: what is held stays, protected."""
    sizer, sleeve = slot.sizer, slot.sleeve
    if sizer is None or not sizer.broken:
        return False
    reason = f"sizing {sizer.name} failed: {sizer.broken}"
    if state.bench(sleeve, reason):
        turn.note("alarm", "sleeve.benched", sleeve.id, sleeve=sleeve.id, reason=reason)
        turn.touch(sleeve.id)
    return True


def _enough(state: State, sleeve: Sleeve, before: Size, after: Size) -> bool:
    """Is the difference worth an order? Opening and closing always are; a limit knows no ``drift``."""
    if not before.qty or not after.qty:
        return True
    unit = quote_unit(state.instruments[sleeve.symbol], state.price(sleeve.symbol))
    settings = state.sizing
    off = float(abs(after.qty - before.qty)) * unit
    least = settings.diff_threshold
    if not (after.bound and abs(after.qty) < abs(before.qty)):
        least = max(least, settings.drift * float(abs(before.qty)) * unit)
    return off >= least


def _with(slot: Slot, intent: Intent, qty: Decimal) -> Intent:
    """The wish in this size, with the stop and take of the pen: they wait where nothing is held yet."""
    want, instrument = slot.want, slot.instrument
    closing = Side.SELL if want.weight > 0 else Side.BUY
    stop = None if isnan(want.stop) else instrument.price(want.stop, closing)
    take = None if isnan(want.take) else instrument.price(want.take, closing)
    return msgspec.structs.replace(intent, target=qty, stop=stop, take=take)


def _set(sleeve: Sleeve, size: Size, turn: Turn) -> None:
    sleeve.size = size
    told = {"method": size.method, "qty": f"{size.qty.normalize():f}", "weight": f"{size.weight:.3f}"}
    turn.note("info", "sizing.set", sleeve.id, sleeve=sleeve.id, reason=size.why, **told)


def _size(state: State, slot: Slot, side: int, tag: str) -> Size:
    """Ask the method, hold it to the account, and round to the nearest lot that still keeps to it."""
    sleeve, instrument, sizer, settings = slot.sleeve, slot.instrument, slot.sizer, state.sizing
    assert sizer is not None
    price, rate = state.price(sleeve.symbol), quote_rate(state, instrument)
    unit = quote_unit(instrument, price)
    equity = settings.equity or state.equity()
    capital = max(0.0, equity * sleeve.share * rate)
    if not (unit > 0 and isfinite(unit) and capital > 0):
        return Size(sizer.name, side, 0.0, 0.0, ZERO, "no price or no capital", state.now, tag)
    own = sleeve.limit or inf
    said = sizer.ask(Ask(side, capital, price, unit, instrument, state.now, own))
    raw = min(said.weight, own)
    left, words = _left(state, sleeve, side, raw, equity)
    weight = raw * left
    cap = weight if left < 1.0 or isnan(said.cap) else max(min(said.cap, own), weight)
    most, least = exact(cap * capital / unit), max(instrument.min_qty, instrument.lot)
    qty = nearest_within(exact(weight * capital / unit), most, instrument.lot, least) * side
    if qty and float(abs(qty)) * unit < settings.min_notional:
        qty = ZERO
        words.append(f"under {settings.min_notional:g} {instrument.quote}: nothing")
    why = "; ".join((said.why, *words))
    return Size(sizer.name, side, raw, weight, qty, why, state.now, tag, bound=left < 1.0)


# --- the limits of the account ------------------------------------------------------------------------


def _left(state: State, sleeve: Sleeve, side: int, weight: float, equity: float) -> tuple[float, list[str]]:
    """(what of a weight may stay, why) once all sized wishes stand beside each other."""
    words: list[str] = []
    if not weight:
        return 1.0, words
    settings = state.sizing
    others = [(s, found) for s in state.sleeves.values() if s is not sleeve and (found := in_force(s))]
    alone = 1.0
    if settings.correlation < 1:
        alone = returns.alone(_correlations(state, sleeve, side, others), settings.correlation)
        if alone < 1.0:
            words.append(f"x {alone:.2f} for correlation with other positions")
    wanted = [(sleeve, weight * alone), *((s, found.raw) for s, found in others)]
    rest = [s for s in state.sleeves.values() if s is not sleeve and in_force(s) is None]
    part = 1.0
    for name, limit, cost in (
        ("leverage of the account", settings.global_leverage, _whole),
        ("margin use of the account", settings.max_margin_use, _locked),
    ):
        asked = sum(w * s.share * cost(state, s.symbol) for s, w in wanted)
        room = max(0.0, limit - _held(state, rest, cost, equity))
        if limit and asked > room:
            words.append(
                f"x {room / asked:.2f} for the {name}: {asked:.2f} asked, {room:.2f} left of {limit:g}"
            )
            part = min(part, room / asked)
    return alone * part, words


Cost = Callable[[State, str], float]
"""What one unit of notional on a market takes of a limit."""


def _whole(_state: State, _symbol: str) -> float:
    return 1.0


def _locked(state: State, symbol: str) -> float:
    """Initial margin: one over the leverage that the account has set; spot is paid in full."""
    instrument = state.instruments.get(symbol)
    if instrument is None or not instrument.derivative:
        return 1.0
    return 1.0 / float(state.ledger.leverages.get(symbol, ONE))


def _held(state: State, sleeves: Iterable[Sleeve], cost: Cost, equity: float) -> float:
    """What these sleeves hold or may soon hold, over equity."""
    busy = {order.sleeve for order in state.orders.values()}
    total = 0.0
    for other in sleeves:
        if other.id in busy or state.position(other.id):
            worth = worst_notional(state, other)
            total += worth * cost(state, other.symbol) if isfinite(worth) else 0.0
    return total / equity if equity > 0 else 0.0


def _correlations(
    state: State, sleeve: Sleeve, side: int, others: Iterable[tuple[Sleeve, Size]]
) -> list[float]:
    """With every other sized wish, by the markets' returns and the sides taken; unknown is none."""
    found = []
    for other, size in others:
        same = side * size.side
        if other.symbol == sleeve.symbol:
            found.append(float(same))
            continue
        pair = returns.together(state.history, (sleeve.symbol, other.symbol))
        a, b = pair[sleeve.symbol], pair[other.symbol]
        rho = returns.correlation(a, b) if len(a) >= ENOUGH else 0.0
        found.append(rho * same if isfinite(rho) else 0.0)
    return found
