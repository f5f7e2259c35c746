"""One account of the venue: two desks (cross and isolated) over one purse, and what the owner is told.

The desks (``core.matching``) decide who trades and who is liquidated. This side numbers and names things as
the venue does, and keeps a second set of books from the desks' reports, so that every fill knows its profit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange import algos
from cockpit.adapters.okx_exchange.bills import CLAWBACK, TRANSFER, Bill
from cockpit.adapters.okx_exchange.booking import book_fill, book_funding
from cockpit.adapters.okx_exchange.figures import plain
from cockpit.adapters.okx_exchange.news import News
from cockpit.adapters.okx_exchange.orders import CANCELED, FILLED, PARTIAL, Fill, Order, order_push
from cockpit.adapters.okx_exchange.positions import Position, Spot
from cockpit.core import events as ev
from cockpit.core.matching import Exchange, Rules
from cockpit.core.matching.account import Account as Books
from cockpit.core.types import ZERO, MarginMode, PositionMode, PosSide

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.algos import Algo
    from cockpit.adapters.okx_exchange.floor import Floor
    from cockpit.adapters.okx_exchange.venue import OkxVenue

CANCEL_SOURCES = {
    "user": "1", "ioc": "14", "fok": "13", "post_only": "31", "self_trade": "32", "reduce_only": "2",
    "liquidation": "3", "price band": "15", "no liquidity": "14", "instrument changed": "0",
    "delivery": "7",
}  # fmt: skip
"""The desk's words as the venue's numbers (reference section 7)."""
MODES = (MarginMode.CROSS, MarginMode.ISOLATED)
START_LEVERAGE = Decimal(3)


class Account:
    """One owner's money, orders and positions."""

    def __init__(self, venue: OkxVenue, uid: str, demo: bool, cash: dict[str, Decimal]) -> None:
        self.venue = venue
        self.uid = uid
        self.demo = demo
        self.hedged = False
        self.stp_mode = "cancel_maker"
        self.orders: dict[int, Order] = {}
        self.live: dict[int, Order] = {}
        self.by_client: dict[str, int] = {}
        """The newest order of every client id."""
        self.fills: list[Fill] = []
        self.bills: list[Bill] = []
        self.positions: dict[Spot, Position] = {}
        self.closed: list[Position] = []
        self.algos: dict[int, Algo] = {}
        self.live_algos: dict[int, Algo] = {}
        self.timers: dict[str, int] = {}
        """Dead man's switches: deadline (ms) by tag, "" for the whole account."""
        self.told: dict[str, Any] = {}
        """What account/config says instead of the truth, for tests."""
        self.levers: dict[Spot, str] = {}
        self.news: list[News] = []
        self.dirty_money: set[str] = set()
        self.dirty_positions: dict[Spot, Position] = {}
        self.reason = ""
        """Why money or positions changed last, in the venue's word."""
        self.refused: dict[int, tuple[str, str]] = {}
        self._desks = self._open(cash)
        self.mirrors = {mode: Books({}) for mode in MODES}
        self.mirrors[MarginMode.ISOLATED].cash = self.mirrors[MarginMode.CROSS].cash
        for ccy, amount in cash.items():
            self.deposited(ccy, amount, venue.clock.now())

    def _open(self, cash: dict[str, Decimal]) -> dict[MarginMode, Exchange]:
        instruments = {f.listed.instrument.symbol: f.listed.instrument for f in self.venue.floors.values()}
        desks = {
            mode: Exchange(
                instruments,
                cash if mode is MarginMode.CROSS else {},
                Rules(margin_mode=mode, leverage=START_LEVERAGE),
                self.venue.seed,
            )
            for mode in MODES
        }
        desks[MarginMode.ISOLATED].ledger.cash = desks[MarginMode.CROSS].ledger.cash
        return desks

    # --- the desks --------------------------------------------------------------------------------

    def desk(self, mode: MarginMode) -> Exchange:
        """Spot is traded where cross positions are."""
        return self._desks[MarginMode.ISOLATED if mode is MarginMode.ISOLATED else MarginMode.CROSS]

    def mirror(self, mode: MarginMode) -> Books:
        return self.mirrors[MarginMode.ISOLATED if mode is MarginMode.ISOLATED else MarginMode.CROSS]

    def market(self, event: ev.AnyEvent, ts: int) -> None:
        """The public market moved."""
        for mode, desk in self._desks.items():
            desk.market(event, ts)
            if desk.reports:
                self.settle(mode)

    def advance(self, now: int) -> None:
        """Time passed: funding that is due is paid."""
        for mode, desk in self._desks.items():
            if now >= desk.wake:
                desk.advance(now)
            if desk.reports:
                self.settle(mode)

    def lever(self, inst_id: str, mode: MarginMode, pos_side: PosSide = PosSide.NET) -> str:
        """The leverage the owner chose."""
        chosen = self.levers.get((inst_id, mode, pos_side)) or self.levers.get((inst_id, mode, PosSide.NET))
        return chosen or plain(START_LEVERAGE)

    def set_hedged(self, hedged: bool) -> None:
        """Net or long/short mode, for both desks."""
        self.hedged = hedged
        mode = PositionMode.HEDGE if hedged else PositionMode.NET
        for desk in self._desks.values():
            desk.adopt(msgspec.structs.replace(desk.rules, position_mode=mode))

    def set_lever(self, floor: Floor, mode: MarginMode, pos_side: PosSide, lever: Decimal) -> None:
        """From now on orders of this market work with this leverage."""
        self.levers[(floor.listed.inst_id, mode, pos_side)] = plain(lever)
        desk = self.desk(mode)
        chosen = {**desk.rules.leverages, floor.listed.instrument.symbol: lever}
        desk.adopt(msgspec.structs.replace(desk.rules, leverages=chosen))
        for position in self.positions.values():
            if position.listed is floor.listed and position.mode is mode:
                position.lever = plain(lever)
                self.touch(position, "set_leverage")

    def floor_of(self, symbol: str) -> Floor:
        return self.venue.by_symbol[symbol]

    # --- what the desks report --------------------------------------------------------------------

    def settle(self, mode: MarginMode) -> None:
        """Take the reports of a desk into our books and tell the owner."""
        desk = self._desks[mode]
        while desk.reports:
            reports = [*desk.reports]
            desk.reports.clear()
            for report in reports:
                self._report(mode, report)

    def _report(self, mode: MarginMode, report: ev.AnyEvent) -> None:
        if isinstance(report, ev.Fill):
            book_fill(self, mode, report)
        elif isinstance(report, ev.Ack):
            self.tell(self.orders[int(report.cid)])
        elif isinstance(report, ev.Reject | ev.AmendReject | ev.CancelReject):
            self.refused[int(report.cid)] = (report.code, report.reason)
        elif isinstance(report, ev.Cancelled):
            self._cancelled(report)
        elif isinstance(report, ev.Amended):
            order = self.orders[int(report.cid)]
            order.px, order.qty, order.u_time = report.price, report.qty, report.ts
            order.sz = report.qty
            self.tell(order)
        elif isinstance(report, ev.FundingPaid):
            book_funding(self, mode, report)
        elif isinstance(report, ev.Transfer):
            # Only the insurance fund pays in by itself; deposits go through ``deposit``.
            self.mirror(mode).transfer(report.ccy, report.amount)
            self.bill(report.ts, report.ccy, CLAWBACK, "170", report.amount)
            self.money(report.ccy, "claw_back")

    def _cancelled(self, report: ev.Cancelled) -> None:
        order = self.orders[int(report.cid)]
        order.u_time = report.ts
        if report.reason == "amended to what had filled":
            self.end(order, FILLED)
        else:
            order.cancel_source = order.cancel_source or CANCEL_SOURCES.get(report.reason, "0")
            self.end(order, CANCELED)
        self.tell(order)

    def end(self, order: Order, state: str) -> None:
        """The order stops living."""
        order.state = state
        order.canceling = False
        self.live.pop(order.ord_id, None)
        if state == FILLED and order.attached:
            algos.attach(self, order)

    def worked(self, order: Order, fill: Fill) -> None:
        """``order`` has traded."""
        order.filled += fill.sz
        order.cost += fill.px * fill.sz
        order.pnl += fill.pnl
        order.fee_ccy = fill.fee_ccy
        if fill.fee > 0:
            order.rebate += fill.fee
        order.fee += fill.fee
        order.last, order.u_time = fill, fill.ts
        if order.filled >= order.qty:
            self.end(order, FILLED)
        else:
            order.state = PARTIAL
        self.tell(order, fill)

    # --- telling ----------------------------------------------------------------------------------

    def tell(self, order: Order, fill: Fill | None = None) -> None:
        """The ``orders`` channel hears of it."""
        listed = order.listed
        floor = self.venue.floors[listed.inst_id]
        price = order.px or Decimal(repr(floor.mark_price)) or ZERO
        instrument = listed.instrument
        worth = instrument.quote_notional(order.qty, price)
        done = instrument.quote_notional(fill.sz, fill.px) if fill else ZERO
        self.news.append(
            News("order", order_push(order, fill, floor.px(floor.ticks(floor.last)), worth, done))
        )

    def touch(self, position: Position, reason: str) -> None:
        """A position changed."""
        where = (position.listed.inst_id, position.mode, position.pos_side)
        self.dirty_positions[where] = position
        self.money(position.listed.instrument.settle, reason)

    def money(self, ccy: str, reason: str) -> None:
        """A balance changed."""
        self.dirty_money.add(ccy)
        self.reason = reason

    def bill(self, ts: int, ccy: str, type_: str, sub_type: str, change: Decimal, **more: Any) -> Bill:
        """Write a bill; the books must have moved already."""
        balance = self.mirrors[MarginMode.CROSS].cash.get(ccy, ZERO)
        row = Bill(self.venue.number(), ts, ccy, type_, sub_type, change, balance, **more)
        self.bills.append(row)
        return row

    def deposited(self, ccy: str, amount: Decimal, ts: int) -> None:
        """Money that the desks already have enters our books."""
        self.mirrors[MarginMode.CROSS].transfer(ccy, amount)
        self.bill(ts, ccy, TRANSFER, "11" if amount >= 0 else "12", amount)
        self.money(ccy, "transferred")

    def deposit(self, ccy: str, amount: Decimal, ts: int) -> None:
        """Money comes in (> 0) or goes out."""
        desk = self._desks[MarginMode.CROSS]
        desk.transfer(ccy, amount, ts)
        desk.reports.clear()
        self.deposited(ccy, amount, ts)

    def close_algos(self, inst_id: str, pos_side: PosSide) -> list[dict[str, str]]:
        """Whole-position stops, as a position shows them."""
        return [
            {
                "algoId": str(algo.algo_id),
                "slTriggerPx": algo.sl.trigger,
                "slTriggerPxType": algo.sl.kind,
                "tpTriggerPx": algo.tp.trigger,
                "tpTriggerPxType": algo.tp.kind,
                "closeFraction": "1",
            }
            for algo in self.live_algos.values()
            if algo.whole and algo.listed.inst_id == inst_id and algo.pos_side is pos_side
        ]

    def desk_cash(self) -> dict[str, Decimal]:
        """Free cash by currency, by the desks' own books."""
        return self._desks[MarginMode.CROSS].balances()

    def free(self, ccy: str) -> Decimal:
        """What may still be used for orders: equity less margin and what orders lock (``availEq``)."""
        cross = self._desks[MarginMode.CROSS]
        pool = cross.pool(ccy)
        locked = cross.locked(ccy) + self._desks[MarginMode.ISOLATED].locked(ccy)
        return max(ZERO, pool.equity - pool.initial - locked)

    def order_of(self, ord_id: str, cl_ord_id: str) -> Order | None:
        """By order id, else by client id (the newest that used it)."""
        if ord_id:
            return self.orders.get(int(ord_id)) if ord_id.isdecimal() else None
        found = self.by_client.get(cl_ord_id)
        return None if found is None else self.orders[found]
