"""Donchian channel of the bars before this one."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Extremes


@indicator("donchian_prior", inputs=("high", "low"), lines=("upper", "lower"))
class DonchianPrior(msgspec.Struct):
    """Highest high and lowest low of the PREVIOUS ``n`` bars: what a breakout has to break.

    The current bar is left out: with it a close could never break out, and a test against the high would
    leak. First value at index n; ``update`` returns ``upper``. Raises ValueError when n < 1.
    """

    n: int = 20
    upper: float = nan
    lower: float = nan
    window: Extremes = msgspec.field(default_factory=lambda: Extremes(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Extremes(self.n)

    def update(self, high: float, low: float) -> float:
        window = self.window
        self.upper = window.high
        self.lower = window.low
        window.add(high, low)
        return self.upper
