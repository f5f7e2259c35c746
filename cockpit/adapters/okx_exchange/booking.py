"""A fill or a funding payment of a desk enters the account's books, bills and positions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cockpit.adapters.okx_exchange.bills import FUNDING, LIQUIDATION, TRADE
from cockpit.adapters.okx_exchange.figures import amount, plain
from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.news import News
from cockpit.adapters.okx_exchange.orders import Fill, Order, fill_record
from cockpit.adapters.okx_exchange.positions import Position, Spot
from cockpit.core import events as ev
from cockpit.core.matching.account import Holding, worth
from cockpit.core.types import ZERO, MarginMode, Side

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

UNASKED = frozenset((ev.FillKind.LIQUIDATION, ev.FillKind.DELIVERY))
"""Fills of orders that the venue places itself."""
SUB_TYPES = {
    (False, True): "3", (False, False): "4", (True, False): "5", (True, True): "6",
}  # fmt: skip
"""(closes, buys): open long, open short, close long, close short."""


def book_fill(account: Account, mode: MarginMode, report: ev.Fill) -> None:
    """The desk traded for us."""
    floor = account.floor_of(report.symbol)
    seized = report.kind in UNASKED
    order = _seizure(account, mode, floor, report) if seized else account.orders[int(report.cid)]
    if floor.listed.swap:
        fill = _derivative(account, mode, floor, order, report, seized)
    else:
        fill = _spot(account, floor, order, report)
    account.fills.append(fill)
    account.worked(order, fill)
    if not seized:
        account.news.append(_fill_news(fill))


def _fill_news(fill: Fill) -> News:
    return News("fill", fill_record(fill))


def _fill(
    account: Account, floor: Floor, order: Order, report: ev.Fill, bill_id: int, pnl: Decimal, sub_type: str
) -> Fill:
    if report.kind in UNASKED:
        trade_id = -account.venue.number()
    elif report.maker:
        trade_id = next(account.venue.trade_ids)
    else:
        instrument = floor.listed.instrument
        ticks, lots = int(report.price / instrument.tick), int(report.qty / instrument.lot)
        trade_id = floor.print(ticks, lots, report.side, report.ts)
    return Fill(
        str(trade_id), bill_id, order.ord_id, order.cl_ord_id, order.tag, floor.listed, report.side,
        report.pos_side, report.price, report.qty, report.maker, -report.fee, report.fee_ccy, pnl, sub_type,
        report.ts, amount(floor.mark_price), amount(floor.index_price),
    )  # fmt: skip


def _spot(account: Account, floor: Floor, order: Order, report: ev.Fill) -> Fill:
    instrument, books = floor.listed.instrument, account.mirrors[MarginMode.CROSS]
    books.swap(instrument, report.qty * report.side.sign, report.price)
    books.fee(report.fee_ccy, report.fee)
    sub_type = "1" if report.side is Side.BUY else "2"
    fill = _fill(account, floor, order, report, account.venue.number(), ZERO, sub_type)
    changes = {
        instrument.base: report.qty * report.side.sign,
        instrument.quote: -worth(instrument, report.qty * report.side.sign, report.price),
    }
    for ccy, change in changes.items():
        fee = -report.fee if ccy == report.fee_ccy else ZERO
        account.bill(
            report.ts, ccy, TRADE, sub_type, change + fee, fee=fee, inst_type="SPOT",
            inst_id=floor.listed.inst_id, mode="cash", sz=report.qty, px=report.price, fill=fill,
        )  # fmt: skip
        account.money(ccy, "filled")
    return fill


def _derivative(
    account: Account, mode: MarginMode, floor: Floor, order: Order, report: ev.Fill, seized: bool
) -> Fill:
    listed, books = floor.listed, account.mirror(mode)
    instrument, settle = listed.instrument, listed.instrument.settle
    held = books.holding(instrument.symbol, report.pos_side)
    before = held.qty if held else ZERO
    cash = books.cash.get(settle, ZERO)
    change = report.qty * report.side.sign
    rules = account.desk(mode).rules
    isolated = mode is MarginMode.ISOLATED and not seized
    lever = rules.lever(instrument.symbol) if isolated else ZERO
    pnl = books.trade(instrument, report.pos_side, change, report.price, lever)
    books.fee(settle, report.fee)
    moved = books.cash.get(settle, ZERO) - cash
    closes = before * change < 0
    sub_type = SUB_TYPES[(closes, change > 0)]
    if seized:
        sub_type = "104" if before > 0 else "105"
    fill = _fill(account, floor, order, report, account.venue.number(), pnl, sub_type)
    account.bill(
        report.ts,
        settle,
        LIQUIDATION if seized else TRADE,
        sub_type,
        moved,
        pos_change=pnl - report.fee - moved,
        pnl=pnl,
        fee=-report.fee,
        inst_type="SWAP",
        inst_id=listed.inst_id,
        mode=str(mode),
        sz=report.qty,
        px=report.price,
        fill=fill,
    )
    where = (listed.inst_id, mode, report.pos_side)
    _live(account, where, floor, before, change, fill, seized)
    if seized:
        account.venue.liquidated(floor, fill, before > 0)
    return fill


def _live(
    account: Account, where: Spot, floor: Floor, before: Decimal, change: Decimal, fill: Fill, seized: bool
) -> None:
    """The position's own story: opened, added to, reduced, closed, turned around."""
    shut = min(abs(change), abs(before)) if before * change < 0 else ZERO
    position = account.positions.get(where)
    reason = "liquidation" if seized else "filled"
    share = shut / abs(change)
    if position is not None and shut:
        position.closed += shut
        position.close_cost += abs(worth(floor.listed.instrument, shut, fill.px))
        position.pnl += fill.pnl
        fee = fill.fee * share
        if seized:
            position.penalty += fee
        else:
            position.fee += fee
        _mark(account, position, fill, reason)
        if shut == abs(before):
            _ended(account, where, position, fill, seized)
            position = None
    opened = abs(change) - shut
    if not opened:
        return
    if position is None:
        position = _begin(account, where, floor, fill, change > 0)
    position.opened += opened
    position.open_cost += abs(worth(floor.listed.instrument, opened, fill.px))
    position.fee += fill.fee * (1 - share)
    position.largest = max(position.largest, abs(position.holding.qty))
    _mark(account, position, fill, reason)


