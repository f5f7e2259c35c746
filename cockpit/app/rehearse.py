"""A strategy on candles of your own, through the real engine, gate and venue: for its test, or to play with.

run = rehearse("ema_trend", candles([100.0, 101.0, 103.0]), {"ema_fast": 3})
[fill.side for fill in run.fills]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.app import compose
from cockpit.app.discover import discover
from cockpit.app.simulated import cash_of, charged, rules_of
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent, Bar, Fill
from cockpit.core.intents import Intent, Outcome
from cockpit.core.matching import Exchange, World
from cockpit.core.types import Instrument, Kind
from cockpit.lab import backtest

HOUR = 3_600_000
START = 1_704_067_200_000
"""2024-01-01, UTC ms."""

MARKET = Instrument(
    symbol="test:COIN-USDT-SWAP",
    kind=Kind.LINEAR,
    base="COIN",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.01"),
    lot=Decimal("0.01"),
    min_qty=Decimal("0.01"),
)


class Rehearsal(msgspec.Struct, frozen=True):
    """What happened."""

    engine: Engine
    fills: tuple[Fill, ...]
    wishes: tuple[Intent, ...]
    """Everything that the strategy wanted, in order."""

    @property
    def position(self) -> Decimal:
        """What is held at the end, in contracts; long > 0."""
        return self.engine.state.ledger.net_qty(next(iter(self.engine.state.instruments)))

    @property
    def benched(self) -> str:
        """Why the engine took the strategy off; empty when it did not."""
        return next(iter(self.engine.state.sleeves.values())).benched


def candles(
    closes: Sequence[float], tf: int = HOUR, symbol: str = MARKET.symbol, wick: float = 0.001
) -> list[Bar]:
    """Closed candles through these closes; each opens where the last closed, wicks are a fraction."""
    bars = []
    before = closes[0]
    for index, close in enumerate(closes, start=1):
        low, high = sorted((before, close))
        reach = (high * (1 + wick), low * (1 - wick))
        bars.append(Bar(START + index * tf, symbol, tf, before, *reach, close, 1_000.0))
        before = close
    return bars


def rehearse(
    strategy: str,
    bars: Sequence[Bar],
    params: Mapping[str, Any] | None = None,
    instrument: Instrument = MARKET,
    config: Config | None = None,
) -> Rehearsal:
    """Run a registered strategy over candles of one instrument. Raises ConfigError for wrong parameters."""
    config = config or Config()
    discover()
    instruments = charged({instrument.symbol: instrument}, config)
    exchange = Exchange(
        instruments,
        cash_of(config),
        rules_of(config),
        config.run.seed,
    )
    tape: Iterator[AnyEvent] = iter(bars)
    world = World(tape, exchange)
    sleeve = SleeveConfig(strategy, instrument.symbol, params=dict(params or {}))
    casts = compose.cast([sleeve], instruments, {instrument.symbol: sorted({bar.tf for bar in bars})})
    engine = compose.fresh(config, "rehearsal", instruments, casts)
    fills: list[Fill] = []
    wishes: list[Intent] = []

    def see(event: AnyEvent, outcome: Outcome) -> None:
        if isinstance(event, Fill):
            fills.append(event)
        wishes.extend(outcome.intents)

    backtest.run(engine, world, backtest.boot(world, "rehearsal", "", ""), see)
    return Rehearsal(engine, tuple(fills), tuple(wishes))
