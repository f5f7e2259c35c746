"""Volume-weighted average price of the last bars."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("vwap_rolling", inputs=("high", "low", "close", "volume"), lines=("value",))
class VwapRolling(msgspec.Struct):
    """Average price paid in the last ``n`` bars, each weighted with what traded in it. Price units.

    sum(TP*V)/sum(V), TP = (H+L+C)/3; first value at index n-1; NaN while the window has no volume. Raises
    ValueError when n < 1.
    """

    n: int = 20
    value: float = nan
    money: Total = msgspec.field(default_factory=lambda: Total(1))
    volume: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.money.n != self.n:
            self.money = Total(self.n)
            self.volume = Total(self.n)

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        money = self.money.add((high + low + close) / 3.0 * volume)
        total = self.volume.add(volume)
        self.value = money / total if total else nan
        return self.value
