"""Engine, reconcile and the real matching engine together, under random wishes, delays, thin books, refusals.

What must hold whatever happens:
- one order in flight per purpose, and never more than was wished plus what is held;
- an exit (a quote, too) or a stop never turns a position round; a quote that counts as an entry and trades
  beside a stop counts as if it had traded after it;
- left alone, a sleeve has what it may have, protected, and both books agree;
- the engine never talks at the speed of the road.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from math import nan
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.gate import GateContext, Rule, scaled
from cockpit.core.intents import Intent, Outcome, Place, Query, Quote, ReadAccount
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.state import State
from cockpit.core.types import MarginMode, PositionMode, PosSide, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from tests.core.stand import SPOT, Table, Wish
from tests.properties.test_engine_books import disagreements
from tests.risk.layers import equip

D = Decimal
CALM = 150
"""Quiet steps (30 s) at the end: nothing new is wished."""
LARGEST = 9
BUSY = 200
"""Most requests (questions not counted) in any ten seconds."""


def _at_most(intent: Intent, context: GateContext, _params: object) -> Intent:
    """The largest position and everything on its way to it."""
    after = scaled(intent, D(LARGEST), context)
    return intent if after == intent else context.trim("at_most", intent, after, "too much")


AT_MOST = (Rule("at_most", _at_most, None),)

moves = st.lists(st.integers(-4, 4), min_size=20, max_size=60)


def _position(qty: int, stop_ticks: int, take: bool) -> Wish:
    def wish(view: View, want: Want) -> None:
        sign = 1 if qty > 0 else -1
        stop = view.mark - sign * stop_ticks * view.tick if qty and stop_ticks else nan
        gain = view.mark + sign * 30 * view.tick if qty and stop_ticks and take else nan
        want.pull()
        want.position(float(qty), stop, gain, f"target {qty}")

    return wish


def _quotes(bid_away: int, bid_qty: int, ask_away: int, ask_qty: int) -> Wish:
    def wish(view: View, want: Want) -> None:
        want.release()
        bid, ask = view.bid - bid_away * view.tick, view.ask + ask_away * view.tick
        want.quote(bid, float(bid_qty), ask, float(ask_qty), "quotes")

    return wish


def _flat(_view: View, want: Want) -> None:
    want.flat("flat")


position_wish = st.builds(
    _position, st.integers(-LARGEST, LARGEST), st.sampled_from([0, 3, 8, 25]), st.booleans()
)
quote_wish = st.builds(
    _quotes, st.integers(-1, 3), st.integers(0, LARGEST), st.integers(-1, 3), st.integers(0, LARGEST)
)
wish = st.one_of(position_wish, position_wish, quote_wish, st.just(_flat))


class Judge:
    """Looks after every step."""

    def __init__(self, table: Table, *, clipped: bool) -> None:
        self.table = table
        self.clipped = clipped
        """The venue keeps closing orders from turning a position round."""
        self.spot = not table.stand.instrument.derivative
        self.before: dict[str, Decimal] = {}
        self.legs: dict[str, tuple[Decimal, Decimal]] = {}
        self.shown: Counter[tuple[str, Side]] = Counter()
        """What quotes that count as entries have traded."""
        self.shown_before: dict[str, int | Decimal] = {}
        """By stop: how much of that on its side when it was decided."""

    def __call__(self, event: ev.AnyEvent, outcome: Outcome) -> None:
        state = self.table.state
        order = state.order(event.cid) if isinstance(event, ev.Fill) else None
        if order is not None and order.role is Role.ENTRY and order.kind is OrderKind.POST_ONLY:
            assert isinstance(event, ev.Fill)
            self.shown[order.sleeve, order.side] += event.qty  # type: ignore[assignment]
        for sleeve in state.sleeves:
            mine = state.orders_of(sleeve)
            guards = [
                o for o in mine if o.role is Role.PROTECT and not o.cancelling and o.cid not in state.holds
            ]
            quotes = Counter(o.side for o in mine if o.kind is OrderKind.POST_ONLY)
            working = [o for o in mine if o.role is not Role.PROTECT and o.kind is OrderKind.MARKET]
            assert len(working) <= 1, [o.cid for o in working]
            assert max(quotes.values(), default=0) <= 1
            assert len(guards) <= 2, [(o.cid, o.state) for o in guards]
            have = state.position(sleeve)
            for side in Side:
                entries = sum(
                    (o.remaining for o in mine if o.role is Role.ENTRY and o.side is side), Decimal(0)
                )
                assert max(Decimal(0), have * side.sign) + entries <= LARGEST
            if isinstance(event, ev.Fill) and self.clipped:
                was = self.before.get(sleeve, Decimal(0))
                if order is not None and order.sleeve == sleeve and order.role is not Role.ENTRY:
                    if order.pos_side is PosSide.NET:
                        self._closes(order, was, have)
                    else:
                        at = 0 if order.pos_side is PosSide.LONG else 1
                        leg, before = state.legs(sleeve)[at], self.legs[sleeve][at]
                        assert min(0, before) <= leg <= before, f"{order.role} made {leg} of {before}"
            self.before[sleeve] = have
            self.legs[sleeve] = state.legs(sleeve)
        for action in outcome.actions:
            if isinstance(action, Place) and action.role is Role.PROTECT:
                self.shown_before[action.cid] = self.shown[action.sleeve, action.side]

    def _closes(self, order: Order, was: Decimal, have: Decimal) -> None:
        """A closing order on a netted account has traded."""
        beside = self._beside(order)
        assert (was - beside) * (have - beside) >= 0, f"{order.role} turned {was} to {have}"
        assert abs(have - beside) <= abs(was - beside), f"{order.role} grew {was} to {have}"

    def _beside(self, order: Order) -> Decimal:
        """What entry quotes have traded on the side of a stop since it was decided, signed."""
        if order.role is not Role.PROTECT:
            return D(0)
        return order.side.sign * D(self.shown[order.sleeve, order.side] - self.shown_before[order.cid])

    def end(self) -> None:
        """Left alone for a while."""
        table, state = self.table, self.table.state
        assert disagreements(table.engine, table.exchange) == []
        assert state.ledger.discrepancies() == []
        assert state.reconciled
        assert state.posture.entries
        resting = {o.cid for o in table.exchange.open_orders()}
        assert resting == set(state.orders)
        for name, sleeve in state.sleeves.items():
            self._settled(name, sleeve)
        self._quiet()

    def _settled(self, name: str, sleeve: Any) -> None:
        state = self.table.state
        mine = state.orders_of(name)
        assert all(o.state in {OrderState.LIVE, OrderState.PARTIAL} for o in mine)
        assert not any(o.cancelling or o.amending for o in mine)
        wanted = sleeve.approved
        if wanted is None or sleeve.benched:
            return
        have = state.position(name)
        lot = state.instruments[sleeve.symbol].lot
        if wanted.target is not None:
            # Spot pays fees in the coin: less than a lot may be missing or left over.
            assert have == wanted.target or (self.spot and abs(have - wanted.target) < lot)
            assert not any(o.kind is OrderKind.MARKET for o in mine)
        guards = [o for o in mine if o.role is Role.PROTECT]
        if abs(have) >= lot and (wanted.stop is not None or wanted.take is not None):
            assert sum(o.remaining for o in guards) == abs(have) // lot * lot
            assert len(guards) == 1
        else:
            assert guards == []
        for quote in wanted.quotes:
            shown = [o for o in mine if o.side is quote.side and o.kind is OrderKind.POST_ONLY]
            book = self.table.engine.markets[sleeve.symbol].book
            touch = book.best_ask if quote.side is Side.BUY else book.best_bid
            crosses = (float(quote.price) - touch) * quote.side.sign >= 0
            if shown and not crosses:
                assert [(o.price, o.remaining) for o in shown] == [(quote.price, self._room(name, quote))]

    def _room(self, sleeve: str, quote: Quote) -> Decimal:
        """On a long/short account a quote closes the other position first."""
        state = self.table.state
        long, short = state.legs(sleeve)
        other = long if quote.side is Side.SELL else short
        hedge = state.ledger.mode is PositionMode.HEDGE
        return min(quote.qty, other) if hedge and other else quote.qty

    def _quiet(self) -> None:
        """No endless talk: bounded requests in any ten seconds."""
        per: Counter[int] = Counter()
        for ts, action in self.table.actions:
            per[ts // 10_000] += not isinstance(action, Query | ReadAccount)
        assert max(per.values(), default=0) <= BUSY, per


def play(table: Table, wishes: list[tuple[int, Wish]], steps: int, *, clipped: bool = True) -> Judge:
    """Spread the wishes over the moving part of the tape, then leave everything alone."""
    judge = Judge(table, clipped=clipped)
    table.run(spread_out(wishes, steps), judge)
    judge.end()
    return judge


def spread_out(wishes: list[tuple[int, Wish]], steps: int) -> dict[int, tuple[int, Wish]]:
    """Evenly over the moving part of the tape."""
    apart = max(1, steps // (len(wishes) + 1))
    return {(n + 1) * apart: w for n, w in enumerate(wishes)}


@settings(max_examples=150)
@given(
    moves,
    st.lists(st.tuples(st.just(1), wish), min_size=1, max_size=12),
    st.integers(1, 300),
    st.integers(0, 400),
)
def test_one_sleeve_gets_what_it_may_have(
    moves: list[int], wishes: list[tuple[int, Wish]], base: int, spread: int
) -> None:
    table = Table(moves + [0] * CALM, rules=AT_MOST, latency=(base, spread))
    play(table, wishes, len(moves))


@settings(max_examples=120)
@given(moves, st.lists(st.tuples(st.integers(1, 3), wish), min_size=2, max_size=14), st.integers(1, 200))
def test_sleeves_on_one_account_do_not_take_each_others_positions(
    moves: list[int], wishes: list[tuple[int, Wish]], base: int
) -> None:
    table = Table(moves + [0] * CALM, rules=AT_MOST, sleeves=3, latency=(base, 50))
    play(table, wishes, len(moves))


@settings(max_examples=120)
@given(moves, st.lists(st.tuples(st.integers(1, 2), wish), min_size=1, max_size=12), st.integers(1, 200))
def test_long_short_account(moves: list[int], wishes: list[tuple[int, Wish]], base: int) -> None:
    table = Table(
        moves + [0] * CALM,
        rules=AT_MOST,
        sleeves=2,
        latency=(base, 50),
        mode=PositionMode.HEDGE,
        margin=MarginMode.ISOLATED,
    )
    play(table, wishes, len(moves))
    for name, sleeve in table.state.sleeves.items():
        if sleeve.approved is not None and sleeve.approved.target is not None:
            assert not all(table.state.legs(name)), "long and short at once"


stall_wish = st.one_of(quote_wish, quote_wish, quote_wish, position_wish, st.just(_flat))
NEAR = {"layer": "percent", "percent": 0.25, "trailing": True}
"""A stop two or three ticks away."""


@settings(max_examples=60)
@given(
    moves,
    st.lists(st.tuples(st.integers(1, 3), stall_wish), min_size=2, max_size=16),
    st.integers(1, 400),
    st.sampled_from((PositionMode.NET, PositionMode.NET, PositionMode.HEDGE)),
)
def test_makers_with_a_stop_share_a_market(
    moves: list[int], wishes: list[tuple[int, Wish]], base: int, mode: PositionMode
) -> None:
    """Their quotes close what their stops also close, and both are often reached within one round trip."""
    table = Table(moves + [0] * CALM, rules=AT_MOST, sleeves=3, latency=(base, 50), mode=mode)
    for sleeve in table.state.sleeves:
        equip(table.stand, NEAR, sleeve=sleeve)
    play(table, wishes, len(moves))


long_only = st.builds(_position, st.integers(0, LARGEST), st.sampled_from([0, 3, 8, 25]), st.booleans())


@settings(max_examples=60)
@given(moves, st.lists(st.tuples(st.just(1), long_only), min_size=1, max_size=12), st.integers(1, 200))
def test_spot_sells_only_what_it_has_and_leaves_dust_alone(
    moves: list[int], wishes: list[tuple[int, Wish]], base: int
) -> None:
    table = Table(moves + [0] * CALM, instrument=SPOT, rules=AT_MOST, latency=(base, 50))
    play(table, wishes, len(moves))
    assert table.exchange.balances().get("BTC", D(0)) >= 0


bought_or_shown = st.one_of(
    st.builds(_quotes, st.integers(-1, 3), st.integers(0, LARGEST), st.just(0), st.just(0)), long_only
)


def _offer(away: int, stop_ticks: int) -> Wish:
    def wish(view: View, want: Want) -> None:
        stop = view.mark - stop_ticks * view.tick if view.position else nan
        want.position(view.position, stop, nan, "offer")
        want.quote(nan, 0.0, view.ask + away * view.tick, view.position, "offer")

    return wish


offer = st.builds(_offer, st.integers(0, 3), st.sampled_from([0, 2, 4]))


@settings(max_examples=40)
@given(
    moves,
    st.lists(st.tuples(st.integers(1, 2), st.one_of(bought_or_shown, offer)), min_size=2, max_size=14),
    st.integers(1, 300),
    st.booleans(),
)
def test_a_stop_on_spot_always_has_its_coins(
    moves: list[int], wishes: list[tuple[int, Wish]], base: int, layers: bool
) -> None:
    """A venue freezes what a quote promises; a stop that goes off beside it would fail."""
    table = Table(moves + [0] * CALM, instrument=SPOT, rules=AT_MOST, sleeves=2, latency=(base, 50))
    for sleeve in table.state.sleeves if layers else ():
        equip(table.stand, NEAR, sleeve=sleeve)
    judge = Judge(table, clipped=True)

    def watch(event: ev.AnyEvent, outcome: Outcome) -> None:
        judge(event, outcome)
        if isinstance(event, ev.Cancelled) and (order := table.state.order(event.cid)) is not None:
            assert event.reason != "51008" or order.role is not Role.PROTECT, "a stop without coins"

    table.run(spread_out(wishes, len(moves)), watch)
    judge.end()


@settings(max_examples=60)
@given(moves, st.lists(st.tuples(st.just(1), wish), min_size=1, max_size=12), st.integers(1, 200))
def test_busy_venue_that_refuses_cancels(moves: list[int], wishes: list[tuple[int, Wish]], base: int) -> None:
    table = Table(moves + [0] * CALM, rules=AT_MOST, latency=(base, 100), cancel_failure=0.4)
    play(table, wishes, len(moves))


@settings(max_examples=150)
@given(
    moves,
    st.lists(st.tuples(st.integers(1, 2), wish), min_size=1, max_size=12),
    st.integers(1, 300),
    st.integers(0, 60),
    st.booleans(),
    st.sampled_from(PositionMode),
    st.sampled_from([0.0, 0.3]),
)
def test_a_halt_at_any_moment_is_complete_before_it_is_confirmed(
    moves: list[int],
    wishes: list[tuple[int, Wish]],
    base: int,
    when: int,
    flatten: bool,
    mode: PositionMode,
    failure: float,
) -> None:
    table = Table(
        moves + [0] * CALM, rules=AT_MOST, sleeves=2, latency=(base, 200), mode=mode, cancel_failure=failure
    )
    state, exchange = table.state, table.exchange
    sent = {"entries": 0}

    def watch(event: ev.AnyEvent, outcome: Outcome) -> None:
        halted = state.halt
        if halted is None:
            return
        sent["entries"] += sum(isinstance(a, Place) and a.role is Role.ENTRY for a in outcome.actions)
        if isinstance(event, ev.AccountReport) and halted.confirmed == event.ts:
            resting = [o.cid for o in exchange.open_orders() if _role(state, o.cid) is Role.ENTRY]
            assert resting == []
            if flatten:
                assert exchange.positions() == ()
                assert not any(state.position(s) for s in state.sleeves)

    halt = ev.Command(0, "k", "halt", {"flatten": "1" if flatten else "0"}, "me")
    table.run(spread_out(wishes, len(moves)), watch, {min(when, len(moves)): halt})
    assert sent["entries"] == 0
    assert state.halt is not None
    assert state.halt.confirmed, state.halt
    assert disagreements(table.engine, exchange) == []


def _role(state: State, cid: str) -> Role:
    order = state.order(cid)
    assert order is not None
    return order.role
