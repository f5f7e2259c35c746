"""Markets and engines to measure on: seeded, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from cockpit.app import compose, market, simulated
from cockpit.app.discover import discover
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.matching import Exchange, World
from cockpit.core.registry import strategy
from cockpit.core.types import Instrument, Kind
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab import backtest

discover()

SYMBOL = "bench:BTC-USDT-SWAP"
SWAP = Instrument(
    SYMBOL, Kind.LINEAR, "BTC", "USDT", "USDT", Decimal("0.1"), Decimal("0.001"), Decimal("0.001")
)


@strategy("bench_idle", None, version=1, wakes=("bar",))
class Idle(msgspec.Struct):
    """Hears every bar and wants nothing: the engine alone."""

    heard: int = 0

    @classmethod
    def create(cls, _params: None) -> Idle:
        """A fresh one."""
        return cls()

    def on_bar(self, _bar: ev.Bar, _view: View, _want: Want) -> None:
        """Count."""
        self.heard += 1


def bars(count: int, tf: int, seed: int) -> list[ev.Bar]:
    """A random walk from 30,000 whose volatility per bar is 0.6 % an hour."""
    rng = random.Random(seed)
    sigma = 0.006 * (tf / 3_600_000) ** 0.5
    made = []
    close = 30_000.0
    for index in range(count):
        open_ = close
        close = open_ * (1 + rng.gauss(0, sigma))
        high = max(open_, close) * (1 + abs(rng.gauss(0, sigma / 3)))
        low = min(open_, close) * (1 - abs(rng.gauss(0, sigma / 3)))
        made.append(
            ev.Bar(
                tf * (index + 1),
                SYMBOL,
                tf,
                round(open_, 1),
                round(high, 1),
                round(low, 1),
                round(close, 1),
                rng.uniform(50, 500),
            )
        )
    return made


class Stage:
    """A fresh engine and a fresh simulated venue over one stretch of market."""

    def __init__(
        self,
        tape: Iterable[ev.AnyEvent],
        instruments: Mapping[str, Instrument],
        sleeves: Sequence[SleeveConfig],
        frames: Mapping[str, Sequence[int]],
        config: Config | None = None,
    ) -> None:
        self.config = config or Config()
        self.exchange: Exchange = market._exchange(self.config, instruments)
        self.world = World(iter(tape), self.exchange, simulated.latency_of(self.config), 1)
        parts = compose.cast(sleeves, instruments, frames)
        self.engine: Engine = compose.fresh(self.config, "backtest", instruments, parts)

    def run(self) -> backtest.Run:
        """The whole stretch, as ``cockpit backtest`` would."""
        first = backtest.boot(self.world, "backtest", "bench", "")
        return backtest.run(self.engine, self.world, first)


def on_bars(name: str, tape: Sequence[ev.Bar]) -> Stage:
    """One strategy on the bars."""
    return Stage(tape, {SYMBOL: SWAP}, [SleeveConfig(name, SYMBOL)], {SYMBOL: (tape[0].tf,)})
