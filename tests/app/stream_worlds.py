"""Small worlds for tests: the practice market cut to length, and candles that bar strategies trade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from cockpit.adapters import practice
from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.venues.sim import SimVenue
from cockpit.app import compose, market, simulated
from cockpit.app.discover import discover
from cockpit.app.rehearse import HOUR, MARKET, OTHER
from cockpit.core import memory
from cockpit.core.config import Config, SleeveConfig, VenueConfig
from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent
from cockpit.core.intents import Outcome
from cockpit.core.matching import World
from cockpit.core.types import Instrument
from cockpit.lab import backtest
from cockpit.workers.crew import Crew
from cockpit.workers.feed import Lockstep
from tests.strategies import legs
from tests.strategies.crafted import LIVELY, bars, walk

discover()

WATCHED = 211
"""Facts between two looks."""
SLEEVES = (
    SleeveConfig("market_maker", "practice:WIF-USDT-SWAP"),
    SleeveConfig("ema_trend", "practice:BTC-USDT-SWAP", "5s"),
    SleeveConfig("ema_trend", "practice:ETH-USDT-SWAP", "5s"),
)


class Stretch(msgspec.Struct, frozen=True):
    """A market cut to length, and who trades it."""

    instruments: Mapping[str, Instrument]
    frames: Mapping[str, Sequence[int]]
    stream: Iterator[AnyEvent]
    sleeves: Sequence[SleeveConfig]


def practised(events: int, seed: int) -> Stretch:
    """The practice market, with both proving strategies on it."""
    spec = practice.PracticeSpec(seed=seed)
    instruments = practice.instruments(spec)
    frames = dict.fromkeys(instruments, spec.bar_ms)
    return Stretch(instruments, frames, islice(practice.stream(spec), events), SLEEVES)


def swinging(count: int, seed: int) -> Stretch:
    """Hourly candles of a random walk, traded by all bar strategies side by side on one account."""
    candles = bars(walk(count, seed, 0.015), {i: 50.0 + 37 * i % 200 for i in range(count)})
    rows = {**LIVELY, "grid_trading": {"grid_range": 0.1, "bb_std": 3.0}}
    sleeves = [SleeveConfig(name, MARKET.symbol, "1h", params=params) for name, params in rows.items()]
    return Stretch({MARKET.symbol: MARKET}, {MARKET.symbol: (HOUR,)}, iter(candles), sleeves)


def carried(count: int, seed: int) -> Stretch:
    """A perpetual, its spot market and funding that comes and goes, for what trades two legs."""
    rates = [0.0015 if (i + seed) // 6 % 2 else -0.0004 for i in range(count // 8)]
    prices = walk(count, seed, 0.004)
    events = sorted(legs.market(rates, prices, [p * 0.999 for p in prices]), key=lambda event: event.ts)
    both = (legs.PERP.symbol, legs.COIN.symbol)
    params = {"cash_carry": {"funding_window": 2, "hold_days": 100.0}}
    sleeves = [
        SleeveConfig(name, timeframe="1h", symbols=both, share=0.4, params=params.get(name, {}))
        for name in ("cash_carry", "funding_rate_arbitrage")
    ]
    instruments = {leg.symbol: leg for leg in legs.BOTH}
    return Stretch(instruments, dict.fromkeys(instruments, (HOUR,)), iter(events), sleeves)


def making(count: int, seed: int) -> Stretch:
    """Two markets, made by one strategy with all extensions that shares one small capital among them.

    Nobody pays fees here: at the practice market's the narrow one could not be made.
    """
    free = Config(venue=VenueConfig(fees=(0.0, 0.0)))
    stretch = practised(count * 12, seed)
    stretch = msgspec.structs.replace(
        stretch,
        instruments=simulated.charged(stretch.instruments, free),
        stream=simulated.relisted(stretch.stream, free),
    )
    params = {
        "order_amount": 400.0,
        "capital_total": 0.06,
        "min_depth_multiple": 0.1,
        "vol_spread": 1.0,
        "depth_skew": 1.0,
        "inventory_skew": 0.5,
        "max_slippage": 0.01,
        "min_spread": 0.0,
        "reentry_spread": 0.0,
        "safety": 0.0,
    }
    makers = [
        SleeveConfig("market_maker", f"practice:{name}", params=params, pool="makers")
        for name in ("WIF-USDT-SWAP", "SOL-USDT-SWAP")
    ]
    return msgspec.structs.replace(stretch, sleeves=makers)


def coupled(count: int, seed: int) -> Stretch:
    """Two perpetuals that belong together, traded as a pair."""
    events = sorted(legs.couple(count, seed), key=lambda event: event.ts)
    instruments = {leg.symbol: leg for leg in (MARKET, OTHER)}
    params = {"window": 100, "refit": 10, "entry_z": 1.5}
    sleeve = SleeveConfig("pairs", timeframe="1h", symbols=tuple(instruments), params=params)
    return Stretch(instruments, dict.fromkeys(instruments, (HOUR,)), iter(events), (sleeve,))


class Bench:
    """An engine and its world over the same stretch of market, fresh each time."""

    def __init__(
        self,
        events: int = 12_000,
        seed: int = 7,
        config: Config | None = None,
        stretch: Stretch | None = None,
    ) -> None:
        self.config = config or Config()
        stretch = stretch or practised(events, seed)
        self.exchange = market._exchange(self.config, stretch.instruments)
        self.world = World(stretch.stream, self.exchange, simulated.latency_of(self.config), seed)
        self.sleeves = compose.cast(stretch.sleeves, stretch.instruments, stretch.frames)
        self.engine: Engine = compose.fresh(self.config, "replay", stretch.instruments, self.sleeves)
        self.first: AnyEvent = backtest.boot(self.world, "replay", "test", "config")

    snapshot_every = 4_000

    def backtest(self) -> backtest.Run:
        return backtest.run(self.engine, self.world, self.first)

    async def daemon(self, path: Path, watch: dict[int, bytes] | None = None) -> Crew:
        """The same through the workers and a journal.

        ``watch``: gets the whole engine as it stood behind every so many facts.
        """
        store = await InlineStore.open(path, mode="replay")
        engine, world = self.engine, self.world
        if watch is not None:
            _watched(engine, watch)
        source = Lockstep(world, lambda: engine.deadline)
        crew = Crew(
            engine,
            store,
            SimVenue(world, lambda: engine.state.now),
            source,
            _StateClock(engine),
            freeze=lambda: memory.freeze(engine),
            watch=False,
            snapshot_every=self.snapshot_every,
        )
        source.put(self.first)
        try:
            await crew.run()
        finally:
            await store.close()
        return crew


def _watched(engine: Engine, stood: dict[int, bytes]) -> None:
    step = engine.step

    def stepped(event: AnyEvent) -> Outcome:
        outcome = step(event)
        if engine.state.seq % WATCHED == 0:
            stood[engine.state.seq] = memory.freeze(engine)
        return outcome

    engine.step = stepped  # type: ignore[method-assign]


class _StateClock:
    def __init__(self, engine: Engine) -> None:
        self._state = engine.state

    def now_ms(self) -> int:
        return self._state.now
