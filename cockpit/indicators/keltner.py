"""Keltner channel."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.atr import Atr
from cockpit.indicators.ema import Ema


@indicator("keltner", inputs=("high", "low", "close"), lines=("mid", "upper", "lower"))
class Keltner(msgspec.Struct):
    """A channel of ``k`` average true ranges around an EMA; Bollinger bands inside it = a squeeze.

    ``mid`` = EMA(n) of (H+L+C)/3, upper and lower = mid +- k*ATR(atr_n). Both averages are begun so that
    their first values fall on the same bar, index max(n-1, atr_n); ``update`` returns ``mid``. Price units.
    Raises ValueError when a length is < 1. Source: Keltner, Raschke; alignment as TA-Lib KC.
    """

    n: int = 20
    atr_n: int = 10
    k: float = 2.0
    mid: float = nan
    upper: float = nan
    lower: float = nan
    bars: int = 0
    ema: Ema = msgspec.field(default_factory=lambda: Ema(1))
    atr: Atr = msgspec.field(default_factory=lambda: Atr(1))

    def __post_init__(self) -> None:
        if self.ema.n != self.n:
            self.ema = Ema(self.n)
        if self.atr.n != self.atr_n:
            self.atr = Atr(self.atr_n)

    def update(self, high: float, low: float, close: float) -> float:
        bars = self.bars
        if bars >= self.atr_n + 1 - self.n:
            self.ema.update((high + low + close) / 3.0)
        if bars >= self.n - 1 - self.atr_n:
            self.atr.update(high, low, close)
        if bars < self.n - 1 or bars < self.atr_n:
            self.bars = bars + 1
            return nan
        reach = self.k * self.atr.value
        self.mid = self.ema.value
        self.upper = self.mid + reach
        self.lower = self.mid - reach
        return self.mid
