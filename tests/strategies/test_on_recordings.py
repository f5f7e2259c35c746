"""Strategies with their defaults over recorded markets: they run to the end, trade, and the money adds up."""

from __future__ import annotations

import importlib
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from cockpit.adapters.importers.intake import import_source
from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.app.rehearse import HOUR, MARKET, OTHER, Rehearsal, rehearse
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent, Bar, FundingRate
from cockpit.core.types import Instrument
from cockpit.lab import backtest
from tests.strategies.crafted import LIVELY, SPOT

pytestmark = pytest.mark.shared
APRIL_END = 1_714_521_600_000


def run(tape: Path, sleeves: list[SleeveConfig], end: int) -> Engine:
    """Over the tape up to ``end``, through the gate and the simulated venue."""
    config = Config()
    source = market.from_tape(config, tape, end_ms=end, sleeves=sleeves)
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


def test_four_months_of_hourly_sol(hourly: Path) -> None:
    """All bar strategies side by side on one account."""
    symbol = next(iter(market.from_tape(Config(), hourly).instruments))
    names = [*sorted(LIVELY), "grid_trading"]
    engine = run(hourly, [SleeveConfig(name, symbol, "1h", share=0.5) for name in names], APRIL_END)
    for sleeve in engine.state.sleeves.values():
        assert sleeve.benched == ""
        assert sleeve.trades > 5, sleeve.id
    assert engine.state.illegal == 0
    assert engine.state.ledger.discrepancies() == []


# --- two legs: BTC and ETH in the hot months of 2020/21 ---------------------------------------------------

START, END = 1_606_780_800_000, 1_619_827_200_000
"""2020-12-01 to 2021-05-01."""
FINE = {"lot": Decimal("0.001"), "min_qty": Decimal("0.001")}
BTC, ETH = msgspec.structs.replace(MARKET, **FINE), msgspec.structs.replace(OTHER, **FINE)
COIN = msgspec.structs.replace(SPOT, lot=Decimal("0.00001"), min_qty=Decimal("0.00001"))


def rows(path: Path, native: str, *names: str) -> list[tuple[float, ...]]:
    """(ts, column, ...) of one symbol in the hot months."""
    where = [("symbol", "==", native), ("ts_ms", ">=", START), ("ts_ms", "<", END)]
    table = pq.read_table(path, filters=where)
    return list(zip(*(table.column(name).to_pylist() for name in ("ts_ms", *names)), strict=True))


def hours(path: Path, native: str, instrument: Instrument) -> list[AnyEvent]:
    """Its hourly candles, stamped with their close."""
    found = rows(path, native, "open", "high", "low", "close", "volume")
    return [Bar(int(row[0]) + HOUR, instrument.symbol, HOUR, *row[1:]) for row in found]


def settled(folder: Path, native: str, instrument: Instrument) -> list[AnyEvent]:
    found = rows(folder / "funding/binance_funding.parquet", native, "funding_rate")
    return [FundingRate(int(ts), instrument.symbol, rate, int(ts), True) for ts, rate in found]


@pytest.fixture(scope="module")
def hot(shared: Path) -> dict[str, list[AnyEvent]]:
    folder = shared / "market"
    perp, spot = folder / "ohlcv/binance_perp_1h_long.parquet", folder / "ohlcv/binance_spot_1h.parquet"
    return {
        "btc": hours(perp, "BTCUSDT", BTC),
        "eth": hours(perp, "ETHUSDT", ETH),
        "coin": hours(spot, "BTCUSDT", COIN),
        "rates": settled(folder, "BTCUSDT", BTC),
    }


def sound(found: Rehearsal) -> Rehearsal:
    assert found.benched == ""
    assert found.engine.state.illegal == 0
    assert found.engine.state.ledger.discrepancies() == []
    return found


@pytest.mark.parametrize("name", ["funding_rate_arbitrage", "cash_carry"])
def test_coins_against_the_perpetual_earn_the_funding_of_the_bull_market(
    hot: dict[str, list[AnyEvent]], name: str
) -> None:
    """The rates of BTC were above 0.1 % again and again: it must be paid for, whatever the price did."""
    found = sound(rehearse(name, [*hot["rates"], *hot["btc"], *hot["coin"]], instrument=(BTC, COIN)))
    paid = found.engine.state.ledger.position(BTC.symbol)
    assert paid is not None
    assert float(paid.funding) > 100
    assert found.engine.state.equity() > 10_000
    # The price doubled and half: a bet of 5,000 would have moved by thousands, the hedge by its fees.
    earned = found.engine.state.equity() - 10_000 - float(paid.funding)
    assert abs(earned) < 400


def test_eth_against_btc(hot: dict[str, list[AnyEvent]]) -> None:
    """Mostly they do not belong together, and it knows."""
    found = sound(rehearse("pairs", [*hot["eth"], *hot["btc"]], instrument=(ETH, BTC)))
    assert 0 < len(found.fills) < 100
    tags = {wish.tag for wish in found.wishes}
    assert tags <= {"rich", "cheap", "together", "apart", "uncoupled", "stopped", "uneven"}


def test_recorded_funding_is_as_rare_as_the_docstring_says(shared: Path) -> None:
    table = pq.read_table(
        shared / "market/funding/binance_funding.parquet", filters=[("symbol", "==", "BTCUSDT")]
    )
    values = table.column("funding_rate").to_pylist()
    assert (sum(rate >= 0.001 for rate in values), len(values)) == (89, 6_914)


def test_a_wide_market_is_made_with_every_extension(shared: Path, tmp_path: Path) -> None:
    """OKX, 30 seconds of 2021: XMR-USDT-SWAP stood half of the time at 0.087 % or more."""
    importlib.import_module("cockpit.adapters.importers")
    discover()
    tape = tmp_path / "okx.tape"
    session = shared / "market/okx_messages/sessions/okx_ws_public_2021-07-22.jsonl.gz"
    import_source([session], tape, symbols=["okx:XMR-USDT-SWAP", "okx:TRX-USDT-210924"])
    params = {
        "min_spread": 0.0007, "reentry_spread": 0.0005, "vol_spread": 0.5, "depth_skew": 0.5,
        "inventory_skew": 0.5, "max_slippage": 0.01, "order_amount": 300.0, "min_depth_multiple": 0.1,
    }  # fmt: skip
    names = market.from_tape(Config(), tape).instruments
    engine = run(
        tape, [SleeveConfig("market_maker", name, params=params, pool="makers") for name in names], 0
    )
    assert len(engine.state.sleeves) == 2
    assert all(sleeve.benched == "" for sleeve in engine.state.sleeves.values())
    assert engine.state.next_order > 2, "it quoted"
    assert engine.state.illegal == 0
