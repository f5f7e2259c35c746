"""Candles made to measure, and a strategy with its window and pen, for the tests of strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.app.discover import discover
from cockpit.app.rehearse import HOUR, MARKET, START, Rehearsal, rehearse
from cockpit.core.book import Book
from cockpit.core.events import Bar, Fill
from cockpit.core.registry import STRATEGIES
from cockpit.core.types import Instrument, Kind, Side
from cockpit.core.view import View
from cockpit.core.want import Want

discover()

SPOT = msgspec.structs.replace(
    MARKET, symbol="test:COIN-USDT", kind=Kind.SPOT, maker_fee=Decimal("0.0008"), taker_fee=Decimal("0.001")
)
LIVELY: dict[str, dict[str, Any]] = {
    "bollinger_range": {"bandwidth_max": 1.0},
    "breakout": {"volume_threshold": 0.0, "breakout_threshold": 1.0},
    "ema_trend": {"ema_fast": 3, "ema_medium": 8, "ema_slow": 20, "volume_threshold": 0.0},
    "mean_reversion": {"entry_std": 1.0, "rsi_oversold": 45, "rsi_overbought": 55},
    "momentum": {"price_momentum_threshold": 0.01, "volume_momentum_threshold": 0.0},
}
"""The strategies that trade one market by its candles, with numbers that make each trade on a random walk."""


def bars(
    closes: Sequence[float],
    volume: float | Mapping[int, float] = 100.0,
    reach: float = 0.001,
    tf: int = HOUR,
    symbol: str = MARKET.symbol,
) -> list[Bar]:
    """Closed candles through ``closes``; ``volume`` may name single candles (others 100, -1 the last)."""
    found = []
    before = closes[0]
    for index, close in enumerate(closes):
        low, high = sorted((before, close))
        if isinstance(volume, Mapping):
            size = volume.get(index, volume.get(index - len(closes), 100.0))
        else:
            size = volume
        at = START + (index + 1) * tf
        found.append(Bar(at, symbol, tf, before, high * (1 + reach), low * (1 - reach), close, size))
        before = close
    return found


def wave(count: int, base: float = 100.0, size: float = 0.002) -> list[float]:
    """A quiet market: up and down by ``size`` around ``base``."""
    return [base * (1 + size * (-1) ** i) for i in range(count)]


def walk(count: int, seed: int, step: float = 0.01, start: float = 100.0) -> list[float]:
    """A seeded random walk (splitmix64), the same on every machine."""
    price, state, found = start, seed, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        price *= 1 + step * ((mixed ^ (mixed >> 31)) / 2**63 - 1)
        found.append(round(price, 2))
    return found


def tags(run: Rehearsal) -> list[str]:
    """What was wished for, in the strategy's words."""
    return [wish.tag for wish in run.wishes]


class Stage:
    """A strategy, its window and its pen, with a position that the test moves by hand."""

    def __init__(self, name: str, params: Mapping[str, Any] | None = None, instrument: Instrument = MARKET):
        plugin = STRATEGIES[name]
        assert plugin.params is not None
        self.strategy = plugin.target.create(msgspec.convert(dict(params or {}), plugin.params))
        self.view = View(instrument, Book())
        self.view.equity_of = lambda: 10_000.0
        self.want = Want()
        self.trades = 0

    def hear(self, candles: Sequence[Bar]) -> Stage:
        """Closed bars, one after the other."""
        for bar in candles:
            self.view.now = bar.ts
            self.view.last = bar.close
            self.strategy.on_bar(bar, self.view, self.want)
        return self

    def fill(self, side: Side, price: float, position: float) -> Stage:
        """Something of ours traded; the position is known before the strategy hears of it."""
        self.view.position = position
        self.trades += 1
        event = Fill(
            self.view.now, "c", "v", str(self.trades), self.view.symbol, side,
            Decimal(str(price)), Decimal(1), Decimal(0), "USDT", False,
        )  # fmt: skip
        self.strategy.on_fill(event, self.view, self.want)
        return self


__all__ = ["LIVELY", "SPOT", "Stage", "bars", "rehearse", "tags", "walk", "wave"]
