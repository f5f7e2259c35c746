"""Chaikin money flow."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("cmf", inputs=("high", "low", "close", "volume"), lines=("value",))
class Cmf(msgspec.Struct):
    """Do bars close near their highs on volume (+1) or near their lows (-1)?

    sum(V*((C-L)-(H-C))/(H-L))/sum(V) over ``n`` bars, a bar without range counting 0; first value at index
    n-1; NaN while the window has no volume (TA-Lib says 0). Raises ValueError when n < 1. Source: Chaikin.
    """

    n: int = 20
    value: float = nan
    flow: Total = msgspec.field(default_factory=lambda: Total(1))
    volume: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.flow.n != self.n:
            self.flow = Total(self.n)
            self.volume = Total(self.n)

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        width = high - low
        share = ((close - low) - (high - close)) / width if width else 0.0
        flow = self.flow.add(share * volume)
        total = self.volume.add(volume)
        self.value = flow / total if total else nan
        return self.value
