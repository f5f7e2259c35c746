"""Orders that take: walk what the data shows, in the order of prices, and say what becomes of the rest."""

from __future__ import annotations

from decimal import Decimal, localcontext

from cockpit.core.matching.account import EXACT
from cockpit.core.matching.books import Market, Phase, Source, Working
from cockpit.core.matching.desk import Desk
from cockpit.core.matching.queues import UNKNOWN
from cockpit.core.orders import OrderKind
from cockpit.core.types import Kind, Side

Plan = list[tuple[int, int]]
"""(ticks, lots) in the order in which they would trade."""

ALL_AT_ONCE = {OrderKind.MARKET: "no liquidity", OrderKind.IOC: "ioc", OrderKind.FOK: "fok"}


def ready(market: Market) -> bool:
    """Is there a price an arriving order can meet at once? On bars only the next open is one."""
    if market.source is Source.BARS:
        return False
    return bool(market.last or market.bids or market.asks)


def execute(desk: Desk, market: Market, order: Working, ts: int, base: int = 0, note: str = "") -> None:
    """An order meets the market. ``base`` > 0: the price of a bar decides instead of the book."""
    want = desk.executable(market, order)
    if want <= 0:
        desk.cancel(market, order, ts, "reduce_only")
        return
    # On bars the price is the market as it was just then: its band has moved there with it.
    limit = order.price or (0 if base else _band(market, order))
    plan = _plan(desk, market, order.side, want, limit, base)
    if order.kind is OrderKind.POST_ONLY:
        if plan or _meets_own(market, order, limit):
            desk.cancel(market, order, ts, "post_only")
        else:
            rest(desk, market, order)
        return
    plan, stopped = _spare_own(desk, market, order, plan, want, limit, ts)
    plan = _affordable(desk, market, order, plan)
    if order.kind is OrderKind.FOK and sum(lots for _, lots in plan) < order.left:
        desk.cancel(market, order, ts, "fok")
        return
    for ticks, lots in plan:
        if order.phase is Phase.GONE:
            break
        if not base:
            market.eat(order.side, ticks, lots)
        desk.fill(market, order, ticks, lots, maker=False, ts=ts, note=note)
    if order.phase is not Phase.GONE:
        _remainder(desk, market, order, ts, stopped, limit)


def _remainder(desk: Desk, market: Market, order: Working, ts: int, stopped: bool, limit: int) -> None:
    reason = ALL_AT_ONCE.get(order.kind)
    if stopped:
        desk.cancel(market, order, ts, "self_trade")
    elif desk.bound(order) and not desk.reducible(market, order):
        desk.cancel(market, order, ts, "reduce_only")
    elif reason is not None:
        banded = order.kind is OrderKind.MARKET and limit
        desk.cancel(market, order, ts, "price band" if banded else reason)
    else:
        rest(desk, market, order)


def rest(desk: Desk, market: Market, order: Working) -> None:
    """Stand in the queue of its price, behind all that is shown there."""
    order.phase = Phase.RESTING
    shown = market.bids if order.side is Side.BUY else market.asks
    order.shown = shown.get(order.price, 0)
    order.traded = 0
    order.front = float(order.shown) if order.shown or seen(market, order) else UNKNOWN
    if desk.rules.queue == "front":
        order.front = 0.0


def seen(market: Market, order: Working) -> bool:
    """Would the data show it if somebody stood at the order's price?"""
    if order.side is Side.BUY:
        edge = min(market.bids, default=0) if market.source is Source.DEPTH else market.bid()
        return bool(edge) and order.price >= edge
    edge = max(market.asks, default=0) if market.source is Source.DEPTH else market.ask()
    return bool(edge) and order.price <= edge


def crosses(side: Side, limit: int, ticks: int) -> bool:
    """May an order of ``side`` with this limit (0 = none) trade at ``ticks``?"""
    return not limit or (ticks <= limit if side is Side.BUY else ticks >= limit)


def _plan(desk: Desk, market: Market, side: Side, want: int, limit: int, base: int) -> Plan:
    slip = desk.rules.slippage_ticks * side.sign
    if base:
        price = max(base + slip, 1)
        return [(price, want)] if crosses(side, limit, price) else []
    best = market.ask() if side is Side.BUY else market.bid()
    if best and not crosses(side, limit, best):
        return []
    plan: Plan = []
    book = market.asks if side is Side.BUY else market.bids
    for ticks in sorted(book, reverse=side is Side.SELL):
        if want <= 0 or not crosses(side, limit, ticks):
            return plan
        lots = min(want, market.available(side, ticks))
        if lots > 0:
            plan.append((ticks, lots))
            want -= lots
    if want > 0 and market.source is Source.TOUCH:
        edge = (market.ask() if side is Side.BUY else market.bid()) or (0 if book else market.last)
        price = max(edge + slip, 1)
        if edge and crosses(side, limit, price):
            plan.append((price, want))
    return plan


def _band(market: Market, order: Working) -> int:
    """A market order goes no further than the venue's price band allows; 0 = there is none."""
    band = market.instrument.price_band
    reference = market.reference()
    if not band or not reference or not market.instrument.derivative:
        return 0
    return max(market.ticks(reference * (1 + order.sign * float(band))), 1)


def _own(market: Market, side: Side) -> list[Working]:
    """Our resting orders that a taker of ``side`` could meet, best price first."""
    found = [o for o in market.orders.values() if o.phase is Phase.RESTING and o.side is not side]
    return sorted(found, key=lambda o: o.price * side.sign)


def _meets_own(market: Market, order: Working, limit: int) -> bool:
    return any(crosses(order.side, limit, own.price) for own in _own(market, order.side))


def _spare_own(
    desk: Desk, market: Market, order: Working, plan: Plan, want: int, limit: int, ts: int
) -> tuple[Plan, bool]:
    """Self-trade prevention. The plan that is left, and whether the taker must stop after it."""
    for own in _own(market, order.side):
        before = [(t, lots) for t, lots in plan if (own.price - t) * order.sign > 0]
        if not crosses(order.side, limit, own.price) or sum(lots for _, lots in before) >= want:
            break
        if desk.rules.self_trade != "cancel_taker":
            desk.cancel(market, own, ts, "self_trade")
        if desk.rules.self_trade != "cancel_maker":
            return before, True
    return plan, False


def _affordable(desk: Desk, market: Market, order: Working, plan: Plan) -> Plan:
    """Spot cannot owe: a buy stops where the quote currency does, a sell where the coins do."""
    instrument = market.instrument
    if instrument.kind is not Kind.SPOT:
        return plan
    currency = instrument.quote if order.sign > 0 else instrument.base
    left = desk.account.cash.get(currency, Decimal(0))
    kept: Plan = []
    for ticks, lots in plan:
        with localcontext(EXACT):
            each = market.qty(1) * market.price(ticks) if order.sign > 0 else market.qty(1)
            lots = min(lots, int(left / each)) if left > 0 else 0
            left -= each * lots
        if lots:
            kept.append((ticks, lots))
    return kept
