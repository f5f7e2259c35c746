"""Every built-in bar strategy, on generated markets and on recorded ones: compiled, or refused in words."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.config import Config, RunConfig
from cockpit.core.registry import STRATEGIES
from cockpit.core.types import Instrument, Kind
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled.reasons import Unsupported
from tests.conftest import SHARED
from tests.lab.both import SOAK, compare
from tests.lab.worlds import Shape

pytest.importorskip("llvmlite")

SWAP = Instrument(
    "lab:BTC-USDT", Kind.LINEAR, "BTC", "USDT", "USDT", Decimal("0.1"), Decimal("0.001"), Decimal("0.001")
)
SPOT = msgspec.structs.replace(SWAP, kind=Kind.SPOT, settle="USDT")
INVERSE = msgspec.structs.replace(
    SWAP, kind=Kind.INVERSE, settle="BTC", lot=Decimal(1), min_qty=Decimal(1), contract_value=Decimal(100)
)
BUILT_IN = [
    name
    for name, plugin in STRATEGIES.items()
    if plugin.module.startswith("cockpit.strategies") and "bar" in plugin.options["wakes"]
]
COMPILES = {"breakout", "bollinger_range", "ema_trend", "mean_reversion", "momentum"}
"""Those that must: one market, market orders. The others are refused and say why."""
SHORTED = "the venue would refuse an order for lack of coins"
"""What a strategy that sells short meets on a spot market: the kernel benches it after six refusals."""
SHAPES = (
    Shape(11, 3_600_000, 3_000, sigma=0.006, wick=0.05, every=28_800_000),
    Shape(12, 3_600_000, 3_000, sigma=0.01, jump=0.05, gap=0.002, every=28_800_000, lead=14_400_000),
)


@lru_cache(maxsize=32)
def play(name: str) -> compiled.Compiled:
    return compiled.compile_strategy(STRATEGIES[name])


def test_what_must_compile_is_there() -> None:
    assert set(BUILT_IN) >= COMPILES


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - COMPILES))
def test_the_others_say_why_not(name: str) -> None:
    """A strategy with several legs, or with quotes on bars, runs in the kernel; nothing is guessed."""
    said = ""
    try:
        found = play(name)
    except Unsupported as refusal:
        said = refusal.reason
    else:
        events = SHAPES[0].events(SWAP, 64_000.0)
        said = compare(found, found.plugin.params(), SWAP, events, Config())
    assert said == "the strategy shows quotes" or said.startswith(name)


@pytest.mark.parametrize("name", sorted(COMPILES))
@pytest.mark.parametrize("instrument", [SWAP, SPOT, INVERSE], ids=["linear", "spot", "inverse"])
def test_generated_markets_give_the_same_fills_and_money(name: str, instrument: Instrument) -> None:
    inverse = instrument.kind is Kind.INVERSE
    config = Config(run=RunConfig(equity=0.25, currency="BTC")) if inverse else Config()
    params = STRATEGIES[name].params
    assert params is not None
    for shape in SHAPES if instrument is SWAP else SHAPES[:1]:
        events = shape.events(instrument, 64_000.0)
        why = compare(play(name), params(), instrument, events, config)
        assert why == "" or (instrument is SPOT and why == SHORTED)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
@pytest.mark.parametrize("name", sorted(COMPILES))
def test_the_recorded_years_give_the_same_fills_and_money(name: str, symbol: str) -> None:
    """Hourly bars and funding of the perpetual; all years in the soak, the last one in the gate."""
    events = recorded(symbol)
    params = STRATEGIES[name].params
    assert params is not None
    assert compare(play(name), params(), SWAP, events, Config()) == ""


@lru_cache(maxsize=2)
def recorded(symbol: str) -> tuple[Any, ...]:
    pq = pytest.importorskip("pyarrow.parquet")
    bars_file = SHARED / "market" / "ohlcv" / "binance_perp_1h_long.parquet"
    if not bars_file.is_file():
        pytest.skip(f"no recorded market data at {bars_file}")
    rates_file = SHARED / "market" / "funding" / "binance_funding.parquet"
    hour = 3_600_000
    bars = pq.read_table(bars_file, filters=[("symbol", "=", symbol)]).to_pylist()
    rates = pq.read_table(rates_file, filters=[("symbol", "=", symbol)]).to_pylist()
    rows: list[tuple[int, int, Any]] = []
    for row in bars:
        ts = row["ts_ms"] + hour
        values = (float(row[key]) for key in ("open", "high", "low", "close", "volume"))
        rows.append((ts, 1, ev.Bar(ts, SWAP.symbol, hour, *values)))
    for row in rates:
        ts = row["ts_ms"]
        rows.append((ts, 0, ev.FundingRate(ts, SWAP.symbol, row["funding_rate"], ts, True)))
    rows.sort(key=lambda row: row[:2])
    events = tuple(event for _, _, event in rows)
    return events if SOAK else events[-9_000:]
