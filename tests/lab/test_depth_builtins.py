"""``market_maker`` asleep and awake, on the practice market and on recorded ones; what the kernel must do."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.adapters import practice
from cockpit.adapters.importers.intake import import_source
from cockpit.adapters.practice.spec import BTC_SWAP
from cockpit.adapters.store import tape
from cockpit.app import compose, market
from cockpit.app.simulated import charged, latency_of, relisted
from cockpit.core import events as ev
from cockpit.core.config import BreakersConfig, Config, RiskConfig, RunConfig, SleeveConfig, VenueConfig
from cockpit.core.engine import Engine
from cockpit.core.matching import Exchange, World
from cockpit.core.registry import STRATEGIES
from cockpit.lab import backtest
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth import run as depth
from cockpit.lab.depth.columns import from_events
from tests.conftest import SHARED, SOAK
from tests.lab.asleep import Played

pytest.importorskip("llvmlite")

EAGER = {
    "min_spread": 0.0,
    "reentry_spread": 0.0,
    "safety": 0.0,
    "min_depth_multiple": 0.0,
    "order_amount": 500.0,
}
LEANING = {**EAGER, "vol_spread": 1.0, "depth_skew": 0.7, "inventory_skew": 0.5, "max_slippage": 0.001}
FREE = VenueConfig(fees=(0.0, 0.0005))
RECORDED = {
    "coinbase:BTC-USD": "coinbase_btcusd_l2_2018-04-24.parquet",
    "binance:BTCUSDT": "raw/binance_usdm_btcusdt_2024-08-08.jsonl.gz",
}


@lru_cache(maxsize=1)
def maker() -> depth.Prepared:
    return depth.compile_strategy(STRATEGIES["market_maker"])


def stage(found: Any, symbol: str, params: dict[str, Any], config: Config) -> tuple[Engine, Exchange, Any]:
    instruments = charged(found, config)
    parts = compose.cast([SleeveConfig("market_maker", symbol, params=params)], instruments, {})
    engine = compose.fresh(config, "backtest", instruments, parts)
    return engine, market._exchange(config, instruments), instruments


def awake(events: list[Any], found: Any, symbol: str, params: dict[str, Any], config: Config) -> Played:
    engine, exchange, _ = stage(found, symbol, params, config)
    world = World(iter(events), exchange, latency_of(config), config.run.seed)
    ran = backtest.run(engine, world, backtest.boot(world, "backtest", "", ""))
    return Played(engine, exchange, ran, next(iter(engine.slots.values())).strategy)


def asleep(events: list[Any], found: Any, symbol: str, params: dict[str, Any], config: Config) -> Played:
    engine, exchange, instruments = stage(found, symbol, params, config)
    ran = depth.run(
        engine, exchange, from_events(events, instruments), maker(), latency=latency_of(config),
        seed=config.run.seed, boot=lambda world: backtest.boot(world, "backtest", "", ""),
    )  # fmt: skip
    assert ran.slept > ran.events / 2
    return Played(engine, exchange, ran, next(iter(engine.slots.values())).strategy)


def same(events: list[Any], found: Any, symbol: str, params: dict[str, Any], config: Config) -> Played:
    events = list(relisted(events, config))
    right = awake(events, found, symbol, params, config)
    mine, theirs = asleep(events, found, symbol, params, config).told(), right.told()
    assert {name: mine[name] for name in mine if mine[name] != theirs[name]} == {}
    return right


@lru_cache(maxsize=1)
def practised() -> tuple[list[ev.AnyEvent], Any]:
    spec = practice.PracticeSpec(seed=7)
    count = 120_000 if SOAK else 20_000
    return list(itertools.islice(practice.stream(spec), count)), practice.instruments(spec)


@pytest.mark.parametrize("params", [EAGER, LEANING], ids=["eager", "leaning"])
def test_the_practice_market_gives_the_same_decisions_and_fills(params: dict[str, Any]) -> None:
    events, found = practised()
    did = same(events, found, BTC_SWAP, params, Config(venue=FREE))
    assert len(did.exchange.fills) > 5


def test_latency_that_varies_and_another_queue_give_the_same() -> None:
    events, found = practised()
    venue = msgspec.structs.replace(FREE, latency_jitter_ms=40, queue="log2", order_latency_ms=60)
    did = same(events, found, BTC_SWAP, EAGER, Config(venue=venue, run=RunConfig(seed=99)))
    assert did.exchange.fills


@pytest.mark.shared
@pytest.mark.parametrize("symbol", RECORDED)
def test_recorded_books_give_the_same_decisions_and_fills(symbol: str, tmp_path: Path) -> None:
    events, found = recorded(symbol, tmp_path)
    for params in (EAGER, LEANING) if SOAK else (EAGER,):
        same(events, found, symbol, params, Config(venue=FREE))


def recorded(symbol: str, folder: Path) -> tuple[list[ev.AnyEvent], Any]:
    import_source([SHARED / "market" / "books" / RECORDED[symbol]], folder / "l2.tape")
    events = list(tape.read(folder / "l2.tape"))
    info = tape.read_info(folder / "l2.tape")
    return events if SOAK else events[:40_000], {i.symbol: i for i in info.instruments}


STOPS = RiskConfig(stops=({"layer": "account_drawdown", "limit": 0.1},))
LADDER = BreakersConfig(ladder=({"breaker": "day_loss", "reduce_only": 0.02},))


@pytest.mark.parametrize(
    ("config", "why"),
    [(Config(risk=STOPS), "stops of the account"), (Config(breakers=LADDER), "circuit breakers")],
)
def test_what_looks_at_every_price_is_left_to_the_kernel(config: Config, why: str) -> None:
    events, found = practised()
    with pytest.raises(Unsupported, match=why):
        asleep(events[:2_000], found, BTC_SWAP, EAGER, config)


def test_a_tape_that_goes_back_in_time_is_left_to_the_kernel() -> None:
    events, found = practised()
    with pytest.raises(Unsupported, match="back in time"):
        asleep([*events[:50], events[20]], found, BTC_SWAP, EAGER, Config())


def test_a_market_that_gets_another_grid_is_left_to_the_kernel() -> None:
    events, found = practised()
    coarse = msgspec.structs.replace(found[BTC_SWAP], tick=found[BTC_SWAP].tick * 5)
    with pytest.raises(Unsupported, match="another tick or lot"):
        asleep([*events[:500], ev.Listing(events[499].ts, coarse)], found, BTC_SWAP, EAGER, Config())


def test_prices_finer_than_the_tick_are_left_to_the_kernel() -> None:
    events, found = practised()
    price = next(e for e in events if isinstance(e, ev.BookSnapshot) and e.symbol == BTC_SWAP).bids[0][0]
    odd = ev.BookDelta(events[999].ts, BTC_SWAP, 0, ((price * (1 + 1e-9), 1.0),), ())
    with pytest.raises(Unsupported, match="finer than the tick"):
        asleep([*events[:1_000], odd], found, BTC_SWAP, EAGER, Config())
