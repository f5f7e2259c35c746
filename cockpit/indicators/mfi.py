"""Money flow index."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("mfi", inputs=("high", "low", "close", "volume"), lines=("value",))
class Mfi(msgspec.Struct):
    """An RSI that weighs each bar with the money that changed hands, 0..100; 80 overbought, 20 oversold.

    Money = TP*V, TP = (H+L+C)/3; it counts as up or down as TP rose or fell. 100*up/(up+down) over ``n``
    changes; first value at index n. No money moved -> NaN (TA-Lib says 0 as soon as the sum is below 1,
    which in a small market is always). Raises ValueError when n < 1. Source: Quong and Soudack.
    """

    n: int = 14
    value: float = nan
    last: float = nan
    ups: Total = msgspec.field(default_factory=lambda: Total(1))
    downs: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.ups.n != self.n:
            self.ups = Total(self.n)
            self.downs = Total(self.n)

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        price = (high + low + close) / 3.0
        last = self.last
        self.last = price
        if last != last:
            return nan
        money = price * volume
        up = self.ups.add(money if price > last else 0.0)
        down = self.downs.add(money if price < last else 0.0)
        moved = up + down
        self.value = 100.0 * (up / moved) if moved else nan
        return self.value
