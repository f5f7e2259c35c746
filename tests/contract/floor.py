"""One market and one account behind a scripted exchange: our own matching, told what to do by a test.

The servers only translate: requests of their protocol into actions, what the matching reports into pushes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core import events as ev
from cockpit.core.intents import Action, Amend, Cancel, Place, Query
from cockpit.core.matching import Exchange, Rules
from cockpit.core.orders import ALGO, OrderKind
from cockpit.core.types import Instrument, Kind, Side

NATIVE = "BTCUSDT"
LEVELS = 20
START = 60_000.0


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Known(msgspec.Struct):
    """What the venue remembers of an order, in its own words."""

    place: Place
    venue_id: str
    state: str
    """live | waits | partial | filled | cancelled"""
    created: int
    price: Decimal
    qty: Decimal
    filled: Decimal = Decimal(0)
    child: str = ""
    reason: str = ""


class Floor:
    """Matching, a book around a price, and memory of every order."""

    def __init__(self, venue: str) -> None:
        self.instrument = Instrument(
            symbol=f"{venue}:{NATIVE}",
            kind=Kind.LINEAR,
            base="BTC",
            quote="USDT",
            settle="USDT",
            tick=Decimal("0.1"),
            lot=Decimal("0.001"),
            min_qty=Decimal("0.001"),
            min_notional=Decimal(5),
            max_qty=Decimal(100),
            maker_fee=Decimal("0.0002"),
            taker_fee=Decimal("0.0005"),
        )
        self.symbol = self.instrument.symbol
        self.exchange = Exchange(
            {self.symbol: self.instrument}, {"USDT": Decimal(100_000)}, Rules(leverage=Decimal(3)), 1
        )
        self.known: dict[str, Known] = {}
        self.hear: Callable[[ev.AnyEvent], None] = lambda _event: None
        """What the account's stream is told."""
        self.mid = START
        self.seq = 1_000
        self.fills: list[tuple[int, ev.Fill]] = []
        """(venue ms, fill)"""
        self.move(START)

    # --- the market -------------------------------------------------------------------------------

    def levels(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        bids = [(round(self.mid - 0.5 - i, 1), 5.0) for i in range(LEVELS)]
        asks = [(round(self.mid + 0.5 + i, 1), 5.0) for i in range(LEVELS)]
        return bids, asks

    def move(self, price: float) -> None:
        """The whole market goes there: book, trades and mark."""
        self.mid = price
        self.seq += 10
        now = wall_ms()
        bids, asks = self.levels()
        for event in (
            ev.BookSnapshot(now, self.symbol, now, tuple(bids), tuple(asks), self.seq),
            ev.Mark(now, self.symbol, price, price),
        ):
            self.exchange.market(event, now)
        self._drain()

    def touch(self) -> tuple[Decimal, Decimal]:
        bids, asks = self.levels()
        return Decimal(repr(bids[0][0])), Decimal(repr(asks[0][0]))

    # --- the account ------------------------------------------------------------------------------

    def do(self, action: Action) -> list[Any]:
        """A request arrives; what the matching says to it, before the account's stream hears of it."""
        if isinstance(action, Place) and action.cid not in self.known:
            price = action.price or action.trigger or Decimal(0)
            waits = action.kind in ALGO
            self.known[action.cid] = Known(
                action, "", "waits" if waits else "live", wall_ms(), price, action.qty
            )
        self.exchange.request(action, wall_ms())
        return self._drain()

    def _drain(self) -> list[Any]:
        reports = list(self.exchange.reports)
        self.exchange.reports.clear()
        for report in reports:
            self._remember(report)
        for report in reports:
            self.hear(report)
        return reports

    def _remember(self, report: Any) -> None:
        order = self.known.get(getattr(report, "cid", ""))
        if order is None:
            return
        if isinstance(report, ev.Ack):
            order.venue_id = str(10_000 + len(self.known))
        elif isinstance(report, ev.Reject) and not order.venue_id:
            del self.known[report.cid]
        elif isinstance(report, ev.Triggered):
            order.child = str(90_000 + len(self.known))
            order.state = "live"
        elif isinstance(report, ev.Amended):
            order.price, order.qty = report.price, report.qty
        elif isinstance(report, ev.Cancelled):
            order.state, order.reason = "cancelled", report.reason
        elif isinstance(report, ev.Fill):
            order.filled += report.qty
            order.state = "filled" if order.filled >= order.qty else "partial"
            self.fills.append((wall_ms(), report))

    def order(self, cid: str) -> Known | None:
        return self.known.get(cid)

    def by_id(self, venue_id: str) -> Known | None:
        return next((o for o in self.known.values() if venue_id in (o.venue_id, o.child)), None)

    def trade_id(self, fill: ev.Fill) -> str:
        return fill.trade_id

    def working_id(self, order: Known) -> str:
        """The id under which it trades."""
        return order.child or order.venue_id

    @property
    def balance(self) -> Decimal:
        return self.exchange.balances()["USDT"]

    @property
    def position(self) -> ev.VenuePosition | None:
        held = self.exchange.positions()
        return held[0] if held else None

    def strangle(self, cid: str) -> None:
        """The venue itself takes an order away."""
        self.do(Cancel(cid, self.symbol, "venue"))

    def by_hand(self, side: Side, qty: Decimal) -> None:
        """Somebody trades on the account beside us."""
        from cockpit.core.orders import Role
        from cockpit.core.types import PosSide

        cid = f"hand{len(self.known)}"
        self.do(
            Place(cid, "", self.symbol, side, OrderKind.MARKET, qty, None, None, None, None, False,
                  PosSide.NET, Role.ENTRY, "")
        )  # fmt: skip


__all__ = ["NATIVE", "START", "Amend", "Floor", "Known", "Query", "wall_ms"]
