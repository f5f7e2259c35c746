"""Hands a maker that only shows quotes over to the machine, whole, and books afterwards what it did.

The kernel begins as ever. At a moment at which nothing is under way, and the wish in force is one of quotes
that every rule has agreed to, the machine takes sleeve, orders and position over and goes on alone to the end
of the tape (``alone``). Whenever somebody looks, and at the end, the kernel's own ledger and the venue's own
books are told the fills, exactly. What the machine does not know stops it, and the run is begun anew without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal, localcontext
from math import inf
from typing import Any

import msgspec

from cockpit.core import events as ev
from cockpit.core import lifecycle, paying
from cockpit.core.engine import Engine
from cockpit.core.intents import Outcome
from cockpit.core.matching.account import EXACT
from cockpit.core.matching.books import Phase, Working
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.slots import Slot
from cockpit.core.turn import NOTHING, Turn
from cockpit.core.types import ZERO, PosSide, Side, exact
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth.memory import Block
from cockpit.lab.depth.points import Points
from cockpit.lab.depth.records import FAR
from cockpit.lab.depth.settling import Settling
from cockpit.lab.depth.terms import instrument_of, limits_of
from cockpit.lab.depth.tickets import CAME, QUEUED, SENT, THROUGH, Lane, Line, Offer

Observe = Callable[[ev.AnyEvent, Outcome], None]
ROLES = (Role.ENTRY, Role.EXIT)
NOTES = {THROUGH: "traded through", QUEUED: "queue", CAME: "book came to it"}
QUIET = (ev.OpenInterest, ev.DataFault)
"""Facts that change nothing here."""
LIVING = (OrderState.LIVE, OrderState.PARTIAL)


class Quoter:
    """One run's."""

    def __init__(
        self, world: Any, engine: Engine, slot: Slot, observe: Observe | None, points: Points | None
    ) -> None:  # fmt: skip
        """With ``points`` kernel and venue are not told the fills."""
        self._points = points
        self.world, self.engine, self.slot, self.state = world, engine, slot, engine.state
        self._observe = observe
        self._arrays = arrays = world.arrays
        self._v, self._w, self._at = arrays.cells.whole, arrays.cells.floats, arrays.cells.at
        self._offers, self._lanes = Block(arrays.offers, Offer), Block(arrays.lanes, Lane)
        self._lines = Block(arrays.lines, Line)
        self.names = self._lines.at
        """Where each field is in what ``line`` gives."""
        self._booked = 0
        self._happened: list[ev.Fill] = []
        """Fills that the venue has been told, by line."""
        self.settling = Settling(self)
        self._orders: dict[int, tuple[Order, Working]] = {}
        """Of those whose fills are being booked, by number."""
        self._facts = hashlib.sha256()
        self.begun = False

    # --- taking over ----------------------------------------------------------------------------------------

    def able(self) -> bool:
        """Is this a moment at which the machine can take over?"""
        intent = self.world.answers.standing()
        if intent is None or not intent.quotes:
            return False
        state, sleeve = self.state, self.slot.sleeve
        orders = list(state.orders.values())
        if len({order.side for order in orders}) != len(orders):
            return False
        for order in orders:
            plain = order.kind is OrderKind.POST_ONLY and order.sleeve == sleeve.id
            if not plain or order.state not in LIVING or order.cancelling or order.asked:
                return False
            if order.amending is not None or order.filled:  # its fills may be told again
                return False
        return not state.holds

    def begin(self) -> None:
        """Write down all that it must know. Raises Unsupported."""
        self.begun = True
        self._facts.update(self.state.digest)
        self._prefix = f"ck{self.state.mode[:1].lower() or 'x'}{self.slot.sleeve.index:03d}"
        world, v, w, at = self.world, self._v, self._w, self._at
        instrument_of(self._arrays.cells, self.slot.instrument)
        limits_of(self._arrays, world.answers.limits, self.state, self.slot.sleeve)
        self._sleeve()
        self._venue()
        self._market.orders.clear()
        self.world.exchange.desk.homes.clear()
        for way, lane in enumerate(world.ways):
            seed = lane.seed - (1 << 64) if lane.seed >= 1 << 63 else lane.seed
            model = lane.model
            self._lanes.write(
                (int(model.kind == "jitter"), model.base, model.spread, seed, lane.sent, lane.last, 0, 0), way
            )
        v[at.answers] = v[at.answered] = 0
        v[at.out] = v[at.back] = FAR
        v[at.wake], v[at.speaks] = world.exchange.wake, v[at.hears_book] | v[at.hears_trades]
        v[at.flying] = v[at.waiting] = v[at.eaten] = v[at.armed] = 0
        v[at.armed_low], v[at.armed_high] = -FAR, FAR
        w[at.safe_low], w[at.safe_high] = (-inf, inf) if not v[at.held] else (0.0, 0.0)
        self._deadline()
        if self._points is not None:
            self._points.worth = self.equity

    def _sleeve(self) -> None:
        v, at, state, sleeve = self._v, self._at, self.state, self.slot.sleeve
        instrument, intent = self.slot.instrument, sleeve.intent
        assert intent is not None
        v[at.wished], v[at.tag] = 1, self.world.pad.program.tag(intent.tag)
        v[at.bid_lots] = v[at.ask_lots] = v[at.bid_ticks] = v[at.ask_ticks] = 0
        for quote in intent.quotes:
            buys = quote.side is Side.BUY
            v[at.bid_lots if buys else at.ask_lots] = int(quote.qty / instrument.lot)
            v[at.bid_ticks if buys else at.ask_ticks] = int(quote.price / instrument.tick)
        v[at.have] = v[at.held] = int(state.position(sleeve.id) / instrument.lot)
        v[at.number] = state.next_order
        v[at.retry_at], v[at.reduce_at] = sleeve.retry_at, sleeve.reduce_at
        v[at.crossings] = sleeve.crossed
        v[at.crossed_at] = int(sleeve.crossed_price / instrument.tick) if sleeve.crossed_price else 0
        v[at.answer_ms], v[at.answer_ts] = sleeve.latency, sleeve.latency_ts
        v[at.timer_at] = sleeve.timer_at
        rest = [0] * (len(vars(self._offers.at)) - 2)
        self._offers.write((0, 1, *rest), 0)
        self._offers.write((0, -1, *rest), 1)
        for order in state.orders.values():
            self._take(order)

    def _take(self, order: Order) -> None:
        """An order that rests as both sides know it."""
        instrument, buys = self.slot.instrument, order.side is Side.BUY
        working = self._market.orders[order.cid]
        self._offers.write((
            int(order.cid[-9:]), 1 if buys else -1, working.price, working.lots,
            ROLES.index(order.role), self.world.pad.program.tag(order.tag), 1, 1,
            int(order.filled / instrument.lot), 0, order.created, order.updated, *[0] * 9,
            1, int(working.venue_id), working.filled, working.price, working.lots,
        ), 0 if buys else 1)  # fmt: skip
        if working.filled != int(order.filled / instrument.lot) or working.phase is not Phase.RESTING:
            raise Unsupported("an order is not as we know it")
        self._orders[int(order.cid[-9:])] = order, working

    @property
    def _market(self) -> Any:
        return self.world.place.market

    def _venue(self) -> None:
        """Money and counters; orders and queues are in the arrays already."""
        v, w, at, desk = self._v, self._w, self._at, self.world.exchange.desk
        instrument = self.slot.instrument
        holding = desk.account.holding(instrument.symbol, PosSide.NET)
        held = int(holding.qty / instrument.lot) if holding is not None else 0
        if held != v[at.have]:
            raise Unsupported("the position is not as we know it")
        v[at.flow] = v[at.heard_flow] = 0
        v[at.volume] = v[at.heard_volume] = 0
        with localcontext(EXACT):
            self._cash = self.state.exact_equity() - self._worth(held)
        w[at.cash] = float(self._cash)
        v[at.taken], self._trades = desk.orders_seen, desk.trades_seen
        v[at.lines], v[at.room] = 0, len(self._arrays.lines)

    def _worth(self, lots: int) -> Decimal:
        """A position in lots at the price that we have heard last."""
        instrument = self.slot.instrument
        price = exact(self.state.price(instrument.symbol)) if lots else ZERO
        return lots * instrument.lot * instrument.contract_value * price

    def equity(self) -> float:
        """Everything in the account's currency, exact, without the books."""
        v, at, instrument = self._v, self._at, self.slot.instrument
        with localcontext(EXACT):
            unit = instrument.lot * instrument.tick * instrument.contract_value
            flow = v[at.heard_flow] + instrument.maker_fee * v[at.heard_volume]
            return float(self._cash - unit * flow + self._worth(v[at.have]))

    def line(self, i: int) -> list[Any]:
        """A fill as it was written down."""
        return self._lines.read(i)

    def cid(self, number: int) -> str:
        """The client id of an order."""
        return f"{self._prefix}{number:09d}"

    def trade_id(self, i: int) -> str:
        """What the venue calls a fill."""
        return str(self._trades + i + 1)

    @property
    def lines(self) -> Any:
        """The fills as the machine wrote them down: rows of ``tickets.Line``."""
        return self._arrays.lines[: self._v[self._at.lines]]

    def _deadline(self) -> None:
        v, at = self._v, self._at
        others = [v[at.retry_at] or FAR, v[at.reduce_at] or FAR]
        v[at.other] = min(others)
        soonest = min(v[at.other], v[at.timer_at]) if v[at.hears_timer] else v[at.other]
        v[at.deadline] = max(soonest, self.state.now) if soonest < FAR else 0

    # --- what has happened ----------------------------------------------------------------------------------

    def book(self) -> None:
        """Let the kernel know the fills that have been heard of since, and the venue with it."""
        v, at = self._v, self._at
        while self._points is None and self._booked < v[at.lines]:
            row = self._lines.read(self._booked)
            if not row[self._lines.at.heard]:
                return
            self.at_venue()
            self._fill(row, self._happened[self._booked])
            self._booked += 1

    def at_venue(self) -> None:
        """Let the venue know its own fills until now."""
        names, desk = self._lines.at, self.world.exchange.desk
        for i in range(len(self._happened), self._v[self._at.lines]):
            row = self._lines.read(i)
            _, working = self._known(row)
            working.price, working.lots = row[names.order_ticks], row[names.order_lots]
            before = len(desk.fills)
            desk.fill(
                self._market, working, working.price, row[names.lots], maker=True, ts=row[names.ts],
                note=NOTES[row[names.note]],
            )  # fmt: skip
            self._happened += desk.fills[before:]
            desk.reports.clear()

    def _fill(self, row: list[Any], fill: ev.Fill) -> None:
        state, at = self.state, self._lines.at
        order, _ = self._known(row)
        order.qty = self.slot.instrument.qty_of(row[at.order_lots])
        order.price = self.slot.instrument.price_of(row[at.order_ticks])
        order.tag = self.world.pad.word(row[at.tag]) or "quote"
        state.orders[order.cid] = order
        heard = msgspec.structs.replace(fill, ts=row[at.heard])
        state.now = row[at.heard]
        lifecycle.on_fill(state, heard, Turn())
        self._facts.update(msgspec.json.encode(fill))
        self._facts.update(f"{state.now} {order.role} {order.tag}".encode())
        if self._observe is not None:
            self._observe(heard, NOTHING)
        if order.state is OrderState.FILLED:
            del self._orders[row[at.number]]
        else:
            state.orders.pop(order.cid)
            state.recent[order.cid] = order

    def paid(self, bill: ev.FundingPaid) -> None:
        """A bill is heard of."""
        if self._points is not None:
            self._cash += bill.amount
            return
        self.book()
        self.state.now = bill.ts
        paying.on_funding(self.state, bill, Turn())
        self._facts.update(msgspec.json.encode(bill))
        if self._observe is not None:
            self._observe(bill, NOTHING)

    def _known(self, row: list[Any]) -> tuple[Order, Working]:
        at = self._lines.at
        found = self._orders.get(row[at.number])
        if found is None:
            found = self._orders[row[at.number]] = self._made(
                row[at.number], row[at.sign], row[at.order_ticks], row[at.order_lots], row[at.role],
                row[at.tag], row[at.created], row[at.venue_id],
            )  # fmt: skip
        return found

    def _made(
        self, number: int, sign: int, ticks: int, lots: int, role: int, tag: int, created: int, venue_id: int
    ) -> tuple[Order, Working]:
        """An order as the kernel and as the venue would keep it."""
        instrument, sleeve = self.slot.instrument, self.slot.sleeve
        side = Side.BUY if sign > 0 else Side.SELL
        cid = self.cid(number)
        order = Order(
            cid=cid, sleeve=sleeve.id, symbol=instrument.symbol, side=side, kind=OrderKind.POST_ONLY,
            qty=instrument.qty_of(lots), price=instrument.price_of(ticks), reduce_only=bool(role),
            role=ROLES[role], tag=self.world.pad.word(tag) or "quote", created=created, updated=created,
            state=OrderState.LIVE, venue_id=str(venue_id), version=sleeve.release,
        )  # fmt: skip
        working = Working(
            cid, str(venue_id), instrument.symbol, side, OrderKind.POST_ONLY, lots, ticks, bool(role),
            PosSide.NET, created, Phase.RESTING,
        )  # fmt: skip
        return order, working

    def close(self) -> None:
        """The tape is over: what is left is what the kernel and the venue would have left."""
        v, at, state, sleeve = self._v, self._at, self.state, self.slot.sleeve
        state.next_order = v[at.number]
        sleeve.retry_at, sleeve.reduce_at = v[at.retry_at], v[at.reduce_at]
        sleeve.latency, sleeve.latency_ts = v[at.answer_ms], v[at.answer_ts]
        sleeve.tag = self.world.pad.word(v[at.tag])
        state.placed = self._newest(self._arrays.placed, v[at.placed])
        state.changed = self._newest(self._arrays.changed, v[at.changed])
        self.world.exchange.desk.orders_seen = v[at.taken]
        self._left()
        self._facts.update(str(state.next_order).encode())
        state.digest = self._facts.digest()
        self.world.pad.repeat(self.slot.want)
        sleeve.intent = self.slot.intent(state)

    def _newest(self, ring: Any, count: int) -> list[int]:
        """Instants of the minute before the newest of them."""
        found: list[int] = []
        for at in range(count - 1, max(0, count - SENT) - 1, -1):
            when = int(ring[at % SENT])
            if found and when <= found[0] - 60_000:
                break
            found.append(when)
        return found[::-1]

    def _left(self) -> None:
        """Orders that still live."""
        names, desk, market = self._offers.at, self.world.exchange.desk, self._market
        market.orders.clear()
        desk.homes.clear()
        self.state.orders.clear()
        rows = [self._offers.read(side) for side in (0, 1)]
        standing = self._arrays.rest["sign"][: self._v[self._at.rests]].tolist()
        for row in sorted(rows, key=lambda row: standing.index(row[names.sign]) if row[names.there] else 2):
            if not (row[names.alive] or row[names.there]):
                continue
            order, working = self._orders.get(row[names.number]) or self._made(
                row[names.number], row[names.sign], row[names.ticks], row[names.lots], row[names.role],
                row[names.tag], row[names.created], row[names.venue_id],
            )  # fmt: skip
            working.price, working.lots = row[names.price], row[names.size]
            if row[names.alive]:
                order.price = self.slot.instrument.price_of(row[names.ticks])
                order.qty = self.slot.instrument.qty_of(row[names.lots])
                order.cancelling = bool(row[names.cancelling])
                order.state = OrderState.PARTIAL if order.filled else order.state
                self.state.recent.pop(order.cid, None)
                self.state.orders[order.cid] = order
            if row[names.there]:
                desk.admit(market, working)

    def rare(self, event: ev.AnyEvent, *, heard: bool) -> None:
        """A fact that is the kernel's own: funding, or one that says nothing here. Raises Unsupported."""
        if isinstance(event, ev.FundingRate):
            (self.settling.heard if heard else self.settling.rated)(event)
            return
        if heard and isinstance(event, ev.OpenInterest) and event.symbol == self.slot.sleeve.symbol:
            self.slot.view.open_interest = event.qty
        known = self.state.instruments
        same = isinstance(event, ev.Listing) and known.get(event.instrument.symbol) == event.instrument
        other = getattr(event, "symbol", self.slot.sleeve.symbol) != self.slot.sleeve.symbol
        if not (isinstance(event, QUIET) or same or (other and isinstance(event, ev.Bar))):
            raise Unsupported(f"{type(event).__name__} of the market that is traded")
