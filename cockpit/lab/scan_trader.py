"""The sleeve's side of a scan: ``engine``, ``gate``, ``reconcile`` and ``lifecycle`` for one market sleeve
without quotes, in whole ticks and lots. Every method is one fact that it learns.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

from cockpit.core.events import Fill, FundingPaid, FundingRate
from cockpit.core.lifecycle import ANSWER_MS, ASK_MS, BACKOFF_MS, BENCH_AFTER
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.scan_books import Books
from cockpit.lab.scan_flight import Flight
from cockpit.lab.scan_gate import Gate
from cockpit.lab.scan_grid import Grid
from cockpit.lab.scan_order import ENTRY, EXIT, MARKET, OCO, PROTECT, STOP, TRIGGER, Ticket, Unsupported, broken
from cockpit.lab.scan_venue import Venue


class Trader:
    """One sleeve: its wish, its orders, what it has heard."""

    def __init__(
        self, strategy: Any, view: View, books: Books, gate: Gate, flight: Flight, venue: Venue, share: float
    ) -> None:
        self.view = view
        self.want = Want()
        self.books = books
        self.gate = gate
        self.flight = flight
        self.venue = venue
        self.grid: Grid = venue.grid
        self.share = share
        self.on_fill = getattr(strategy, "on_fill", None)
        self.on_funding = getattr(strategy, "on_funding", None)
        self.derivative = not venue.spot
        self.atoms = venue.atoms
        self.have = 0
        """Signed position heard of, in atoms."""
        self.wished = False
        self.target: int | None = None
        """Signed, in atoms; None = no wish about the position."""
        self.stop = 0
        self.take = 0
        self.alive: list[Ticket] = []
        self.number = 0
        self.trades = 0
        self.rejects = 0
        self.reduce_at = 0
        """Exits and protection wait until then."""
        self.latency = 0
        self.latency_ts = 0
        self.cancels: list[Ticket] = []
        self.places: list[Ticket] = []

    # --- the wish ---------------------------------------------------------------------------------

    def wish(self) -> None:
        """The strategy wrote something new: size it, and decide."""
        want = self.want
        want.dirty = False
        if want.quoting and (want.bid_qty > 0 or want.ask_qty > 0):
            raise Unsupported("the strategy quotes", self.flight.now)
        self.target = target = self._sized(want)
        self.wished = True
        self.stop = self._level(want.stop, target) if target and want.stop == want.stop else 0
        self.take = self._level(want.take, target) if target and want.take == want.take else 0
        self.gate.confidence = want.confidence
        self.decide()

    def _sized(self, want: Want) -> int | None:
        price = self.view.last
        weight = want.qty if want.sized else want.weight
        if weight != weight and not want.sized:
            return None
        if not (0 < price and isfinite(price) and isfinite(weight)):
            raise Unsupported("a wish without a number or a price", self.flight.now)
        if want.sized:
            return self.grid.lots(weight) * self.atoms
        money = abs(weight) * self.books.equity(price) * self.share
        size = self.grid.lots(money / self.gate.unit(price)) * self.atoms if money > 0 else 0
        return -size if weight < 0 else size

    def _level(self, price: float, sign: int) -> int:
        if not isfinite(price) or price <= 0:
            raise Unsupported("a protective price that is none", self.flight.now)
        return self.grid.trigger(price, sign)

    def settle(self) -> None:
        """The step is over: what was decided leaves, cancels first; find out when to look again."""
        flight = self.flight
        if self.cancels:
            for order in self.cancels:
                flight.request(self.venue.cancel, order)
            self.cancels.clear()
        if self.places:
            for order in self.places:
                flight.request(self.venue.place, order)
            self.places.clear()
        due = self.reduce_at
        for order in self.alive:
            if order.kind == MARKET:
                at = order.asked + ASK_MS if order.asked else order.updated + ANSWER_MS
                due = min(due, at) if due else at
        flight.deadline = max(due, flight.now) if due else 0

    # --- wish → orders ----------------------------------------------------------------------------

    def decide(self) -> None:
        """Gate and reconcile the wish in force."""
        if not self.wished:
            return
        have, target = self.have, self.target
        exiting = False
        if target is not None:
            if abs(target) > abs(have) or have * target < 0:
                target = self.gate.allow(target, have, self.view.last)
            exiting = self._toward(target)
        for order in self.alive:
            if order.role == EXIT:
                exiting = True
        if have or any(o.role == PROTECT for o in self.alive):
            self._protect(target, exiting)
        self.view.resting = len(self.alive)

    def _toward(self, target: int) -> bool:
        """Come closer to the target; True when an exit was sent."""
        have, atoms = self.have, self.atoms
        delta = target - have
        working = [o for o in self.alive if o.role != PROTECT]
        for order in working:
            delta -= order.sign * order.lots * atoms
        if not delta:
            return False
        sign = 1 if delta > 0 else -1
        if working:
            for order in working:
                if order.sign != sign and order.live and not order.cancelling:
                    self._cancel(order)
            return False
        leaving = have * sign < 0
        if leaving:
            if self.reduce_at > self.flight.now:
                return False
            delta = min(abs(delta), abs(have))
        elif any(o.sign == sign for o in self.alive):
            return False  # a stop may still go off on that side
        lots = self.grid.order(abs(delta) // atoms)
        bound = leaving and self.derivative
        if not self.gate.worthwhile(lots, self.view.last, bound):
            return False
        self._place(EXIT if leaving else ENTRY, MARKET, sign, lots, bound)
        return leaving

    def _protect(self, target: int | None, exiting: bool) -> None:
        have, grid = self.have, self.grid
        guards = [o for o in self.alive if o.role == PROTECT]
        sign = -1 if have > 0 else 1
        cover = grid.order(abs(have) // self.atoms)
        clipped = self.derivative and have != 0 and cover * self.atoms <= abs(have)
        if not self.gate.worthwhile(cover, self.view.last, clipped):
            self._pull(guards)
            return
        if exiting or (target is not None and target * have <= 0):
            return
        if not (self.stop or self.take):
            self._pull(guards)
            return
        trigger, take = (self.stop, self.take) if self.stop else (self.take, 0)
        good = [
            o
            for o in guards
            if o.lots == cover and o.trigger == trigger and o.take == take and not o.cancelling
        ]
        if good:
            proven = next((o for o in good if o.live), None)
            if proven is not None:
                self._pull([o for o in guards if o is not proven])
            return
        if guards and not clipped:
            self._pull(guards)
            return
        old = sorted((o for o in guards if o.live and not o.cancelling), key=lambda o: min(o.lots, cover))
        self._pull(old[:-1])
        if self.reduce_at > self.flight.now or not all(o.live for o in guards):
            return
        kind = (OCO if self.take else STOP) if self.stop else TRIGGER
        self._place(PROTECT, kind, sign, cover, clipped, trigger, take)

    def _place(
        self, role: int, kind: int, sign: int, lots: int, bound: bool, trigger: int = 0, take: int = 0
    ) -> None:
        now = self.flight.now
        self.number += 1
        order = Ticket(self.number, role, kind, sign, lots, bound, now, trigger, take)
        self.alive.append(order)
        self.places.append(order)
        self.gate.placed.append(now)

    def _pull(self, orders: list[Ticket]) -> None:
        for order in orders:
            if order.live and not order.cancelling:
                self._cancel(order)

    def _cancel(self, order: Ticket) -> None:
        order.cancelling = True
        order.updated = self.flight.now
        self.cancels.append(order)

    # --- news -------------------------------------------------------------------------------------

    def _look_again(self) -> None:
        """Something about the sleeve changed: bring the window up to date."""
        view, position = self.view, self.books.position
        view.position = float(position.qty)
        view.entry = float(position.entry) if position.qty else float("nan")
        view.resting = len(self.alive)
        view.latency = float(self.latency)
        view.latency_ts = self.latency_ts
        view.equity_at = -1
        view.now = self.flight.now

    def _answer(self, order: Ticket) -> None:
        self.latency = max(0, self.flight.now - order.updated)
        self.latency_ts = self.flight.now

    def ready(self, at: int, _nothing: None) -> None:
        """The account was read back: from now on entries are allowed."""
        self.flight.learn(at)
        self.gate.ready = True
        self._look_again()
        self.decide()
        self.settle()

    def acked(self, at: int, order: Ticket) -> None:
        """The venue has taken an order."""
        now = self.flight.learn(at)
        self._answer(order)
        order.live = True
        order.updated = now
        order.asked = 0
        self._look_again()
        self.decide()
        self.settle()

    def filled(self, at: int, news: tuple[Ticket, Fill]) -> None:
        """An order has traded, whole."""
        order, fill = news
        now = self.flight.learn(at)
        sign, before = order.sign, self.have
        heard = fill if fill.ts == now else msgspec.structs.replace(fill, ts=now)
        self.books.fill(heard, sign)
        coin = order.lots * self.venue.fee_atoms if sign > 0 else 0
        self.have = have = before + sign * order.lots * self.atoms - coin
        self.rejects = 0
        if before and not have:
            self.trades += 1
        self.alive.remove(order)
        if order.role == PROTECT:
            self._lower(sign)
        self._look_again()
        if self.on_fill is not None:
            self._call(self.on_fill, heard)
        self.decide()
        self.settle()

    def _lower(self, sign: int) -> None:
        """A stop closed (part of) the position: the wish must not buy it back."""
        target, have = self.target, self.have
        if target is None or target * sign >= 0:
            return
        if target * have <= 0:
            self.target = 0
        elif abs(have) < abs(target):
            self.target = have

    def cancelled(self, at: int, news: tuple[Ticket, str]) -> None:
        """An order is gone, asked for or not."""
        order, reason = news
        now = self.flight.learn(at)
        if order.cancelling:
            self._answer(order)
        elif reason != "user":
            self.rejects += 1
            self.reduce_at = now + BACKOFF_MS
        self.alive.remove(order)
        self._look_again()
        self.decide()
        self.settle()

    def rejected(self, at: int, order: Ticket) -> None:
        """An exit found nothing to close."""
        now = self.flight.learn(at)
        self.rejects += 1
        self.reduce_at = now + BACKOFF_MS
        if self.rejects >= BENCH_AFTER:
            raise Unsupported("the sleeve is benched after refusals", now)
        self.alive.remove(order)
        self._look_again()
        self.decide()
        self.settle()

    def answered(self, at: int, order: Ticket) -> None:
        """What became of an order that was asked about: it still waits, or its end was heard before."""
        now = self.flight.learn(at)
        if order in self.alive:
            if order.updated <= order.asked:
                order.cancelling = False
            order.asked = 0
            order.updated = now
            self._look_again()
            self.decide()
        self.settle()

    def wake(self, now: int) -> None:
        """A timer: ask about market orders that stay silent; after a pause, look again."""
        for order in self.alive:
            if order.kind == MARKET:
                due = order.asked + ASK_MS if order.asked else order.updated + ANSWER_MS
                if due <= now:
                    order.asked = now
                    self.flight.request(self.venue.query, order)
        if self.reduce_at and self.reduce_at <= now:
            self.reduce_at = 0
            self._look_again()
            self.decide()
        self.settle()

    def paid(self, at: int, bill: FundingPaid) -> None:
        """Funding was settled on our position."""
        now = self.flight.learn(at)
        self.books.funding(bill if bill.ts == now else msgspec.structs.replace(bill, ts=now))
        self.settle()

    def rated(self, at: int, event: FundingRate) -> None:
        """A funding rate was published."""
        now = self.flight.learn(at)
        view = self.view
        view.funding_rate = event.rate
        view.now = now
        if self.on_funding is not None:
            heard = event if event.ts == now else msgspec.structs.replace(event, ts=now)
            self._call(self.on_funding, heard)
            self.settle()

    def _call(self, hook: Any, news: Any) -> None:
        try:
            hook(news, self.view, self.want)
        except Exception as error:
            raise broken(error, self.flight.now) from error
        if self.want.dirty:
            self.wish()
