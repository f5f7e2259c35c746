"""Strategies with their defaults over recorded markets: they run to the end, trade, and the money adds up."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from cockpit.adapters.importers.intake import import_source
from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.lab import backtest
from tests.strategies.crafted import LIVELY

pytestmark = pytest.mark.shared


def run(tape: Path, sleeves: list[SleeveConfig]) -> Engine:
    """Over the whole tape, through the gate and the simulated venue."""
    config = Config()
    source = market.from_tape(config, tape, sleeves=sleeves)
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    engine = compose.fresh(config, "backtest", source.instruments, casts)
    backtest.run(engine, source.world, backtest.boot(source.world, "backtest", "", ""))
    report = source.exchange.account(0)
    assert {k: v for k, v in engine.state.ledger.balances.items() if v} == report.balances
    return engine


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import SHARED

    importlib.import_module("cockpit.adapters.importers")
    discover()
    tape = tmp_path_factory.mktemp("tapes") / "sol.tape"
    import_source([SHARED / "market/ohlcv/okx_swap_1h_sol_2024.parquet"], tape, symbols=None)
    return tape


def test_nine_months_of_hourly_sol(hourly: Path) -> None:
    """All bar strategies side by side on one account."""
    symbol = next(iter(market.from_tape(Config(), hourly).instruments))
    engine = run(
        hourly, [SleeveConfig(name, symbol, "1h", share=0.5) for name in [*sorted(LIVELY), "grid_trading"]]
    )
    for sleeve in engine.state.sleeves.values():
        assert sleeve.benched == ""
        assert sleeve.trades > 10, sleeve.id
    assert engine.state.illegal == 0
    assert engine.state.ledger.discrepancies() == []
