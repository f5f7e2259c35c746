"""A strategy on candles of your own, through the real engine, gate and venue: for its test, or to play with.

run = rehearse("ema_trend", candles([100.0, 101.0, 103.0]), {"ema_fast": 3})
[fill.side for fill in run.fills]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from cockpit.core.trips import Trip, Trips
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


OTHER = msgspec.structs.replace(MARKET, symbol="test:GOLD-USDT-SWAP", base="GOLD")
"""A second one, for strategies with two legs."""
SPOT = msgspec.structs.replace(MARKET, symbol="test:COIN-USDT", kind=Kind.SPOT)
"""The coin of ``MARKET`` itself."""


class Rehearsal(msgspec.Struct, frozen=True):
    """What happened."""

    engine: Engine
    fills: tuple[Fill, ...]
    wishes: tuple[Intent, ...]
    """Everything that the strategy wanted, in order."""
    trips: tuple[Trip, ...] = ()
    """Round trips, with the tags they were entered and left by; the ones still open come last."""

    @property
    def position(self) -> Decimal:
        """What is held at the end, in contracts; long > 0."""
        return self.engine.state.ledger.net_qty(next(iter(self.engine.state.instruments)))

    def position_of(self, symbol: str) -> Decimal:
        """What is held of one instrument at the end."""
        return self.engine.state.ledger.net_qty(symbol)

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
    tape: Iterable[AnyEvent],
    params: Mapping[str, Any] | None = None,
    instrument: Instrument | Sequence[Instrument] = MARKET,
    config: Config | None = None,
    timeframes: Sequence[str] = (),
) -> Rehearsal:
    """Run a registered strategy over candles (or any market events) of its instruments, one a leg.

    Raises ConfigError for wrong parameters. Events may come in any order: they are sorted by time.
    """
    config = config or Config()
    discover()
    legs = (instrument,) if isinstance(instrument, Instrument) else tuple(instrument)
    instruments = charged({leg.symbol: leg for leg in legs}, config)
    events = sorted(tape, key=lambda event: event.ts)
    exchange = Exchange(
        instruments,
        cash_of(config),
        rules_of(config),
        config.run.seed,
    )
    world = World(iter(events), exchange)
    sleeve = SleeveConfig(
        strategy,
        legs[0].symbol if len(legs) == 1 else "",
        params=dict(params or {}),
        symbols=tuple(instruments) if len(legs) > 1 else (),
        timeframes=tuple(timeframes),
    )
    bars = [event for event in events if isinstance(event, Bar)]
    frames = {name: sorted({bar.tf for bar in bars if bar.symbol == name}) for name in instruments}
    casts = compose.cast([sleeve], instruments, frames)
    engine = compose.fresh(config, "rehearsal", instruments, casts)
    fills: list[Fill] = []
    wishes: list[Intent] = []
    trips = Trips(engine.state)

    def see(event: AnyEvent, outcome: Outcome) -> None:
        trips.observe(event)
        if isinstance(event, Fill):
            fills.append(event)
        wishes.extend(outcome.intents)

    backtest.run(engine, world, backtest.boot(world, "rehearsal", "", ""), see)
    return Rehearsal(engine, tuple(fills), tuple(wishes), tuple(trips.finish()))
