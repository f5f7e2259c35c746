"""Which answers of the venue come to nothing, and what they say, booked afterwards by the kernel's own hand.

That a quote rests as it is wished, new or changed, that one has ended which is no longer wished, or that what
was to be cancelled had ended before: the kernel would decide anew and do nothing. The machine passes such
answers by (``calm``) as long as prices, the age of the data and the depth of the book stay where the rules of
the gate surely agree (``limits``).
"""

from __future__ import annotations

import hashlib
from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core import events as ev
from cockpit.core import lifecycle
from cockpit.core.engine import Engine
from cockpit.core.intents import OUTCOME_ENCODER, Intent
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.slots import Slot
from cockpit.core.turn import NOTHING, Turn
from cockpit.core.types import Side
from cockpit.lab.depth.limits import Limits
from cockpit.lab.depth.memory import Block
from cockpit.lab.depth.records import ANSWERS, FAR, Answer

Road = deque[tuple[int, int, ev.AnyEvent]]
"""(arrives, number, report), oldest first."""
# Looked up once: naming a member of an enum is dear.
POST_ONLY = OrderKind.POST_ONLY
UNKNOWN = OrderState.UNKNOWN
UNHEARD = frozenset((OrderState.PENDING, OrderState.SENT))
PROVEN = frozenset((OrderState.LIVE, OrderState.PARTIAL))


