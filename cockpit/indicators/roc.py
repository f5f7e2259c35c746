"""Rate of change."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ring import Ring


@indicator("roc", inputs=("x",), lines=("value",))
class Roc(msgspec.Struct):
    """Change over ``n`` bars in per cent: 100*(x/x(n bars ago) - 1).

    First value at index n; NaN where the old value is 0. Raises ValueError when n < 1.
    """

    n: int = 10
    value: float = nan
    ring: Ring = msgspec.field(default_factory=lambda: Ring(1))

    def __post_init__(self) -> None:
        if self.ring.n != self.n:
            self.ring = Ring(self.n)

    def update(self, x: float) -> float:
        before = self.ring.push(x)
        self.value = (x / before - 1.0) * 100.0 if before else nan
        return self.value
