"""What the venue does with a request that has arrived: place, amend, cancel, and questions."""

from __future__ import annotations

from cockpit.core.events import (
    Ack,
    Amended,
    AmendReject,
    CancelReject,
    Fill,
    FundingPaid,
    OrderReport,
    Reject,
    Transfer,
)
from cockpit.core.intents import Amend, Cancel, Place, Query
from cockpit.core.matching import algos, margin
from cockpit.core.matching import validation as valid
from cockpit.core.matching.books import Done, Market, Phase, Working, in_ticks
from cockpit.core.matching.desk import Desk
from cockpit.core.matching.draws import uniform
from cockpit.core.matching.taker import execute, ready
from cockpit.core.orders import OrderKind
from cockpit.core.types import ZERO

SLACK = 86_400_000
"""Fills are written in the order in which they were worked out; on bars that may differ by a bar (ms)."""


def place(desk: Desk, action: Place, ts: int) -> None:
    """A new order: refused, or taken and worked."""
    market = desk.markets.get(action.symbol)
    if action.cid in desk.homes or action.cid in desk.done:
        desk.reports.append(Reject(ts, action.cid, "51016", "client order id already exists"))
        return
    if market is None:
        _refuse(desk, action, ts, ("51001", f"no instrument {action.symbol}"))
        return
    refusal = valid.form(market, action, desk.rules.position_mode)
    if refusal is None:
        order = valid.working(desk, market, action, ts)
        refusal = valid.admission(desk, market, order)
    if refusal is not None:
        _refuse(desk, action, ts, refusal)
        return
    order.venue_id = desk.new_venue_id()
    desk.admit(market, order)
    desk.reports.append(Ack(ts, order.cid, order.venue_id))
    if order.algo:
        algos.arm(desk, market, order, ts)
    elif ready(market):
        execute(desk, market, order, ts)


def _refuse(desk: Desk, action: Place, ts: int, refusal: tuple[str, str]) -> None:
    desk.done[action.cid] = Done(action.symbol, "rejected", ZERO, action.price or ZERO, action.qty, "")
    desk.reports.append(Reject(ts, action.cid, *refusal))


def cancel(desk: Desk, action: Cancel, ts: int) -> None:
    """The rest of an order is taken back, if it still lives."""
    market = desk.homes.get(action.cid)
    if market is None:
        reason = "filled, cancelled or never existed"
        desk.reports.append(CancelReject(ts, action.cid, "51400", reason))
        return
    if desk.rules.cancel_failure:
        desk.draws += 1
        if uniform(desk.seed, desk.draws) < desk.rules.cancel_failure:
            desk.reports.append(CancelReject(ts, action.cid, "50013", "systems busy, try again"))
            return
    desk.cancel(market, market.orders[action.cid], ts, "user")


def amend(desk: Desk, action: Amend, ts: int) -> None:
    """New price and total size. Only a smaller size alone keeps the place in the queue.

    For an algo order the price is its trigger, of an OCO its stop (a trailing one has none: only its size
    changes); one that the market has reached goes off at once.
    """
    market = desk.homes.get(action.cid)
    if market is None:
        reason = "filled, cancelled or never existed"
        desk.reports.append(AmendReject(ts, action.cid, "51503", reason))
        return
    order = market.orders[action.cid]
    refusal = _amendable(desk, market, order, action)
    if refusal is not None:
        desk.reports.append(AmendReject(ts, action.cid, *refusal))
        return
    lots = int(action.qty / market.instrument.lot)
    ticks = in_ticks(market, action.price)
    take = action.take if order.kind is OrderKind.OCO else None
    desk.reports.append(Amended(ts, action.cid, action.price, action.qty, take))
    if lots <= order.filled:
        order.lots = lots
        desk.cancel(market, order, ts, "amended to what had filled")
    elif order.phase is Phase.ARMED:
        order.lots = lots
        _retrigger(desk, market, order, ticks, in_ticks(market, take), ts)
    elif ticks == order.price and lots <= order.lots:
        order.lots = lots
    else:
        _replace(desk, market, order, ticks, lots, ts)


def _retrigger(desk: Desk, market: Market, order: Working, ticks: int, take: int, ts: int) -> None:
    take = take or order.take
    if order.kind is not OrderKind.TRAIL and (ticks, take) != (order.trigger, order.take):
        order.trigger, order.take, order.arrived = ticks, take, ts
        algos.arm(desk, market, order, ts)


