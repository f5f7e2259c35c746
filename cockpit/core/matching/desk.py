"""The venue's back office: every order that lives, every fill and bill, and what is told to the owner."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cockpit.core.events import AnyEvent, Cancelled, Fill, FillKind, FundingPaid, Transfer
from cockpit.core.matching import margin
from cockpit.core.matching.account import EXACT, Account, Holding, worth
from cockpit.core.matching.books import Done, Market, Phase, Working, done
from cockpit.core.matching.rules import Rules
from cockpit.core.types import ZERO, Kind, MarginMode, PosSide, Side

FAR = 1 << 62
TAKEN = {
    FillKind.LIQUIDATION: "liquidated at the mark",
    FillKind.DELIVERY: "the market has ended: settled at the mark",
}
"""A time that never comes."""


class Desk:
    """State shared by the parts of the exchange. Nothing here decides about prices."""

    def __init__(self, rules: Rules, account: Account, markets: dict[str, Market], seed: int) -> None:
        self.rules = rules
        self.account = account
        self.markets = markets
        self.seed = seed
        self.homes: dict[str, Market] = {}
        """Where each living order is, by client id."""
        self.done: dict[str, Done] = {}
        self.reports: list[AnyEvent] = []
        self.fills: list[Fill] = []
        self.bills: list[FundingPaid | Transfer] = []
        self.orders_seen = 0
        self.trades_seen = 0
        self.draws = 0
        self.proven: dict[str, tuple[int, int, tuple[object, ...]]] = {}
        """Prices (ticks) between which liquidation is known to be far, and for which money that holds."""

    # --- orders -----------------------------------------------------------------------------------

    def new_venue_id(self) -> str:
        self.orders_seen += 1
        return str(1000 + self.orders_seen)

    def admit(self, market: Market, order: Working) -> None:
        """An order begins to live."""
        market.orders[order.cid] = order
        market.busy = True
        self.homes[order.cid] = market

    def end(self, market: Market, order: Working, state: str) -> None:
        """An order stops living; its client id stays known."""
        order.phase = Phase.GONE
        market.orders.pop(order.cid, None)
        self.homes.pop(order.cid, None)
        self.done[order.cid] = done(market, order, state)

    def cancel(self, market: Market, order: Working, ts: int, reason: str) -> None:
        """The rest of an order is gone."""
        self.end(market, order, "cancelled")
        self.reports.append(Cancelled(ts, order.cid, market.qty(order.filled), reason))

    # --- positions --------------------------------------------------------------------------------

    def holding(self, market: Market, order: Working) -> Holding | None:
        """The position that ``order`` touches."""
        return self.account.holding(order.symbol, order.pos_side)

    def reducible(self, market: Market, order: Working) -> int:
        """Lots that ``order`` could close without turning the position around."""
        instrument = market.instrument
        if instrument.kind is Kind.SPOT:
            free = self.account.cash.get(instrument.base, ZERO) if order.sign < 0 else ZERO
            return margin.lots_of(market, max(free, ZERO))
        holding = self.holding(market, order)
        if holding is None or (holding.qty > 0) == (order.sign > 0):
            return 0
        return margin.lots_of(market, holding.qty)

    def bound(self, order: Working) -> bool:
        """May it only close?"""
        return order.reduce_only or margin.is_close(order, self.rules)

    def executable(self, market: Market, order: Working) -> int:
        """Lots that may trade now: what is left, never more than there is to close if it only closes."""
        left = order.left
        return min(left, self.reducible(market, order)) if self.bound(order) else left

    # --- money ------------------------------------------------------------------------------------

    def fill(
        self, market: Market, order: Working, ticks: int, lots: int, maker: bool, ts: int, note: str = ""
    ) -> int:
        """Trade up to ``lots`` of ``order`` at ``ticks``; returns what really traded."""
        lots = min(lots, self.executable(market, order))
        if lots <= 0:
            if self.bound(order) and order.phase is not Phase.GONE:
                self.cancel(market, order, ts, "reduce_only")
            return 0
        held = self.holding(market, order)
        sign_before = 0 if held is None else (1 if held.qty > 0 else -1)
        self.trades_seen += 1
        qty, price = market.qty(lots), market.price(ticks)
        fee, currency = self._book(market, order.side, order.pos_side, qty, price, maker)
        order.filled += lots
        fill = Fill(
            ts, order.cid, order.venue_id, str(self.trades_seen), order.symbol, order.side, price, qty,
            fee, currency, maker, order.pos_side, FillKind.TRADE, note,
        )  # fmt: skip
        self._tell(fill)
        if order.filled >= order.lots:
            self.end(market, order, "filled")
        self._drop_orphans(market, sign_before, order, ts)
        return lots

    def take_away(
        self,
        market: Market,
        holding: Holding,
        qty: Decimal,
        ticks: int,
        ts: int,
        fee: Decimal,
        why: FillKind = FillKind.LIQUIDATION,
    ) -> None:
        """Close ``qty`` of a position at ``ticks``, unasked; ``fee`` is charged in the settle currency."""
        self.trades_seen += 1
        side = Side.SELL if holding.qty > 0 else Side.BUY
        price, settle = market.price(ticks), market.instrument.settle
        self.account.trade(market.instrument, holding.pos_side, qty * side.sign, price, ZERO)
        self.account.fee(settle, fee)
        venue_id, trade_id, note = self.new_venue_id(), str(-self.trades_seen), TAKEN[why]
        self._tell(
            Fill(
                ts,
                "",
                venue_id,
                trade_id,
                holding.symbol,
                side,
                price,
                qty,
                fee,
                settle,
                False,
                holding.pos_side,
                why,
                note,
            )
        )

    def pay(self, bill: FundingPaid | Transfer) -> None:
        """Put a bill into the books that the account has already booked."""
        self.bills.append(bill)
        self.reports.append(bill)

    def _tell(self, fill: Fill) -> None:
        self.fills.append(fill)
        self.reports.append(fill)

    def _book(
        self, market: Market, side: Side, pos_side: PosSide, qty: Decimal, price: Decimal, maker: bool
    ) -> tuple[Decimal, str]:
        """Move the money; returns fee and its currency. A spot buy pays its fee in the coin it receives."""
        instrument = market.instrument
        rate = instrument.maker_fee if maker else instrument.taker_fee
        change = qty * side.sign
        if instrument.kind is Kind.SPOT:
            self.account.swap(instrument, change, price)
            currency = instrument.base if side is Side.BUY else instrument.quote
            amount = qty if side is Side.BUY else worth(instrument, qty, price)
        else:
            isolated = self.rules.margin_mode is MarginMode.ISOLATED
            lever = self.rules.lever(instrument.symbol) if isolated else ZERO
            self.account.trade(instrument, pos_side, change, price, lever)
            currency = instrument.settle
            amount = worth(instrument, qty, price)
        fee = EXACT.multiply(abs(amount), rate)
        self.account.fee(currency, fee)
        return fee, currency

    def _drop_orphans(self, market: Market, sign_before: int, filled: Working, ts: int) -> None:
        """A position has ended or turned: orders that could only close it are gone with it."""
        if not sign_before and not (market.instrument.kind is Kind.SPOT and self.bound(filled)):
            return
        held = self.holding(market, filled)
        if held is not None and (held.qty > 0) == (sign_before > 0):
            return
        for order in self.bound_orders(market, filled.pos_side):
            if not self.reducible(market, order):
                self.cancel(market, order, ts, "reduce_only")

    def bound_orders(self, market: Market, pos_side: PosSide) -> Iterator[Working]:
        """Living orders that may only close this position; safe to end them meanwhile."""
        return (o for o in [*market.orders.values()] if self.bound(o) and o.pos_side is pos_side)
