"""Hurst's exponent, bar by bar."""

from __future__ import annotations

from math import log, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.line_fit import LineFit
from cockpit.indicators.ring import Ring
from cockpit.indicators.statistics.memory import dfa_band
from cockpit.indicators.window import Moments


class Scale(msgspec.Struct):
    """How far the path strays from a straight line within blocks of ``size``, ``blocks`` of them in a row."""

    size: int
    blocks: int
    moments: Moments = msgspec.field(default_factory=lambda: Moments(1))
    fit: LineFit = msgspec.field(default_factory=lambda: LineFit(1))
    errors: Ring = msgspec.field(default_factory=lambda: Ring(1))
    """What was left of the block that ended at each of the last size*blocks bars."""

    def __post_init__(self) -> None:
        if self.fit.n != self.size:
            self.moments = Moments(self.size)
            self.fit = LineFit(self.size)
            self.errors = Ring(self.size * self.blocks)

    def add(self, path: float) -> float:
        """Take the next point; the answer is the mean squared residual of the blocks that end here."""
        size, errors = self.size, self.errors
        self.fit.add(path)
        left = nan
        if self.moments.add(path):
            lean = self.fit.lean
            left = max(self.moments.squares - 12.0 * lean * lean / (size * (size * size - 1.0)), 0.0)
        errors.push(left)
        total = 0.0
        at = errors.at - 1
        k = 0
        while k < self.blocks:
            if at < 0:
                at += errors.n
            total += errors.values[at]
            at -= size
            k += 1
        return total / (size * self.blocks)


@indicator("hurst", inputs=("close",), lines=("value", "low", "high"))
class Hurst(msgspec.Struct):
    """Do moves tend to continue (near 1), to turn back (near 0), or neither (0.5)? Read it beside its band.

    DFA-1 on the last ``n`` log returns with blocks of n/64, n/32 ... n/4, which for 512 is the sample
    statistic ``hurst_dfa`` with sizes 8..128. ``low`` and ``high``: between them pure noise lies in 95 % of
    cases, so only outside does it say anything. First value at index n; NaN while the market stands still.
    A bar costs the same whatever came before, about n/4 additions. Raises ValueError unless n is a multiple
    of 64 from 512 on, or a price is not positive. Source: Peng 1994; quant reference section 9.

    The profile of DFA is the log price less a straight line, which the local line takes out again; so a
    block's residual does not depend on the window it is seen in and is computed once.
    """

    n: int = 512
    value: float = nan
    low: float = nan
    high: float = nan
    bars: int = 0
    one: Scale = msgspec.field(default_factory=lambda: Scale(1, 1))
    two: Scale = msgspec.field(default_factory=lambda: Scale(1, 1))
    three: Scale = msgspec.field(default_factory=lambda: Scale(1, 1))
    four: Scale = msgspec.field(default_factory=lambda: Scale(1, 1))

    def __post_init__(self) -> None:
        if self.n < 512 or self.n % 64:
            raise ValueError(f"a Hurst exponent of {self.n} returns")
        if self.one.size * 64 != self.n:
            least = self.n // 64
            self.one = Scale(least, 64)
            self.two = Scale(least * 2, 32)
            self.three = Scale(least * 8, 8)
            self.four = Scale(least * 16, 4)
        self.low, self.high = dfa_band(self.n)

    def update(self, close: float) -> float:
        path = log(close)
        a, b = self.one.add(path), self.two.add(path)
        c, d = self.three.add(path), self.four.add(path)
        if self.bars < self.n:
            self.bars += 1
            return nan
        # Five sizes that double: the slope of half the logs has the weights -2 -1 0 1 2 over ln 2, so the
        # middle size says nothing and is not kept.
        still = a <= 0.0 or b <= 0.0 or c <= 0.0 or d <= 0.0
        self.value = nan if still else (2.0 * log(d / a) + log(c / b)) / (20.0 * log(2.0))
        return self.value

    def memory(self) -> float:
        """+1 moves continue, -1 they turn back, 0 cannot be told from noise, NaN not known yet."""
        value = self.value
        if value != value:
            return nan
        if value > self.high:
            return 1.0
        return -1.0 if value < self.low else 0.0
