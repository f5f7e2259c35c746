"""The stop ladder of a position: every way out on one axis, which comes first, and what it would cost.

Levels are prices against us; the nearest is the first to fire. Conditions (time, volatility) have no price,
account stops and liquidation have one only by estimate: where it would be if nothing else moved. Levels move
at closed bars; one that such a bar puts behind the market fires in the same instant, unannounced. ``cash`` is
what the whole position would bring if it left there, taker fee paid, in the account's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite, nan

import msgspec

from cockpit.core import watch
from cockpit.core.frames import StopLayer
from cockpit.core.ledger.position import Position, value
from cockpit.core.margin import liquidation
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.profit import rate
from cockpit.core.slots import Slot
from cockpit.core.state import State
from cockpit.core.stops import OWN, Guard, Layer, Trade
from cockpit.core.types import ZERO, Instrument, Side, exact

ARMED = frozenset((OrderState.LIVE, OrderState.PARTIAL))
VENUE = "venue"
"""Name of the row that says what really rests at the venue."""


def ladder(
    state: State, slot: Slot | None, watchers: Sequence[Layer], book: Position, cover: Decimal, price: float
) -> tuple[StopLayer, ...]:
    """All rows; the first is what rests at the venue. ``cover`` is the quantity it must protect."""
    instrument = state.instruments[book.symbol]
    side = 1 if book.qty > 0 else -1
    rows = [_resting(state, slot, side, cover, price)]
    at_venue = rows[0]
    trade = slot.sleeve.trade if slot is not None else None
    if slot is not None and slot.guard is not None and trade is not None and trade.side == side:
        rows += _own(slot, slot.guard, trade, at_venue)
        rows += [_layer(slot.guard, layer, trade, at_venue) for layer in slot.guard.layers]
    elif at_venue.price:
        rows.append(msgspec.structs.replace(at_venue, name=OWN))
    rows = [_on_grid(row, instrument, side) for row in rows]
    rows += _account(state, watchers, book, instrument, price)
    rows += _take(slot, side)
    return _priced(state, rows, book, side, price)


def _resting(state: State, slot: Slot | None, side: int, cover: Decimal, price: float) -> StopLayer:
    """H armed only when confirmed stops at the venue, none of them being cancelled, cover the position."""
    sleeve = slot.sleeve if slot is not None else None
    orders: list[Order] = [] if sleeve is None else state.orders_of(sleeve.id)
    guards = [o for o in orders if o.role is Role.PROTECT and o.kind is not OrderKind.TRIGGER]
    level = _wanted(slot, side)
    if level is None:
        return StopLayer("H", "unused", name=VENUE)
    resting = [o for o in guards if o.state in ARMED and not o.cancelling]
    covered = sum((o.sure for o in resting), ZERO) >= cover
    word = "armed" if covered else ("local" if guards else "missing")
    away = abs(level / price - 1.0) if price > 0 else 0.0
    return StopLayer("H", word, level, away, VENUE, watch=resting[0].watch if resting else "")


def _wanted(slot: Slot | None, side: int) -> float | None:
    """The stop that should rest: of the wish as its layers left it, else the strategy's own."""
    if slot is None:
        return None
    sleeve = slot.sleeve
    wish = sleeve.intent
    if slot.guard is not None and sleeve.trade is not None and isfinite(sleeve.trade.level):
        return sleeve.trade.level
    return float(wish.stop) if wish is not None and wish.stop is not None else None


def _own(slot: Slot, guard: Guard, trade: Trade, at_venue: StopLayer) -> list[StopLayer]:
    """The strategy's own stop price, when it wrote one."""
    wish = slot.sleeve.intent
    if trade.owner == OWN and OWN not in {layer.name for layer in guard.layers}:
        return [StopLayer("H", at_venue.state, trade.level, name=OWN, watch=at_venue.watch)]
    if wish is None or wish.stop is None:
        return []
    return [StopLayer("H", "behind", float(wish.stop), name=OWN)]


