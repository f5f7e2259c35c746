"""Orders that wait for a price: stop, trigger, OCO, trailing. They lock no margin until they go off.

They look at the price that they name (``watch``): the mark, the last trade or the index. Where the tape has
none of that, at the mark, else the last trade, else the touch: a sell order at the bid and a buy order at the
ask, which is where it would trade. On bars the range is all there is, whatever they name.
"""

from __future__ import annotations

from cockpit.core.events import Triggered
from cockpit.core.matching import margin
from cockpit.core.matching.books import Market, Phase, Source, Working
from cockpit.core.matching.desk import Desk
from cockpit.core.matching.taker import execute, ready
from cockpit.core.orders import OrderKind

MARK, LAST, INDEX, TOUCH = "mark", "last", "index", "touch"


def seen(market: Market, order: Working) -> str:
    """Which price sets it off here."""
    if order.watch == INDEX and market.index:
        return INDEX
    if order.watch == LAST and market.last:
        return LAST
    if market.mark and order.watch != LAST:
        return MARK
    return LAST if market.last else TOUCH


def arm(desk: Desk, market: Market, order: Working, ts: int) -> None:
    """An algo order begins to wait; if its price is there already it goes off at once."""
    order.phase = Phase.ARMED
    if order.kind is OrderKind.TRAIL and order.trigger:
        order.active = False
    aim(market, order)
    if market.source is not Source.BARS:
        check(desk, market, *_prices(market, order), ts, seen(market, order), only=order)


def aim(market: Market, order: Working) -> None:
    """A TRIGGER waits for its price from the side where the market stands now."""
    bid, ask = _prices(market, order)
    known = (ask if order.sign > 0 else bid) if market.source is not Source.BARS else 0
    reference = known or market.ticks(market.reference())
    if order.kind is OrderKind.TRIGGER and reference:
        order.rising = 1 if order.trigger >= reference else -1


def check(
    desk: Desk, market: Market, bid: int, ask: int, ts: int, what: str, only: Working | None = None
) -> None:
    """The price ``what`` is now ``bid`` for sell orders and ``ask`` for buy orders (ticks; 0 = unknown)."""
    for order in market.in_phase(Phase.ARMED) if only is None else [only]:
        ticks = ask if order.sign > 0 else bid
        if not ticks or order.phase is not Phase.ARMED or seen(market, order) != what:
            continue
        if order.kind is OrderKind.TRIGGER and not order.rising:
            order.rising = 1 if order.trigger >= ticks else -1
        follow(order, ticks)
        if leg := due(order, ticks):
            fire(desk, market, order, leg, ticks, ts)


def follow(order: Working, ticks: int) -> None:
    """A trailing order keeps the best price since it is active."""
    if order.kind is not OrderKind.TRAIL:
        return
    if not order.active:
        order.active = (order.trigger - ticks) * order.sign >= 0
    if order.active and (not order.best or (order.best - ticks) * order.sign > 0):
        order.best = ticks


def level(order: Working, leg: str) -> int:
    """The price (ticks) of a leg now; 0 = it has none."""
    if leg == "take":
        return order.take
    if leg == "trail":
        active = order.active and order.best
        return round(order.best * (1 + order.sign * order.callback)) if active else 0
    return order.trigger


def legs(order: Working) -> tuple[tuple[str, int], ...]:
    """(leg, direction): +1 goes off when the price is at its level or above, -1 at or below."""
    if order.kind is OrderKind.TRIGGER:
        return (("trigger", order.rising),)
    if order.kind is OrderKind.TRAIL:
        return (("trail", order.sign),)
    if order.kind is OrderKind.OCO:
        return (("stop", order.sign), ("take", -order.sign))
    return (("stop", order.sign),)


def due(order: Working, ticks: int) -> str:
    """The leg that goes off at this price; empty when none does."""
    for leg, direction in legs(order):
        at = level(order, leg)
        if at and direction and (ticks - at) * direction >= 0:
            return leg
    return ""


def reached(order: Working, low: int, high: int) -> list[str]:
    """The legs whose level lies inside or beyond a bar's range, the pessimistic one first."""
    found = []
    for leg, direction in legs(order):
        at = level(order, leg)
        if at and direction and (high >= at if direction > 0 else low <= at):
            found.append(leg)
    return found


def fire(
    desk: Desk, market: Market, order: Working, leg: str, ticks: int, ts: int, base: int = 0, note: str = ""
) -> None:
    """A leg goes off at ``ticks``: from now on it is a market order, or a limit if it came with a price."""
    desk.reports.append(Triggered(ts, order.cid, leg, market.price(ticks)))
    if leg == "take":
        order.price = 0
    money = desk.bound(order) or margin.affordable(desk.account, desk.markets, desk.rules, market, order)
    order.kind = OrderKind.LIMIT if order.price else OrderKind.MARKET
    order.phase = Phase.ARRIVED
    order.arrived = ts
    if not money:
        desk.cancel(market, order, ts, "51008")
    elif base or ready(market):
        execute(desk, market, order, ts, base, note)


def _prices(market: Market, order: Working) -> tuple[int, int]:
    """(for a sell, for a buy) of the price that sets it off."""
    what = seen(market, order)
    if what == TOUCH:
        return market.bid(), market.ask()
    price = market.last if what == LAST else market.ticks(market.index if what == INDEX else market.mark)
    return price, price
