"""No limit is exceeded at any instant of the venue, whatever is filled, refused, lost or answered late.

A small venue keeps the truth: orders arrive when hypothesis says so, their answers are told, lost or told
later, fills are heard long after they happened. The engine knows only what it was told; the limits are
checked on the truth, with everything that is still on the wire counted as if it had arrived.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cockpit.core import events as ev
from cockpit.core.config import SymbolLimits
from cockpit.core.intents import Amend, Cancel, Place, Query
from cockpit.core.orders import Role
from cockpit.core.types import ZERO, Side
from cockpit.core.wire import refused_at_wire
from tests.core.stand import LINEAR, D, Stand, loose_rules
from tests.risk.layers import equip
from tests.risk.test_more_rules import loose

SLEEVE, SYMBOL, GROSS = D(30), D(50), D(70)
"""Contracts, each worth 1 USDT at the price of 100 that never moves."""
CONFIG = loose(
    max_notional=30.0, symbols={LINEAR.symbol: SymbolLimits(50.0)}, max_leverage=0.07, max_net_leverage=0.05
)
sizes = st.integers(-45, 45)


class Alive:
    """An order at the venue."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.qty = place.qty
        self.filled = ZERO

    @property
    def left(self) -> Decimal:
        return max(ZERO, self.qty - self.filled)


