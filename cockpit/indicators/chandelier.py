"""Chandelier exit."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.atr import Atr
from cockpit.indicators.window import Extremes


@indicator("chandelier", inputs=("high", "low", "close"), lines=("long", "short"))
class Chandelier(msgspec.Struct):
    """Stops that hang ``k`` ATR below the highest high (above the lowest low) of ``n`` bars. Price units.

    long = highest(n) - k*ATR(n), short = lowest(n) + k*ATR(n), this bar included; first value at index n;
    ``update`` returns ``long``. The line itself may step back; a position's stop must not, see
    ``trailing_stop``. Raises ValueError when n < 1. Source: Le Beau.
    """

    n: int = 22
    k: float = 3.0
    long: float = nan
    short: float = nan
    window: Extremes = msgspec.field(default_factory=lambda: Extremes(1))
    atr: Atr = msgspec.field(default_factory=lambda: Atr(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Extremes(self.n)
        if self.atr.n != self.n:
            self.atr = Atr(self.n)

    def update(self, high: float, low: float, close: float) -> float:
        self.window.add(high, low)
        reach = self.k * self.atr.update(high, low, close)
        self.long = self.window.high - reach
        self.short = self.window.low + reach
        return self.long
