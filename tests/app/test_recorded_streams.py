"""Recorded markets through the whole machine: each run ends, adds up and decides the same again."""

from __future__ import annotations

import asyncio
import importlib
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.adapters.importers.intake import import_source
from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.app.runtime import Plan, open_runtime
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.lab import backtest

pytestmark = pytest.mark.shared

SIX_YEARS = (
    ["ohlcv/binance_perp_1h_long.parquet", "funding/binance_funding.parquet"],
    ["BTCUSDT", "ETHUSDT"],
)
COINBASE = (["books/coinbase_btcusd_l2_2018-04-24.parquet"], None)
BINANCE = (["books/raw/binance_usdm_btcusdt_2024-08-08.jsonl.gz"], None)
OKX = (["ohlcv/okx_swap_5m_2022.parquet"], ["BTC-USDT-SWAP", "SOL-USDT-SWAP"])


@pytest.mark.parametrize(
    "what", [SIX_YEARS, COINBASE, BINANCE, OKX], ids=["six-years", "coinbase", "binance", "okx"]
)
def test_a_recording_drives_the_machine_to_its_end(
    shared: Path, tmp_path: Path, what: tuple[list[str], list[str] | None]
) -> None:
    importlib.import_module("cockpit.adapters.importers")
    discover()
    sources, symbols = what
    tape = tmp_path / "t.tape"
    import_source([shared / "market" / s for s in sources], tape, symbols=symbols)
    expected = _backtest(tape)
    summary = asyncio.run(_daemon(tape, tmp_path / "run"))
    assert summary["digest"] == expected.digest
    state = expected.state
    assert summary["fills"] == state.fills == summary["venue_fills"]
    assert summary["reconciled"]
    assert summary["illegal_order_news"] == 0
    assert state.ledger.discrepancies() == []
    assert Decimal(summary["opening"]) == Decimal("10000.0")
    # One currency and nothing paid in: what trading brought is all that changed.
    assert Decimal(summary["pnl"]) == Decimal(summary["equity"]) - Decimal(summary["opening"])
    assert any(row["trades"] or row["tag"] for row in summary["sleeves"])


def _backtest(tape: Path) -> Engine:
    config = Config()
    source = market.from_tape(config, tape)
    sleeves = compose.cast(source.sleeves, source.instruments, source.frames)
    engine = compose.fresh(config, "replay", source.instruments, sleeves)
    backtest.run(engine, source.world, backtest.boot(source.world, "replay", _version(), "digest"))
    report = source.exchange.account(0)
    assert {k: v for k, v in engine.state.ledger.balances.items() if v} == report.balances
    return engine


async def _daemon(tape: Path, folder: Path) -> dict[str, object]:
    config = Config()
    plan = Plan(config, "replay", folder, "max", "digest")
    runtime = await open_runtime(plan, market.from_tape(config, tape))
    try:
        await runtime.run()
        return runtime.summary()
    finally:
        await runtime.close()


def _version() -> str:
    import cockpit

    return cockpit.__version__
