"""Triple exponential moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ema import Ema


@indicator("tema", inputs=("x",), lines=("value",))
class Tema(msgspec.Struct):
    """An EMA with its lag taken off twice: 3*EMA - 3*EMA(EMA) + EMA(EMA(EMA)).

    Each average begins with the first value of the one before; first value at index 3n-3. Raises ValueError
    when n < 1. Source: Mulloy 1994; as TA-Lib TEMA.
    """

    n: int = 20
    value: float = nan
    one: Ema = msgspec.field(default_factory=lambda: Ema(1))
    two: Ema = msgspec.field(default_factory=lambda: Ema(1))
    three: Ema = msgspec.field(default_factory=lambda: Ema(1))

    def __post_init__(self) -> None:
        if self.one.n != self.n:
            self.one = Ema(self.n)
            self.two = Ema(self.n)
            self.three = Ema(self.n)

    def update(self, x: float) -> float:
        one = self.one.update(x)
        if one == one:
            two = self.two.update(one)
            if two == two:
                self.value = 3.0 * one - 3.0 * two + self.three.update(two)
        return self.value
