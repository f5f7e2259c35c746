"""Several sleeves on one market in one account: their books are the venue's, to the cent, at every event."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from cockpit.core import events as ev
from cockpit.core import planning
from cockpit.core.config import Config, VenueConfig
from cockpit.core.matching import Exchange
from cockpit.core.matching.account import unrealised
from cockpit.core.meant import sleeve_name
from cockpit.core.state import State
from cockpit.core.types import ZERO, MarginMode, PositionMode, exact
from cockpit.lab import backtest
from tests.app.stream_worlds import Bench, swinging
from tests.core.stand import LINEAR, Table, Wish

CENT = Decimal("0.01")
MODES = [(margin, mode) for margin in (MarginMode.CROSS, MarginMode.ISOLATED) for mode in PositionMode]


class Judge:
    """Adds the sleeves up after every event and asks the venue."""

    def __init__(self, state: State, exchange: Exchange, cash: Decimal) -> None:
        self.state, self.exchange, self.cash = state, exchange, cash
        self.events = self.compared = self.opposite = 0

    def __call__(self, _event: Any, _outcome: Any) -> None:
        state, ledger = self.state, self.state.ledger
        self.events += 1
        assert ledger.discrepancies() == []
        for symbol, instrument in state.instruments.items():
            books = [b for b in ledger.sleeves.values() if b.symbol == symbol]
            held = [b.qty for b in books]
            self.opposite += min(held, default=ZERO) < 0 < max(held, default=ZERO)
            assert sum(held, ZERO) == ledger.net_qty(symbol)
            if state.fills != len(self.exchange.fills):
                continue  # the venue knows of a fill that is still on its way
            rows = [h for h in self.exchange.ledger.holdings.values() if h.qty]
            if len(state.instruments) == 1:
                assert sum(held, ZERO) == sum((h.qty for h in rows), ZERO)
                price = state.price(symbol)
                if price > 0:
                    self._money(books, rows, instrument, exact(price))

    def _money(self, books: list[Any], rows: list[Any], instrument: Any, mark: Decimal) -> None:
        """What the sleeves say they have brought, and what is more in the venue's account than before."""
        ours = sum((b.realised - b.fees + b.funding + b.unrealised(instrument, mark) for b in books), ZERO)
        locked = sum((h.margin for h in rows), ZERO)
        open_ = sum((unrealised(instrument, h, mark) for h in rows), ZERO)
        theirs = self.exchange.ledger.cash[instrument.settle] + locked + open_ - self.cash
        assert abs(ours - theirs) < CENT, (ours, theirs)
        self.compared += 1


def wish(qty: int) -> Wish:
    return lambda _view, want: want.position(float(qty), float("nan"), float("nan"), "w")


@pytest.mark.parametrize(("margin", "mode"), MODES)
def test_opposite_sleeves_a_person_and_a_thin_book(margin: MarginMode, mode: PositionMode) -> None:
    dice = Random(f"{margin}{mode}")
    table = Table(
        [dice.randint(-2, 2) for _ in range(500)], sleeves=5, margin=margin, mode=mode, latency=(30, 20)
    )
    judge = Judge(table.state, table.exchange, Decimal(100_000))
    wishes = {at: (dice.randint(1, 5), wish(dice.randint(-4, 4))) for at in range(2, 480, 2)}
    trades = deeds = 0

    def watch(event: ev.AnyEvent, outcome: Any) -> None:
        nonlocal trades, deeds
        judge(event, outcome)
        if not isinstance(event, ev.Trade):
            return
        trades += 1
        if trades % 40:
            return
        side = "long" if trades % 80 else "short"
        verb = "exit" if table.state.position(sleeve_name(LINEAR.symbol)) else "enter"
        args = {"symbol": LINEAR.symbol, "side": side, "qty": "2", "bare": "1"}
        args = {"sleeve": sleeve_name(LINEAR.symbol)} if verb == "exit" else args
        plan = planning.draw(table.engine, {"verb": verb, **args}, table.state.now)
        done = table.engine.step(ev.Command(table.state.now, f"c{trades}", "apply", plan.order, "me"))
        for action in done.actions:
            table.world.submit(action, table.state.now)
        deeds += bool(done.actions)

    table.run(wishes, watch)
    assert judge.opposite > 300
    assert judge.compared > 1_000
    assert deeds >= 6
    assert len(table.exchange.fills) > 200


def test_every_bar_strategy_side_by_side_on_one_market() -> None:
    config = Config(venue=VenueConfig(position_mode="net"))
    bench = Bench(config=config, stretch=swinging(900, 5))
    cash = sum(bench.exchange.ledger.cash.values(), ZERO)
    judge = Judge(bench.engine.state, bench.exchange, cash)
    backtest.run(bench.engine, bench.world, bench.first, judge)
    assert judge.opposite > 50
    assert judge.compared > 500
    assert len(bench.exchange.fills) > 50
