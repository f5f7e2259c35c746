"""Half-life of a reversion to the mean."""

from __future__ import annotations

from math import inf, log, nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.pair_moments import PairMoments


@indicator("half_life", inputs=("x",), lines=("half_life", "b", "phi", "t_stat"))
class HalfLife(msgspec.Struct):
    """How many bars a deviation needs to halve, from the last ``n`` changes of ``x``.

    Least squares of the change on the value before: b, phi = 1 + b; half-life = -ln 2/ln phi for 0 < phi < 1,
    inf (never) for phi >= 1, NaN for phi <= 0 (it overshoots). ``t_stat`` is that of b. First value at index
    n. Reads low on short windows, and 96 % of pure random walks give a finite one: never believe it without
    a cointegration test. Raises ValueError when n < 3.
    """

    n: int = 120
    half_life: float = nan
    b: float = nan
    phi: float = nan
    t_stat: float = nan
    last: float = nan
    pair: PairMoments = msgspec.field(default_factory=lambda: PairMoments(1))

    def __post_init__(self) -> None:
        if self.n < 3:
            raise ValueError(f"a half-life from {self.n} changes")
        if self.pair.n != self.n:
            self.pair = PairMoments(self.n)

    def update(self, x: float) -> float:
        last = self.last
        self.last = x
        if last == last and self.pair.add(last, x - last):
            self._solve()
        return self.half_life

    def _solve(self) -> None:
        pair = self.pair
        if not pair.xx > 0.0:
            self.half_life = self.b = self.phi = self.t_stat = nan
            return
        b = pair.xy / pair.xx
        rest = max(pair.yy - b * pair.xy, 0.0)
        error = sqrt(rest / (self.n - 2) / pair.xx)
        self.b = b
        self.phi = phi = 1.0 + b
        self.t_stat = b / error if error > 0.0 else nan
        if phi >= 1.0:
            self.half_life = inf
        else:
            self.half_life = -log(2.0) / log(phi) if phi > 0.0 else nan
