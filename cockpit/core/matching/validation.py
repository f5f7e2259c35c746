"""What the venue refuses at the door, with OKX's codes (reference okx-v5, section 2)."""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.intents import Place
from cockpit.core.matching import margin
from cockpit.core.matching.books import Market, Working, in_ticks
from cockpit.core.matching.desk import Desk
from cockpit.core.orders import ALGO, OrderKind
from cockpit.core.types import ZERO, Instrument, InstrumentState, Kind, PositionMode, PosSide

Refusal = tuple[str, str]
"""(code, reason)"""

CLOSED: dict[InstrumentState, Refusal] = {
    InstrumentState.PREOPEN: ("51021", "instrument is not listed yet"),
    InstrumentState.SUSPENDED: ("51022", "instrument is suspended"),
    InstrumentState.EXPIRED: ("51027", "instrument has expired"),
}
PRICED = frozenset((OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.IOC, OrderKind.FOK))


def working(desk: Desk, market: Market, place: Place, ts: int) -> Working:
    """The order as the venue would keep it. Call only for a place that :func:`form` accepts."""
    instrument = market.instrument
    return Working(
        cid=place.cid,
        venue_id="",
        symbol=place.symbol,
        side=place.side,
        kind=place.kind,
        lots=int(place.qty / instrument.lot),
        price=0 if place.kind is OrderKind.MARKET else in_ticks(market, place.price),
        reduce_only=place.reduce_only,
        pos_side=place.pos_side,
        arrived=ts,
        trigger=in_ticks(market, place.trigger),
        take=in_ticks(market, place.take),
        callback=float(place.callback or 0),
        watch=place.watch,
    )


def form(market: Market, place: Place, mode: PositionMode) -> Refusal | None:
    """Is the request well formed for this instrument?"""
    instrument = market.instrument
    if instrument.state is not InstrumentState.LIVE:
        return CLOSED[instrument.state]
    refusal = _parameters(place) or quantity(instrument, place.qty)
    if refusal is not None:
        return refusal
    for price in (place.price, place.trigger, place.take):
        if price is not None and not on_grid(price, instrument.tick):
            return "51000", f"price {price} is not a positive multiple of the tick {instrument.tick}"
    netted = mode is PositionMode.NET or not instrument.derivative
    if netted != (place.pos_side is PosSide.NET):
        return "51000", f"position side {place.pos_side} does not fit the account's position mode"
    return None


def _parameters(place: Place) -> Refusal | None:
    kind = place.kind
    if kind in PRICED and place.price is None:
        return "51000", f"a {kind} order needs a price"
    if kind in (OrderKind.STOP, OrderKind.TRIGGER, OrderKind.OCO) and place.trigger is None:
        return "51000", f"a {kind} order needs a trigger"
    if kind is OrderKind.OCO and place.take is None:
        return "51000", "an oco order needs a take price"
    if kind is OrderKind.TRAIL and not (place.callback and ZERO < place.callback < 1):
        return "51257", "a trailing order needs a callback between 0 and 1"
    return None


def quantity(instrument: Instrument, qty: Decimal) -> Refusal | None:
    """Lot, minimum and maximum."""
    if qty <= 0 or qty % instrument.lot:
        return "51121", f"quantity {qty} is not a positive multiple of the lot {instrument.lot}"
    if qty < instrument.min_qty:
        return "51020", f"quantity {qty} is below the minimum {instrument.min_qty}"
    if instrument.max_qty and qty > instrument.max_qty:
        return "51101", f"quantity {qty} is above the maximum {instrument.max_qty}"
    return None


def on_grid(price: Decimal, tick: Decimal) -> bool:
    return price > 0 and not price % tick


def admission(desk: Desk, market: Market, order: Working) -> Refusal | None:
    """Does the account and the market allow it now?"""
    refusal = price(market, order)
    if refusal is not None:
        return refusal
    if order.algo:
        return None
    if desk.bound(order):
        return None if desk.reducible(market, order) else ("51169", "there is no position to reduce")
    instrument = market.instrument
    if instrument.derivative and _too_large(desk, market, order):
        return "51004", "the position would exceed the last margin tier"
    if not margin.affordable(desk.account, desk.markets, desk.rules, market, order):
        what = "balance" if instrument.kind is Kind.SPOT else "margin"
        return "51008", f"insufficient {what}"
    return None


def price(market: Market, order: Working) -> Refusal | None:
    """Minimum amount and price band. OKX bounds a buy from above and a sell from below, not the far side."""
    instrument, reference = market.instrument, market.reference()
    limit = market.price(order.price)
    if instrument.min_notional and not order.reduce_only:
        at = limit or margin.mark_of(market)
        amount = instrument.quote_notional(market.qty(order.lots), at) if at else instrument.min_notional
        if amount < instrument.min_notional:
            return "51120", f"amount {amount} is below the minimum {instrument.min_notional}"
    if order.price and instrument.price_band and reference and order.kind not in ALGO:
        edge = margin.mark_of(market) * (1 + order.sign * instrument.price_band)
        if (limit - edge) * order.sign > 0:
            return "51006", f"price {limit} is outside the band, which ends at {edge}"
    return None


def _too_large(desk: Desk, market: Market, order: Working) -> bool:
    tiers = market.instrument.tiers
    if not tiers:
        return False
    holding = desk.holding(market, order)
    size = market.qty(order.left) * order.sign
    if holding is not None:
        size += holding.qty
    for other in market.orders.values():
        same = other.pos_side is order.pos_side and other.side is order.side
        if same and not desk.bound(other) and not other.algo:
            size += market.qty(other.left) * other.sign
    grows = holding is None or (size > 0) != (holding.qty > 0) or abs(size) > abs(holding.qty)
    return grows and abs(size) > tiers[-1].max_qty