def _mark(account: Account, position: Position, fill: Fill, reason: str) -> None:
    position.u_time, position.trade_id = fill.ts, fill.trade_id
    account.touch(position, reason)


def _begin(account: Account, where: Spot, floor: Floor, fill: Fill, long: bool) -> Position:
    inst_id, mode, pos_side = where
    holding = account.mirror(mode).holding(floor.listed.instrument.symbol, pos_side)
    assert holding is not None
    position = Position(
        account.venue.position_id(account.uid, where),
        floor.listed,
        mode,
        pos_side,
        fill.ts,
        fill.ts,
        holding,
        "long" if long else "short",
        lever=account.lever(inst_id, mode, pos_side),
    )
    account.positions[where] = position
    return position


def _ended(account: Account, where: Spot, position: Position, fill: Fill, seized: bool) -> None:
    position.ending = "3" if seized else "2"
    position.trigger = plain(fill.px) if seized else ""
    # A flip goes on in the same holding; the closed life must not show the new one's quantity.
    position.holding = Holding(position.holding.symbol, position.holding.pos_side)
    account.closed.append(position)
    del account.positions[where]
    account.dirty_positions[where] = position


def _seizure(account: Account, mode: MarginMode, floor: Floor, report: ev.Fill) -> Order:
    """The order that the venue itself places to take a position away."""
    listed = floor.listed
    held = account.mirror(mode).holding(listed.instrument.symbol, report.pos_side)
    whole = held is None or abs(held.qty) <= report.qty
    category = "full_liquidation" if whole else "partial_liquidation"
    if report.kind is ev.FillKind.DELIVERY:
        category = "delivery"
    order = Order(
        account.venue.number(), "", "", listed, mode, report.side, report.pos_side, "limit", report.price,
        report.qty, report.qty, report.ts, report.ts, ccy=listed.instrument.settle, reduce_only=True,
        category=category,
        lever=account.lever(listed.inst_id, mode, report.pos_side),
    )  # fmt: skip
    account.orders[order.ord_id] = account.live[order.ord_id] = order
    return order


def book_funding(account: Account, mode: MarginMode, report: ev.FundingPaid) -> None:
    """Funding was paid (< 0) or received on a position."""
    floor = account.floor_of(report.symbol)
    books, isolated = account.mirror(mode), mode is MarginMode.ISOLATED
    held = books.holding(report.symbol, report.pos_side)
    if held is None:
        held = Holding(report.symbol, report.pos_side)
    books.fund(held, report.ccy, report.amount, isolated)
    change = ZERO if isolated else report.amount
    account.bill(
        report.ts, report.ccy, FUNDING, "174" if report.amount > 0 else "173", change,
        pos_change=report.amount if isolated else ZERO, pnl=report.amount, inst_type="SWAP",
        inst_id=floor.listed.inst_id, mode=str(mode), sz=abs(held.qty), px=Decimal(amount(floor.mark_price)),
    )  # fmt: skip
    position = account.positions.get((floor.listed.inst_id, mode, report.pos_side))
    if position is not None:
        position.funding += report.amount
        position.u_time = report.ts
        account.touch(position, "funding_fee")