def _replace(desk: Desk, market: Market, order: Working, ticks: int, lots: int, ts: int) -> None:
    """The order goes to the end of the queue of its new price, or takes what it now crosses."""
    order.price, order.lots, order.arrived = ticks, lots, ts
    order.phase = Phase.ARRIVED
    order.traded = 0
    market.orders[order.cid] = market.orders.pop(order.cid)
    if ready(market):
        execute(desk, market, order, ts)


def _amendable(desk: Desk, market: Market, order: Working, action: Amend) -> tuple[str, str] | None:
    if order.kind is OrderKind.MARKET:
        return "51506", "a market order cannot be changed"
    instrument = market.instrument
    if action.price is None or not valid.on_grid(action.price, instrument.tick):
        return "51000", f"price {action.price} is not a positive multiple of the tick {instrument.tick}"
    if action.qty > market.qty(order.filled):
        refusal = valid.quantity(instrument, action.qty)
        if refusal is not None:
            return refusal
    if order.phase is Phase.ARMED:
        wrong = action.take is not None and not valid.on_grid(action.take, instrument.tick)
        return ("51000", f"take-profit {action.take} is not on the grid") if wrong else None
    ticks = in_ticks(market, action.price)
    if order.kind is OrderKind.POST_ONLY and _would_take(market, order, ticks):
        return "51511", "a post-only order would take"
    wanted = _wanted(market, order, action)
    refusal = valid.price(market, wanted)
    if refusal is None and wanted.left > 0 and not _affords(desk, market, order, wanted):
        return "51502", "insufficient margin for the change"
    return refusal


def _would_take(market: Market, order: Working, ticks: int) -> bool:
    best = market.ask() if order.sign > 0 else market.bid()
    return bool(best) and (ticks - best) * order.sign >= 0


def _wanted(market: Market, order: Working, action: Amend) -> Working:
    wanted = Working(**{name: getattr(order, name) for name in order.__struct_fields__})
    wanted.price = in_ticks(market, action.price)
    wanted.lots = int(action.qty / market.instrument.lot)
    return wanted


def _affords(desk: Desk, market: Market, order: Working, wanted: Working) -> bool:
    if wanted.lots <= order.lots and (wanted.price - order.price) * order.sign <= 0:
        return True
    if desk.bound(order):
        return True
    phase, order.phase = order.phase, Phase.ARMED  # what waits for a trigger locks nothing: not counted twice
    fine = margin.affordable(desk.account, desk.markets, desk.rules, market, wanted)
    order.phase = phase
    return fine


def query(desk: Desk, action: Query, ts: int) -> None:
    """The order's fills once more, then what became of it."""
    report = order_report(desk, action.cid, ts)
    desk.reports += _fills_of(desk, report)
    desk.reports.append(report)


def _fills_of(desk: Desk, report: OrderReport) -> list[Fill]:
    """Newest first until all of it is found: what was asked about traded lately, the log may hold years."""
    found: list[Fill] = []
    left = report.filled
    for fill in reversed(desk.fills) if left or not report.found else ():
        if fill.cid == report.cid:
            found.append(fill)
            left -= fill.qty
            if report.found and left <= 0:
                break
    return found[::-1]


def order_report(desk: Desk, cid: str, ts: int) -> OrderReport:
    market = desk.homes.get(cid)
    if market is not None:
        order = market.orders[cid]
        filled, price = market.qty(order.filled), market.price(order.price or order.trigger)
        state = "partial" if order.filled else "live"
        take = market.price(order.take) if order.kind is OrderKind.OCO else None
        size = market.qty(order.lots)
        return OrderReport(ts, cid, True, True, state, filled, price, size, order.venue_id, take)
    gone = desk.done.get(cid)
    if gone is None:
        return OrderReport(ts, cid, False)
    return OrderReport(ts, cid, True, True, gone.state, gone.filled, gone.price, gone.qty, gone.venue_id)


def history(desk: Desk, since: int) -> None:
    """All fills and bills since then, once more: they are known by their ids."""
    desk.reports += _newer(desk.fills, since)
    desk.reports += _newer(desk.bills, since)


def _newer(
    rows: list[Fill] | list[FundingPaid | Transfer], since: int
) -> list[Fill | FundingPaid | Transfer]:
    found: list[Fill | FundingPaid | Transfer] = []
    for row in reversed(rows):
        if row.ts >= since:
            found.append(row)
        elif row.ts < since - SLACK:
            break
    return found[::-1]
