"""Small worlds for tests: the practice market cut to length, with both proving strategies on it."""

from __future__ import annotations

import importlib
from itertools import islice
from pathlib import Path

from cockpit.adapters import practice
from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.venues.sim import SimVenue
from cockpit.app import compose, market
from cockpit.core import memory
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent
from cockpit.core.matching import World
from cockpit.lab import backtest
from cockpit.workers.crew import Crew
from cockpit.workers.feed import Lockstep

for name in ("max_notional", "max_leverage", "price_band", "order_rate", "stale_data", "tradable"):
    importlib.import_module(f"cockpit.risk.rules.{name}")
for name in ("ema_trend", "market_maker"):
    importlib.import_module(f"cockpit.strategies.{name}")

SLEEVES = (
    SleeveConfig("market_maker", "practice:WIF-USDT-SWAP"),
    SleeveConfig("ema_trend", "practice:BTC-USDT-SWAP", "5s"),
    SleeveConfig("ema_trend", "practice:ETH-USDT-SWAP", "5s"),
)


class Bench:
    """An engine and its world over the same stretch of practice market, fresh each time."""

    def __init__(self, events: int = 12_000, seed: int = 7, config: Config | None = None) -> None:
        self.config = config or Config()
        spec = practice.PracticeSpec(seed=seed)
        instruments = practice.instruments(spec)
        self.exchange = market._exchange(self.config, instruments)
        self.world = World(
            islice(practice.stream(spec), events), self.exchange, market._latency(self.config), seed
        )
        frames = dict.fromkeys(instruments, spec.bar_ms)
        self.sleeves = compose.cast(SLEEVES, instruments, frames)
        self.engine: Engine = compose.fresh(self.config, "replay", instruments, self.sleeves)
        self.first: AnyEvent = backtest.boot(self.world, "replay", "test", "config")

    def backtest(self) -> backtest.Run:
        return backtest.run(self.engine, self.world, self.first)

    async def daemon(self, path: Path) -> Crew:
        """The same through the workers and a journal."""
        store = await InlineStore.open(path, mode="replay")
        engine, world = self.engine, self.world
        source = Lockstep(world, lambda: engine.deadline)
        crew = Crew(
            engine,
            store,
            SimVenue(world, lambda: engine.state.now),
            source,
            _StateClock(engine),
            freeze=lambda: memory.freeze(engine),
            watch=False,
            snapshot_every=4_000,
        )
        source.put(self.first)
        try:
            await crew.run()
        finally:
            await store.close()
        return crew


class _StateClock:
    def __init__(self, engine: Engine) -> None:
        self._state = engine.state

    def now_ms(self) -> int:
        return self._state.now