class Limits(RuleBasedStateMachine):
    """Three sleeves on one market: one with stops of its own, one that quotes, one under stop layers.

    Closing orders are cut to what their sleeve holds, as if each had an account of its own. On a shared one
    the venue bounds "reduce only" by the account: there a stop and an exit of one sleeve may both trade
    before either is heard of, a race that is not asked here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wire: list[Place] = []
        self.asked: list[Any] = []
        self.alive: dict[str, Alive] = {}
        self.untold: list[ev.Fill] = []
        self.pos: dict[str, Decimal] = {}
        self.trades = 0
        self.stand = Stand(sleeves=3, rules=loose_rules(CONFIG), cash="1000")
        equip(self.stand, {"layer": "percent", "percent": 5.0}, sleeve="p3")

    def hear(self, actions: Any) -> None:
        """What the engine wants done goes on the wire, past the wire's own question."""
        for action in actions:
            if isinstance(action, Place):
                self.wire.append(action)
            elif isinstance(action, Cancel | Amend | Query):
                self.asked.append(action)

    def tell(self, event: Any) -> None:
        self.hear(self.stand.tell(event))

    # --- wishes and time --------------------------------------------------------------------------------

    @rule(sleeve=st.sampled_from((1, 3)), qty=sizes, stop=st.booleans())
    def want(self, sleeve: int, qty: int, stop: bool) -> None:
        level = None if not stop or not qty else (90 if qty > 0 else 110)
        self.hear(self.stand.want(qty, stop=level, sleeve=sleeve))

    @rule(bid=st.integers(0, 45), ask=st.integers(0, 45))
    def quote(self, bid: int, ask: int) -> None:
        self.hear(self.stand.quote(99, bid, 101, ask, sleeve=2))

    @rule(ms=st.integers(1, 7_000))
    def wait(self, ms: int) -> None:
        self.hear(self.stand.wait(ms))

    # --- the venue --------------------------------------------------------------------------------------

    @rule()
    def settle(self) -> None:
        """Calm: everything arrives, market orders trade, every question is answered."""
        for _ in range(60):
            self.news()
            market = [
                cid for cid, a in self.alive.items() if a.place.price is None and a.place.trigger is None
            ]
            if self.wire:
                self._arrive(self.wire.pop(0), "ack")
            elif self.asked:
                self._answer(self.asked.pop(0), True)
            elif market:
                self._trade(market[0], 3)
            else:
                self.hear(self.stand.wait(7_000))
                if not (self.wire or self.asked):
                    return

    @precondition(lambda self: self.wire)
    @rule(data=st.data(), fate=st.sampled_from(("ack", "ack", "refuse", "silence", "lost")))
    def arrive(self, data: st.DataObject, fate: str) -> None:
        """A request reaches the venue, or does not; its answer reaches us, or does not."""
        self._arrive(self.wire.pop(data.draw(st.integers(0, len(self.wire) - 1))), fate)

    def _arrive(self, place: Place, fate: str) -> None:
        state, now = self.stand.state, self.stand.now
        order = state.order(place.cid)
        assert order is not None
        if refused_at_wire(state, order, False):
            self.tell(ev.Reject(now, place.cid, "halted", "stopped at the wire"))
        elif fate == "refuse":
            self.tell(ev.Reject(now, place.cid, "51000", "no"))
        elif fate == "lost":
            self.tell(ev.Unknown(now, place.cid, ev.Request.PLACE, "no answer"))
        else:
            self.alive[place.cid] = Alive(place)
            if fate == "ack":
                self.tell(ev.Ack(now, place.cid, f"v{place.cid}"))
            else:
                self.tell(ev.Unknown(now, place.cid, ev.Request.PLACE, "no answer"))

    @precondition(lambda self: self.alive)
    @rule(data=st.data(), part=st.integers(1, 3), late=st.booleans())
    def trade(self, data: st.DataObject, part: int, late: bool) -> None:
        """(Part of) an order trades."""
        self._trade(data.draw(st.sampled_from(sorted(self.alive))), part)
        if not late:
            self.news()

    def _trade(self, cid: str, part: int) -> None:
        one = self.alive[cid]
        place = one.place
        qty = one.left if part == 3 else D(max(1, int(one.left) // part))
        before = self.pos.get(place.sleeve, ZERO)
        if place.role is not Role.ENTRY:
            qty = min(qty, max(ZERO, -before * place.side.sign))
        if qty <= 0:
            return
        after = before + place.side.sign * qty
        one.filled += qty
        self.pos[place.sleeve] = after
        self.trades += 1
        self.untold.append(
            ev.Fill(
                self.stand.now, cid, f"v{cid}", f"t{self.trades}", place.symbol, place.side, D(100), qty,
                ZERO, "USDT", False,
            )
        )  # fmt: skip
        if not one.left:
            del self.alive[cid]

    @rule()
    def news(self) -> None:
        """Every fill that happened is heard of, in order."""
        for fill in self.untold:
            self.tell(msgspec.structs.replace(fill, ts=self.stand.now))
        self.untold.clear()

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), works=st.booleans())
    def answer(self, data: st.DataObject, works: bool) -> None:
        """A cancel, a change or a question is dealt with."""
        self._answer(self.asked.pop(data.draw(st.integers(0, len(self.asked) - 1))), works)

    def _answer(self, action: Any, works: bool) -> None:
        one, now = self.alive.get(action.cid), self.stand.now
        if isinstance(action, Query):
            self.news()
            self._report(action.cid)
        elif isinstance(action, Cancel):
            if one is None or not works:
                self.tell(ev.CancelReject(now, action.cid, "51400", "no"))
            else:
                del self.alive[action.cid]
                self.tell(ev.Cancelled(now, action.cid, one.filled, "user"))
        elif one is None or not works or action.qty <= one.filled:
            self.tell(ev.AmendReject(now, action.cid, "51503", "no"))
        else:
            one.qty = action.qty
            self.tell(ev.Amended(now, action.cid, action.price, action.qty))

    def _report(self, cid: str) -> None:
        """The truth about one order; what is still on the wire is no proof of anything."""
        one, now = self.alive.get(cid), self.stand.now
        known = self.stand.state.order(cid)
        if one is not None:
            word = "partial" if one.filled else "live"
            self.tell(ev.OrderReport(now, cid, True, True, word, one.filled, ZERO, one.qty, f"v{cid}"))
        elif known is not None and known.filled >= known.qty:
            self.tell(ev.OrderReport(now, cid, True, True, "filled", known.filled, ZERO, known.qty))
        else:
            on_its_way = any(place.cid == cid for place in self.wire)
            self.tell(ev.OrderReport(now, cid, found=False, proof=not on_its_way))

    # --- what must hold ---------------------------------------------------------------------------------

    def worst(self, sleeve: str, *, closes: bool = False) -> tuple[Decimal, Decimal]:
        """(long, short) of a sleeve if everything at the venue and on the wire filled.

        ``closes``: what an order closes first is not counted, which is how the limits of several sleeves
        together see a quote that is as large as the position on the other side.
        """
        sides = []
        for side in (Side.BUY, Side.SELL):
            held = self.pos.get(sleeve, ZERO) * side.sign
            total = held if closes else max(ZERO, held)
            entries = [a.left for a in self.alive.values() if _adds(a.place, sleeve, side)]
            entries += [p.qty for p in self.wire if _adds(p, sleeve, side)]
            sides.append(max(ZERO, held, total + sum(entries, ZERO)))
        return sides[0], sides[1]

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        worst = {sleeve: self.worst(sleeve) for sleeve in self.stand.state.sleeves}
        for sleeve, (long, short) in worst.items():
            assert max(long, short) <= SLEEVE, (sleeve, long, short)
        worst = {sleeve: self.worst(sleeve, closes=True) for sleeve in worst}
        for side in (0, 1):
            assert sum((w[side] for w in worst.values()), ZERO) <= SYMBOL, worst
        assert sum((max(w) for w in worst.values()), ZERO) <= GROSS, worst

    @invariant()
    def what_is_held_and_quiet_is_covered(self) -> None:
        """Cover >= position wherever nothing is on its way: the third sleeve's layers see to it."""
        state, held = self.stand.state, self.pos.get("p3", ZERO)
        sleeve, mine = state.sleeves["p3"], state.orders_of("p3")
        if self.wire or self.asked or self.untold or sleeve.reduce_at or not held:
            return
        target = sleeve.intent.target if sleeve.intent is not None else None
        if target is not None and target * held <= 0:
            return  # leaving: the old stops stay as they are until it is done
        if any(o.role is not Role.PROTECT or o.cid not in self.alive or o.cancelling for o in mine):
            return  # something about it is on its way
        cover = sum((o.remaining for o in mine if o.role is Role.PROTECT), ZERO)
        assert cover >= abs(held), (held, mine)


def _adds(place: Place, sleeve: str, side: Side) -> bool:
    return place.sleeve == sleeve and place.role is Role.ENTRY and place.side is side


TestLimits = Limits.TestCase
TestLimits.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
