"""Momentum."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ring import Ring


@indicator("momentum", inputs=("x",), lines=("value",))
class Momentum(msgspec.Struct):
    """Change over ``n`` bars in the units of ``x``: x - x(n bars ago).

    First value at index n. Raises ValueError when n < 1.
    """

    n: int = 10
    value: float = nan
    ring: Ring = msgspec.field(default_factory=lambda: Ring(1))

    def __post_init__(self) -> None:
        if self.ring.n != self.n:
            self.ring = Ring(self.n)

    def update(self, x: float) -> float:
        self.value = x - self.ring.push(x)
        return self.value
