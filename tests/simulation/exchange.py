"""The real matching engine in the role of the outside world, seen only as an adapter would see it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.events import (
    Ack,
    AnyEvent,
    Cancelled,
    CancelReject,
    Fill,
    FillKind,
    FundingPaid,
    OrderReport,
    Reject,
    Transfer,
    VenueOrder,
    VenuePosition,
)
from cockpit.core.intents import Action, Cancel, Place
from cockpit.core.matching import Exchange, Rules, liquidation
from cockpit.core.matching.account import entry
from cockpit.core.matching.margin import lots_of, mark_of
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import ZERO, Instrument, PosSide, Side

CASH = Decimal(1_000_000)
HAND = "hand"
"""Client ids of orders that a person sent around the cockpit begin with this."""


class RealTruth:
    """``cockpit.core.matching.Exchange`` with instant matching; distance is the network's business."""

    def __init__(self, instruments: tuple[Instrument, ...], seed: int) -> None:
        rules = Rules(queue="front", leverage=Decimal(10), cancel_failure=0.02 if seed % 4 == 0 else 0.0)
        self.exchange = Exchange({i.symbol: i for i in instruments}, {"USDT": CASH}, rules, seed)
        self._fills: list[Fill] = []
        self._hands = 0
        self.before: dict[str, Decimal] = {}
        """What the account held before anybody listened (signed), of which no fill is ever told."""
        self._deleveraged: set[str] = set()
        """Trade ids of what the venue took away for somebody else's sake."""

    @property
    def fills(self) -> list[Fill]:
        """Every fill of the account as an adapter reports it: what is not ours has no client id."""
        for fill in self.exchange.fills[len(self._fills) :]:
            self._fills.append(self._as_reported(fill))
        return self._fills

    @property
    def bills(self) -> list[FundingPaid | Transfer]:
        return [*self.exchange.bills]

    def market(self, event: AnyEvent, ts: int) -> None:
        self.exchange.market(event, ts)

    def request(self, action: Action, ts: int) -> None:
        self.exchange.request(action, ts)

    def reports(self) -> list[AnyEvent]:
        """What the venue has to say since the last call; replies to strangers' orders are not ours."""
        if not self.exchange.reports:
            return []
        told = list(self.exchange.reports)
        self.exchange.reports.clear()
        said: list[AnyEvent] = []
        for event in told:
            if isinstance(event, Fill):
                said.append(self._as_reported(event))
            elif not (isinstance(event, Ack | Reject | Cancelled) and event.cid.startswith(HAND)):
                said.append(event)
        return said

    def order(self, cid: str, ts: int) -> OrderReport:
        return self.exchange.order(cid, ts)

    def open_orders(self) -> tuple[VenueOrder, ...]:
        return self.exchange.open_orders()

    def positions(self) -> tuple[VenuePosition, ...]:
        return self.exchange.positions()

    def balances(self) -> dict[str, Decimal]:
        return self.exchange.balances()

    def hand_trade(self, symbol: str, side: Side, qty: Decimal, ts: int) -> None:
        """Somebody trades on the account by hand."""
        self.hand_order(symbol, side, OrderKind.MARKET, qty, None, ts)

    def hand_order(
        self, symbol: str, side: Side, kind: OrderKind, qty: Decimal, price: Decimal | None, ts: int
    ) -> None:
        """Somebody sends an order around the cockpit."""
        self._hands += 1
        cid = f"{HAND}{self._hands}"
        place = Place(
            cid, "", symbol, side, kind, qty, price, None, None, None,
            False, PosSide.NET, Role.ENTRY, "",
        )  # fmt: skip
        self.exchange.request(place, ts)

    def by_hand(self, symbol: str) -> Decimal:
        """What people hold of ``symbol`` (signed), the venue's takings aside."""
        traded = (f for f in self.fills if f.kind is FillKind.EXTERNAL and f.symbol == symbol)
        return self.before.get(symbol, ZERO) + sum((f.side.sign * f.qty for f in traded), ZERO)

    def hands_off(self, symbol: str, ts: int) -> None:
        """Every order that people have resting there is cancelled by them."""
        for order in self.open_orders():
            if order.cid.startswith(HAND) and order.symbol == symbol:
                self.exchange.request(Cancel(order.cid, symbol, "by hand"), ts)

    def hand_cancel(self, cid: str, symbol: str, ts: int) -> None:
        """Somebody cancels an order of ours by hand."""
        self.exchange.request(Cancel(cid, symbol, "by hand"), ts)
        told = self.exchange.reports
        told[:] = [e for e in told if not (isinstance(e, CancelReject) and e.cid == cid)]

    def deleverage(self, symbol: str, ts: int) -> bool:
        """ADL: half of our position is gone at the mark, for somebody else's sake. False: there is none."""
        desk = self.exchange.desk
        market, held = desk.markets[symbol], desk.account.held(symbol)
        if not held:
            return False
        mark = mark_of(market) or entry(market.instrument, held[0])
        lots = max(1, lots_of(market, held[0].qty) // 2)
        qty = min(market.qty(lots), abs(held[0].qty))  # after a coarser lot there may be less than one
        self._deleveraged.add(str(-(desk.trades_seen + 1)))
        ticks = liquidation._ticks(desk, market, held[0], mark)
        desk.take_away(market, held[0], qty, ticks, ts, ZERO)
        return True

    def liquidate(self, symbol: str, ts: int) -> bool:
        """As if the margin were used up: orders of the market go, then the position. False: there is none."""
        desk = self.exchange.desk
        market, held = desk.markets[symbol], desk.account.held(symbol)
        if not held:
            return False
        liquidation._take(desk, market, held[0], mark_of(market) or entry(market.instrument, held[0]), ts)
        return True

    def _as_reported(self, fill: Fill) -> Fill:
        if fill.trade_id in self._deleveraged:
            return msgspec.structs.replace(fill, kind=FillKind.ADL)
        if fill.cid.startswith(HAND):
            return msgspec.structs.replace(fill, cid="", kind=FillKind.EXTERNAL)
        return fill