def _layer(guard: Guard, layer: Layer, trade: Trade, at_venue: StopLayer) -> StopLayer:
    """One configured layer."""
    if layer.broken:
        return StopLayer(layer.letter, "missing", name=layer.name, say=layer.broken)
    if layer.kind == "level":
        if trade.owner == layer.name:
            return StopLayer(layer.letter, at_venue.state, trade.level, name=layer.name, watch=at_venue.watch)
        level = guard.level(layer, trade)
        word = "behind" if isfinite(level) else "unused"
        return StopLayer(layer.letter, word, level if isfinite(level) else 0.0, name=layer.name)
    at = int(layer.body.at(trade)) if hasattr(layer.body, "at") else 0
    say = layer.body.shown(trade) if hasattr(layer.body, "shown") else ""
    return StopLayer(layer.letter, "watching", name=layer.name, at=at, say=say)


def _on_grid(row: StopLayer, instrument: Instrument, side: int) -> StopLayer:
    """A level as the venue would hold it: on the price grid, rounded toward the market."""
    if row.price <= 0:
        return row
    price = float(instrument.price(row.price, Side.SELL if side > 0 else Side.BUY))
    return msgspec.structs.replace(row, price=price)


def _account(
    state: State, watchers: Sequence[Layer], book: Position, instrument: Instrument, price: float
) -> list[StopLayer]:
    """Stops of the account and liquidation, as prices of this market alone."""
    rows = []
    marks = state.mark_prices()
    if watchers and price > 0:
        account = watch.seen(state)
        for name, layer in watch.named(watchers):
            level = nan
            if hasattr(layer.body, "price") and instrument.derivative:
                held = float(state.ledger.net_qty(book.symbol))
                level = layer.body.price(account, state, instrument, held, price)
            found = level if isfinite(level) and level > 0 else 0.0
            rows.append(StopLayer(layer.letter, "watching", found, name=name))
    account_row = state.ledger.position(book.symbol, book.pos_side)
    if account_row is not None and account_row.qty * book.qty > 0:
        at = liquidation(account_row, state.ledger, state.instruments, marks)
        if at is not None:
            rows.append(StopLayer("L", "watching", float(at), name="liquidation"))
    return rows


def _take(slot: Slot | None, side: int) -> list[StopLayer]:
    """The take-profit: on the axis, on its other side."""
    wish = slot.sleeve.intent if slot is not None else None
    if wish is None or wish.take is None or (wish.target or ZERO) * side <= 0:
        return []
    return [StopLayer("G", "watching", float(wish.take), name="take")]


def _priced(
    state: State, rows: list[StopLayer], book: Position, side: int, price: float
) -> tuple[StopLayer, ...]:
    """Distance and cash of every row with a price; the nearest level against us is marked first."""
    against = [r for r in rows if r.price > 0 and r.name not in {VENUE, "take"} and r.letter != "G"]
    # Of two on the same tick it is the one whose order rests there.
    nearest = max(against, key=lambda row: (row.price * side, row.state != "behind"), default=None)
    done = []
    for row in rows:
        if row.price <= 0:
            done.append(row)
            continue
        away = abs(row.price / price - 1.0) if price > 0 else 0.0
        done.append(
            msgspec.structs.replace(
                row, distance=away, cash=cash_at(state, book, row.price, price), first=row is nearest
            )
        )
    return tuple(done)


def cash_at(state: State, book: Position, there: float, now: float) -> float:
    """What leaving the whole position at ``there`` brings: profit or loss on its entry less the taker fee.

    The coin that an inverse contract pays is worth as much more as its price has risen by then.
    """
    instrument, at = state.instruments[book.symbol], exact(there)
    fee = abs(value(instrument, book.qty, at)) * instrument.taker_fee
    made = float(book.unrealised(instrument, at) - fee) * (float(rate(state, book.settle)) or nan)
    return made * there / now if book.inverse and book.settle != state.currency and now > 0 else made
