"""A stand-in exchange, small enough to be right at a glance: the harness is tested on it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.events import (
    Ack,
    Amended,
    AmendReject,
    AnyEvent,
    BookSnapshot,
    Cancelled,
    CancelReject,
    Fill,
    FundingPaid,
    FundingRate,
    Mark,
    OrderReport,
    Reject,
    Trade,
    Triggered,
    VenueOrder,
    VenuePosition,
)
from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.ledger import Ledger
from cockpit.core.orders import ALGO, OrderKind
from cockpit.core.types import ZERO, Instrument, Side

CASH = Decimal(1_000_000)
FEE = Decimal("0.0005")


class Work(msgspec.Struct):
    """One order at the venue."""

    place: Place
    venue_id: str
    qty: Decimal
    price: Decimal | None
    filled: Decimal = ZERO
    state: str = "live"


class ToyExchange:
    """Market orders fill at the touch in two pieces, limits when traded through, stops on the mark."""

    def __init__(self, instruments: tuple[Instrument, ...]) -> None:
        self.instruments = {i.symbol: i for i in instruments}
        self.fills: list[Fill] = []
        self.bills: list[FundingPaid] = []
        self.works: dict[str, Work] = {}
        self._ledger = Ledger(balances={"USDT": CASH})
        self._touch: dict[str, tuple[Decimal, Decimal]] = {}
        self._mark: dict[str, Decimal] = {}
        self._out: list[AnyEvent] = []
        self._number = 0

    def reports(self) -> list[AnyEvent]:
        out, self._out = self._out, []
        return out

    def market(self, event: AnyEvent, ts: int) -> None:
        """The market moves; resting orders may trade."""
        if isinstance(event, BookSnapshot):
            bid, ask = event.bids[0][0], event.asks[0][0]
            self._touch[event.symbol] = (Decimal(repr(bid)), Decimal(repr(ask)))
        elif isinstance(event, Mark):
            self._mark[event.symbol] = Decimal(repr(event.mark))
        elif isinstance(event, FundingRate) and event.settled:
            self._fund(event, ts)
        for work in [w for w in self.works.values() if w.state == "live"]:
            if isinstance(event, Trade) and work.place.symbol == event.symbol:
                self._through(work, Decimal(repr(event.price)), ts)
            elif isinstance(event, Mark) and work.place.symbol == event.symbol:
                self._trigger(work, ts)

    def request(self, action: Action, ts: int) -> None:
        """Place, Amend or Cancel."""
        if isinstance(action, Place):
            self._place(action, ts)
        elif isinstance(action, Amend):
            self._amend(action, ts)
        elif isinstance(action, Cancel):
            work = self.works.get(action.cid)
            if work is None or work.state != "live":
                self._out.append(CancelReject(ts, action.cid, "51400", "not open"))
            else:
                self._end(work, "cancelled", "user", ts)

    def order(self, cid: str, ts: int) -> OrderReport:
        """The venue's word about one order."""
        work = self.works.get(cid)
        if work is None:
            return OrderReport(ts, cid, False)
        state = "partial" if work.state == "live" and work.filled else work.state
        return OrderReport(
            0, cid, True, True, state, work.filled, work.price or ZERO, work.qty, work.venue_id
        )

    def open_orders(self) -> tuple[VenueOrder, ...]:
        return tuple(
            VenueOrder(cid, w.venue_id, w.place.symbol, w.place.side, w.price or ZERO, w.qty, w.filled)
            for cid, w in self.works.items()
            if w.state == "live"
        )

    def positions(self) -> tuple[VenuePosition, ...]:
        return tuple(VenuePosition(p.symbol, p.qty, p.entry or ZERO) for p in self._ledger.held())

    def balances(self) -> dict[str, Decimal]:
        return dict(self._ledger.balances)

    def _place(self, place: Place, ts: int) -> None:
        self._number += 1
        work = Work(place, f"v{self._number}", place.qty, place.price)
        bid, ask = self._touch.get(place.symbol, (ZERO, ZERO))
        held = self._ledger.net_qty(place.symbol)
        if place.cid in self.works:
            self._out.append(Reject(ts, place.cid, "51016", "duplicate client id"))
            return
        self.works[place.cid] = work
        if place.reduce_only and place.kind not in ALGO and held * place.side.sign >= 0:
            work.state = "rejected"
            self._out.append(Reject(ts, place.cid, "51169", "nothing to reduce"))
            return
        self._out.append(Ack(ts, place.cid, work.venue_id))
        if place.kind is OrderKind.MARKET:
            self._take(work, ask if place.side is Side.BUY else bid, ts)
        elif place.kind is OrderKind.POST_ONLY and self._crosses(place, bid, ask):
            self._end(work, "cancelled", "post_only", ts)

    def _crosses(self, place: Place, bid: Decimal, ask: Decimal) -> bool:
        limit = place.price or ZERO
        return limit >= ask if place.side is Side.BUY else limit <= bid

    def _take(self, work: Work, price: Decimal, ts: int) -> None:
        left = work.qty - work.filled
        if work.place.reduce_only:
            left = min(left, max(ZERO, -self._ledger.net_qty(work.place.symbol) * work.place.side.sign))
        lot = self.instruments[work.place.symbol].lot
        first = (left / 2 / lot).to_integral_value() * lot
        for qty in (first, left - first):
            if qty > 0:
                self._fill(work, price, qty, False, ts)
        if work.state == "live":
            self._end(work, "cancelled", "reduce_only", ts)

    def _fill(self, work: Work, price: Decimal, qty: Decimal, maker: bool, ts: int) -> None:
        place = work.place
        instrument = self.instruments[place.symbol]
        fee = instrument.notional(qty, price) * FEE
        fill = Fill(
            ts, place.cid, work.venue_id, f"t{len(self.fills) + 1}", place.symbol, place.side, price, qty,
            fee, instrument.settle, maker,
        )  # fmt: skip
        self.fills.append(fill)
        self._ledger.apply_fill(fill, instrument, "toy")
        work.filled += qty
        if work.filled >= work.qty:
            work.state = "filled"
        self._out.append(fill)

    def _through(self, work: Work, price: Decimal, ts: int) -> None:
        limit = work.price
        if limit is None or work.place.kind in ALGO:
            return
        if price < limit if work.place.side is Side.BUY else price > limit:
            lot = self.instruments[work.place.symbol].lot
            left = work.qty - work.filled
            part = left if self._number % 2 else max(lot, (left / 2 / lot).to_integral_value() * lot)
            self._fill(work, limit, min(left, part), True, ts)

    def _trigger(self, work: Work, ts: int) -> None:
        place, mark = work.place, self._mark[work.place.symbol]
        if place.kind not in ALGO or place.trigger is None:
            return
        falling = place.side is Side.SELL
        hit = mark <= place.trigger if falling else mark >= place.trigger
        if place.kind is OrderKind.TRIGGER:
            hit = mark >= place.trigger if falling else mark <= place.trigger
        taken = place.take is not None and (mark >= place.take if falling else mark <= place.take)
        if hit or taken:
            self._out.append(Triggered(ts, place.cid, "stop" if hit else "take", mark))
            bid, ask = self._touch[place.symbol]
            self._take(work, bid if falling else ask, ts)

    def _amend(self, amend: Amend, ts: int) -> None:
        work = self.works.get(amend.cid)
        if work is None or work.state != "live" or amend.qty <= work.filled:
            self._out.append(AmendReject(ts, amend.cid, "51503", "not amendable"))
            return
        work.price, work.qty = amend.price, amend.qty
        self._out.append(Amended(ts, amend.cid, amend.price, amend.qty))

    def _end(self, work: Work, state: str, reason: str, ts: int) -> None:
        work.state = state
        self._out.append(Cancelled(ts, work.place.cid, work.filled, reason))

    def _fund(self, event: FundingRate, ts: int) -> None:
        qty = self._ledger.net_qty(event.symbol)
        if not qty:
            return
        instrument = self.instruments[event.symbol]
        rate = Decimal(repr(event.rate))
        amount = -rate * instrument.notional(qty, self._mark[event.symbol]) * (1 if qty > 0 else -1)
        paid = FundingPaid(ts, event.symbol, amount, instrument.settle, rate, f"b{len(self.bills) + 1}")
        self.bills.append(paid)
        self._ledger.apply_funding(paid, instrument)
        self._out.append(paid)
