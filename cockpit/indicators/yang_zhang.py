"""Yang-Zhang variance."""

from __future__ import annotations

from math import log, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Moments, Total


@indicator("yang_zhang", inputs=("open", "high", "low", "close"), lines=("value",))
class YangZhang(msgspec.Struct):
    """Variance per bar that also counts the gaps between bars; right while the market drifts.

    var(ln(O/C1)) + k*var(ln(C/O)) + (1-k)*mean RS over ``n`` bars, ddof 1, RS = Rogers-Satchell, C1 the
    close before, k = 0.34/(1.34 + (n+1)/(n-1)). First value at index n. In a market that never closes there
    are hardly gaps and it is nearly RS. Raises ValueError when n < 2 or a price is not positive. Source:
    Yang and Zhang 2000.
    """

    n: int = 20
    value: float = nan
    last: float = nan
    gaps: Moments = msgspec.field(default_factory=lambda: Moments(1))
    bodies: Moments = msgspec.field(default_factory=lambda: Moments(1))
    ranges: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a variance of {self.n} bars")
        if self.gaps.n != self.n:
            self.gaps = Moments(self.n)
            self.bodies = Moments(self.n)
            self.ranges = Total(self.n)

    def update(self, open: float, high: float, low: float, close: float) -> float:
        last = self.last
        self.last = close
        if last != last:
            return nan
        n = self.n
        span = log(high / close) * log(high / open) + log(low / close) * log(low / open)
        ranges = self.ranges.add(span)
        self.bodies.add(log(close / open))
        if self.gaps.add(log(open / last)):
            k = 0.34 / (1.34 + (n + 1) / (n - 1))
            quiet, moving = self.gaps.squares / (n - 1), self.bodies.squares / (n - 1)
            self.value = quiet + k * moving + (1.0 - k) * ranges / n
        return self.value
