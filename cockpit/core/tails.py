"""The parts of a frame that are worked out from one thing: candles, an order, a position's way out."""

from __future__ import annotations

from collections import deque
from decimal import Decimal, localcontext
from math import nan

from cockpit.core import events as ev
from cockpit.core.events import VenueOrder
from cockpit.core.frames import CandleRow, Halt, OrderRow
from cockpit.core.ledger.position import MONEY, Position, value
from cockpit.core.orders import Order
from cockpit.core.slots import Market
from cockpit.core.state import HaltState
from cockpit.core.types import ZERO, Side, exact

CANDLES = 300
EVERY_LEVEL = 1_000_000


class Candles:
    """Closed bars as they come; between them a forming one made of trades."""

    __slots__ = ("rows", "tf")

    def __init__(self, tf: int) -> None:
        self.tf = tf
        self.rows: deque[CandleRow] = deque(maxlen=CANDLES)

    def bar(self, bar: ev.Bar) -> None:
        row = CandleRow(bar.end - bar.tf, bar.open, bar.high, bar.low, bar.close, bar.volume)
        while self.rows and self.rows[-1].ts >= row.ts:
            self.rows.pop()
        self.rows.append(row)

    def trade(self, ts: int, price: float, volume: float) -> None:
        """A trade at the venue's time ``ts``; ``volume`` in base units, as a bar's is."""
        start = ts - ts % self.tf
        last = self.rows[-1] if self.rows else None
        if last is None or start > last.ts:
            self.rows.append(CandleRow(start, price, price, price, price, volume, False))
        elif start == last.ts and not last.closed:
            self.rows[-1] = CandleRow(
                start,
                last.open,
                max(last.high, price),
                min(last.low, price),
                price,
                last.volume + volume,
                False,
            )


def stranger_row(row: VenueOrder) -> OrderRow:
    """An order that the cockpit did not make, as the venue lists it."""
    return OrderRow(
        row.cid,
        "",
        row.symbol,
        row.side,
        "",
        "",
        float(row.price) if row.price else nan,
        float(row.qty),
        float(row.filled),
        "stranger",
        0,
        False,
    )


def order_row(order: Order) -> OrderRow:
    """An order as a face shows it."""
    return OrderRow(
        order.cid,
        order.sleeve,
        order.symbol,
        order.side,
        order.kind,
        order.role,
        float(order.price) if order.price is not None else nan,
        float(order.qty),
        float(order.filled),
        order.state,
        order.created,
        order.reduce_only,
        float(order.trigger) if order.trigger is not None else 0.0,
        order.cancelling,
        order.tag,
        order.watch,
    )


def exit_pnl(market: Market, position: Position, price: float) -> float:
    """Profit if it were closed now: the book walked for the whole size, taker fee paid; settle currency.

    A market without a book is left at ``price``. NaN when the book is not to be trusted or too thin.
    """
    instrument = market.instrument
    side = Side.SELL if position.qty > 0 else Side.BUY
    with localcontext(MONEY):
        if market.book.ts:
            worth = _walked(market, side, abs(position.qty)) if market.book.ok else None
        else:
            worth = value(instrument, abs(position.qty), exact(price)) if price > 0 else None
        if worth is None:
            return nan
        signed = worth if position.qty > 0 else -worth
        gross = position.cost - signed if position.inverse else signed - position.cost
        return float(gross - worth * instrument.taker_fee)


def _walked(market: Market, side: Side, qty: Decimal) -> Decimal | None:
    """Unsigned worth of ``qty`` taken from the book level by level; None when there is not enough."""
    worth = ZERO
    for price, size in market.book.levels(side.opposite, EVERY_LEVEL):
        take = min(qty, exact(size))
        worth += value(market.instrument, take, exact(price))
        qty -= take
        if qty <= 0:
            return worth
    return None


def halt_row(halted: HaltState | None) -> Halt | None:
    """A halt as a face shows it."""
    if halted is None:
        return None
    return Halt(
        halted.since,
        halted.by,
        halted.phase,
        halted.entries_open,
        halted.positions_open,
        halted.flatten,
        halted.confirmed,
        halted.detail,
    )