class Answers:
    """The reports that are on their way to one sleeve."""

    def __init__(self, engine: Engine, slot: Slot, arrays: Any, road: Road, rare: Any) -> None:
        self._engine, self._state, self._slot, self._road = engine, engine.state, slot, road
        self.limits = Limits(engine, slot)
        self._rows, self._at = Block(arrays.answer, Answer), arrays.cells.at
        self._v, self._w = arrays.cells.whole, arrays.cells.floats
        bars = any(type(event) is ev.Bar and event.symbol == slot.sleeve.symbol for event in rare.values())
        self._able = (
            self.limits.known and not bars and not engine.released and slot.plain and slot.guard is None
        )
        self.told = 0
        """Outcomes among what has been booked."""
        self.passed = 0
        """How many have been."""
        self.stale = True
        """The kernel has gone on: what was worked out is no longer so."""
        self._intent: Intent | None = None
        """The wish in force, while more answers may come to nothing."""
        self._rowed = self._booked = 0
        """Reports that the machine has been told of, and how many of them have been booked."""
        self._orders: list[Order] = []
        self._due: dict[str, int] = {}
        """Our orders, and when each is asked about, once the machine has heard all that it was told of."""

    # --- before the machine goes on -----------------------------------------------------------------------

    def sleep(self) -> None:
        """Tell the machine of the next reports, and which of them come to nothing."""
        v, at, road = self._v, self._at, self._road
        if self.stale:
            self.stale = False
            self._begin()
        if self._intent is not None:
            while self._rowed - self._booked < len(road) and self._intent is not None:
                self._add(*road[self._rowed - self._booked], self._intent)
        v[at.answers] = self._rowed
        left = self._rowed - self._booked
        after = road[left][:2] if left < len(road) else (FAR, 0)
        self._rows.write((*after, 0, 0, 0, 0, 0, 0), self._rowed)

    def _begin(self) -> None:
        """Look anew at everything that must hold."""
        v, w, at, limits = self._v, self._w, self._at, self.limits
        self._rowed = self._booked = v[at.answered] = 0
        waits = self._slot.sleeve.retry_at or self._slot.sleeve.reduce_at
        self._intent = intent = None if waits else self.standing()
        if intent is None:
            return
        orders = self._orders = list(self._state.orders.values())
        sleeve = self._slot.sleeve
        for order in orders:
            if order.kind is not POST_ONLY or order.state is UNKNOWN or order.sleeve != sleeve.id:
                self._intent = None
                return
        calm = limits.calm(intent) if self._road or orders else None
        if calm is None or not limits.paced():
            self._intent = None
            return
        w[at.calm_low], w[at.calm_high] = calm
        v[at.fresh], v[at.mark_fresh] = limits.risk.stale_ms, limits.marks_age()
        v[at.slowest], w[at.band] = limits.risk.max_latency_ms, limits.risk.price_band
        w[at.need] = limits.depth(intent)
        self._due = {order.cid: lifecycle.due_at(order) for order in orders}
        self._due[""] = 0 if self._slot.on_timer is not None else sleeve.timer_at

    def _add(self, arrives: int, number: int, report: Any, intent: Intent) -> None:
        """One report more, if it comes to nothing; else the machine is told of no other."""
        decides = self._decides(report, intent) if self._rowed < ANSWERS - 1 else None
        if decides is None:
            self._intent = None
            return
        other = min([at for at in self._due.values() if at], default=FAR)
        row = (arrives, number, int(decides > 0), decides, len(self._orders), other, 0, 0)
        self._rows.write(row, self._rowed)
        self._rowed += 1

    def standing(self) -> Intent | None:
        """The wish in force, where it is one of quotes alone and was approved as it is; else None."""
        state, sleeve = self._state, self._slot.sleeve
        intent = sleeve.intent
        if (
            not self._able
            or intent is None
            or sleeve.approved is not intent
            or intent.target is not None
            or sleeve.verdicts
        ):
            return None
        if sleeve.armed or sleeve.leaving or sleeve.benched or not sleeve.on or sleeve.unprotected:
            return None
        if sleeve.trade is not None or state.holds or state.locks:
            return None
        if state.voices or state.halt is not None or state.trips or state.watch.cuts:
            return None
        return None if state.read_at or state.watch.due or state.pulse.due else intent

    def _decides(self, report: Any, intent: Intent) -> int | None:
        """When that was asked for which it answers; 0 = nobody decides anew; None = more may come of it."""
        kind = report.__class__
        if kind not in HANDLERS:
            return None
        orders, cid = self._orders, report.cid
        order = next((order for order in orders if order.cid == cid), None)
        if order is None:
            return 0 if kind in TOO_LATE else None
        if kind is ev.Ack and order.state in UNHEARD and order.amending is None:
            if order.price is None or not self._as_wished(order, order.price, order.remaining, intent):
                return None
            self._due[cid] = 0
            return order.created
        if kind is ev.Amended and order.state in PROVEN and order.amending is not None and not order.asked:
            if not self._as_wished(order, report.price, report.qty - order.filled, intent):
                return None
            self._due[cid] = 0
            return order.updated
        if kind is ev.Cancelled and self._gone(report, order, orders, intent):
            del self._due[cid]
            orders.remove(order)
            return order.updated
        return None

    def _as_wished(self, order: Order, price: Decimal, qty: Decimal, intent: Intent) -> bool:
        """An order that is heard to rest so: is it what its side shall show, and is it alone there?"""
        if order.cancelling or not _alone(order, self._orders):
            return False
        quote = next((quote for quote in intent.quotes if quote.side is order.side), None)
        if quote is None or quote.price != price or quote.qty != qty:
            return False
        return order.role is Role.ENTRY or quote.qty <= self._closable(order.side)

    def _gone(self, report: Any, order: Order, orders: list[Order], intent: Intent) -> bool:
        """An order that is heard to be taken back as we asked: is nothing wished on its side?"""
        if not order.cancelling or order.amending is not None:
            return False
        if report.reason != "user" or report.filled > order.filled:
            return False
        return _alone(order, orders) and all(quote.side is not order.side for quote in intent.quotes)

    def _closable(self, side: Side) -> Any:
        return -side.sign * self._state.position(self._slot.sleeve.id)

    # --- when it has stopped ------------------------------------------------------------------------------

    def book(self) -> None:
        """What the machine has heard and passed by becomes known to the kernel."""
        v, at = self._v, self._at
        if self._booked == v[at.answered]:
            return
        for index in range(self._booked, v[at.answered]):
            row = self._rows.read(index)
            _, _, report = self._road.popleft()
            now = row[self._rows.at.now]
            self._heard(report if report.ts == now else msgspec.structs.replace(report, ts=now), row)
        self.passed += v[at.answered] - self._booked
        self._booked = v[at.answered]
        self._engine.deadline = v[at.deadline]

    def _heard(self, report: Any, row: list[Any]) -> None:
        """As ``Engine.step``, where deciding anew is known to come to nothing."""
        state, slot, turn = self._state, self._slot, Turn()
        state.now = state.last_fact_ts = report.ts
        HANDLERS[type(report)](state, report, turn)
        if turn.touched:
            slot.refresh(state)
            slot.hear(state.now)
        outcome = turn.outcome(
            state.seq + row[self._rows.at.heard], state.now, str(report.__struct_config__.tag)
        )
        if outcome is not NOTHING:
            self.told += 1
            state.digest = hashlib.sha256(state.digest + OUTCOME_ENCODER.encode(outcome)).digest()


HANDLERS: dict[type, Any] = {
    ev.Ack: lifecycle.on_ack,
    ev.Amended: lifecycle.on_amended,
    ev.Cancelled: lifecycle.on_cancelled,
    ev.CancelReject: lifecycle.on_cancel_reject,
    ev.AmendReject: lifecycle.on_amend_reject,
}


TOO_LATE = frozenset((ev.CancelReject, ev.AmendReject, ev.Amended))
"""They say nothing about an order that has ended."""


def _alone(order: Order, orders: list[Order]) -> bool:
    """Is there no other order of ours on its side?"""
    return all(other is order or other.side is not order.side for other in orders)
