"""After any backtest our books are the venue's books: cash, positions, locked margin, to the last decimal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cockpit.core.config import Config, VenueConfig
from cockpit.core.engine import Engine
from cockpit.core.ledger.position import MONEY
from cockpit.core.matching import Exchange
from cockpit.core.profit import equity_point
from cockpit.lab import backtest
from tests.app.stream_worlds import Bench

MODES = [(margin, side) for margin in ("cross", "isolated") for side in ("net", "hedge")]


def disagreements(engine: Engine, exchange: Exchange) -> list[str]:
    """What the cockpit believes and what the venue knows, where they differ."""
    ledger, account = engine.state.ledger, exchange.ledger
    found = []
    ours = {c: a for c, a in ledger.balances.items() if a}
    theirs = {c: a for c, a in account.cash.items() if a}
    if ours != theirs:
        found.append(f"cash {ours} | {theirs}")
    positions = [p for p in ledger.held() if engine.state.instruments[p.symbol].derivative]
    held = {f"{p.symbol}|{p.pos_side}": (p.qty, p.cost, p.margin) for p in positions}
    real = {k: (h.qty, h.cost, h.margin) for k, h in account.holdings.items()}
    if held != real:
        found.append(f"positions {held} | {real}")
    return found


@pytest.mark.parametrize(("margin", "side"), MODES)
def test_books_agree_after_a_backtest(margin: str, side: str) -> None:
    config = Config(venue=VenueConfig(margin_mode=margin, position_mode=side))
    bench = Bench(events=9_000, seed=3, config=config)
    agreed = 0

    def watch(event: object, _outcome: object) -> None:
        nonlocal agreed
        point = equity_point(bench.engine.state)
        assert point.equity == MONEY.add(point.cash, point.unrealised)
        agreed += 1

    backtest.run(bench.engine, bench.world, bench.first, watch)
    state = bench.engine.state
    assert state.fills == len(bench.exchange.fills) > 10
    assert agreed > 9_000
    assert disagreements(bench.engine, bench.exchange) == []
    assert state.ledger.discrepancies() == []
    assert state.reconciled
    assert state.illegal == 0
    if margin == "isolated":
        assert any(p.margin for p in state.ledger.positions.values()) or not state.ledger.held()


def test_isolated_margin_is_neither_lost_nor_profit() -> None:
    """Locking margin moves money inside the account: the equity does not notice, cash includes it."""
    config = Config(venue=VenueConfig(margin_mode="isolated"))
    bench = Bench(events=9_000, seed=3, config=config)
    locked = []

    def watch(_event: object, _outcome: object) -> None:
        state = bench.engine.state
        margin = sum((p.margin for p in state.ledger.held()), Decimal(0))
        if margin:
            locked.append(margin)
            point = equity_point(state)
            assert point.cash == MONEY.add(state.ledger.balances["USDT"], margin)

    backtest.run(bench.engine, bench.world, bench.first, watch)
    assert locked
