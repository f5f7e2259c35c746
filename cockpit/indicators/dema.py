"""Double exponential moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ema import Ema


@indicator("dema", inputs=("x",), lines=("value",))
class Dema(msgspec.Struct):
    """An EMA less its own lag: 2*EMA - EMA(EMA). Reacts faster, overshoots at turns.

    The second average begins with the first value of the first; first value at index 2n-2. Raises
    ValueError when n < 1. Source: Mulloy 1994; as TA-Lib DEMA.
    """

    n: int = 20
    value: float = nan
    one: Ema = msgspec.field(default_factory=lambda: Ema(1))
    two: Ema = msgspec.field(default_factory=lambda: Ema(1))

    def __post_init__(self) -> None:
        if self.one.n != self.n:
            self.one = Ema(self.n)
            self.two = Ema(self.n)

    def update(self, x: float) -> float:
        one = self.one.update(x)
        if one == one:
            self.value = 2.0 * one - self.two.update(one)
        return self.value
