"""Whatever the state, an applied plan sends what it showed; margin and liquidation are the venue's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core import planning
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.matching import margin as venue
from cockpit.core.meant import sleeve_name
from cockpit.core.types import MarginMode, PositionMode
from tests.core.stand import LINEAR, D, Table, loose_rules

MANUAL = sleeve_name(LINEAR.symbol)
MOVES = st.lists(st.integers(-3, 3), min_size=60, max_size=90)
DEED = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(("long", "short")), st.integers(1, 3)),
    st.tuples(st.just("exit"), st.just(""), st.sampled_from((0, 1, 2))),
    st.tuples(st.just("entries"), st.sampled_from(("on", "off")), st.just(0)),
)


class Person:
    """Plans and applies at chosen trades, and compares."""

    def __init__(self, table: Table, deeds: dict[int, Any]) -> None:
        self.table = table
        self.deeds = deeds
        self.trades = 0
        self.applied = 0
        self.expected: list[Decimal] = []
        self.predicted: planning.Plan | None = None

    def watch(self, fact: ev.AnyEvent, _outcome: Any) -> None:
        if not isinstance(fact, ev.Trade):
            return
        self.trades += 1
        deed = self.deeds.get(self.trades)
        if deed is not None:
            self._act(*deed)

    def _act(self, verb: str, way: str, qty: int) -> None:
        engine, state = self.table.engine, self.table.state
        price = state.price(LINEAR.symbol)
        args = {"verb": verb, "symbol": LINEAR.symbol, "side": way, "qty": str(qty) if qty else ""}
        if verb == "enter":
            args["stop"] = repr(round(price * (0.8 if way == "long" else 1.2), 1))
        if verb == "entries":
            args = {"verb": verb, "to": way, "reason": "x"}
        plan = planning.draw(engine, args, state.now)
        if plan.refused:
            return
        command = ev.Command(state.now, f"c{self.trades}", "apply", plan.order, "me")
        outcome = engine.step(command)
        assert command.command_id not in state.refusals
        sent = [a for a in outcome.actions if isinstance(a, Place | Amend | Cancel)]
        assert [planning.call_of(a).essence for a in sent] == [c.essence for c in plan.calls]
        self.applied += 1
        self.predicted = plan if verb == "enter" else None
        for action in outcome.actions:
            self.table.world.submit(action, state.now)


@settings(max_examples=40, deadline=None)
@given(
    moves=MOVES,
    deeds=st.dictionaries(st.integers(4, 50), DEED, min_size=1, max_size=6),
    wishes=st.dictionaries(st.integers(2, 50), st.integers(-4, 4), max_size=5),
    mode=st.sampled_from(list(PositionMode)),
    margin=st.sampled_from((MarginMode.CROSS, MarginMode.ISOLATED)),
)
def test_executed_calls_are_the_planned_calls(
    moves: list[int],
    deeds: dict[int, Any],
    wishes: dict[int, int],
    mode: PositionMode,
    margin: MarginMode,
) -> None:
    table = Table(moves, mode=mode, margin=margin, rules=loose_rules(), size=50.0)
    person = Person(table, deeds)
    written = {at: (1, _wish(qty)) for at, qty in wishes.items()}
    table.run(written, person.watch)
    assert table.state.illegal == 0
    assert table.state.ledger.discrepancies() == []
    state = table.state
    event(f"{person.applied} plans applied")
    have = state.position(MANUAL)
    if have and not state.orders_of(MANUAL):
        raise AssertionError("a manual position is naked")


def _wish(qty: int) -> Any:
    return lambda view, want: want.position(float(qty), float("nan"), float("nan"), "w")


@settings(max_examples=25, deadline=None)
@given(
    qty=st.integers(1, 400),
    side=st.sampled_from(("long", "short")),
    margin=st.sampled_from((MarginMode.CROSS, MarginMode.ISOLATED)),
    cash=st.sampled_from(("500", "2000", "100000")),
)
def test_margin_and_liquidation_are_what_the_venue_says(
    qty: int, side: str, margin: MarginMode, cash: str
) -> None:
    table = Table([0] * 40, margin=margin, size=500.0, cash=cash)
    person = Person(table, {10: ("enter", side, qty)})
    table.run({}, person.watch)
    plan, exchange = person.predicted, table.exchange
    if plan is None or not table.state.position(MANUAL):
        return
    assert plan.after is not None
    account, market = exchange.ledger, exchange._markets[LINEAR.symbol]
    (holding,) = account.holdings.values()
    rate = venue.maintenance(LINEAR, holding.qty, exchange._desk.rules)
    rate += venue.liquidation_fee(LINEAR, exchange._desk.rules)
    if margin is MarginMode.ISOLATED:
        locked, behind = holding.margin, holding.margin
    else:
        pool = venue.pool(account, exchange._markets, exchange._desk.rules, LINEAR.settle)
        locked, behind = pool.initial, account.cash[LINEAR.settle]
    assert market.instrument == LINEAR
    assert abs(plan.after.margin - locked) <= locked * D("0.002")
    level = venue.liquidation_mark(LINEAR, holding, behind, rate)
    if level is None or plan.after.liquidation is None:
        assert level is plan.after.liquidation
    else:
        assert abs(level - plan.after.liquidation) <= level * D("0.002")
