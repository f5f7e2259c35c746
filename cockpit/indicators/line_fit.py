"""How the last n values lean against time, in constant time and without drift."""

from __future__ import annotations

from math import nan

import msgspec


class LineFit(msgspec.Struct):
    """Mean and lean of the last ``n`` values; the straight line through them follows from the two.

    ``lean`` = sum (i - mean i)(x - mean x), i the place in the window. Blocks as in
    :mod:`cockpit.indicators.window`; two neighbouring pieces of a and b values, whose middles are (a+b)/2
    apart, join by lean = lean_a + lean_b + a*b/2 * (mean_b - mean_a). Only differences of means are used,
    so a slope of a cent is right at a price of 1e8.
    """

    n: int
    mean: float = nan
    lean: float = nan
    size: int = 0
    warm: bool = False
    """A block has been finished."""
    head_mean: float = 0.0
    head_lean: float = 0.0
    block: list[float] = []
    tail_means: list[float] = []
    """``tail_means[i]``: of the last i + 1 values of the finished block."""
    tail_leans: list[float] = []

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")
        if not self.block:
            self.block = [0.0] * self.n
            self.tail_means = [0.0] * self.n
            self.tail_leans = [0.0] * self.n

    def add(self, x: float) -> bool:
        """Take ``x``; True once ``mean`` and ``lean`` describe n values."""
        size = self.size
        self.block[size] = x
        gap = x - self.head_mean
        lean = self.head_lean + size * gap / 2.0
        size += 1
        mean = self.head_mean + gap / size
        if size == self.n:
            self.mean = mean
            self.lean = lean
            self._finish()
            return True
        self.size = size
        self.head_mean = mean
        self.head_lean = lean
        if not self.warm:
            return False
        rest = self.n - size
        gap = mean - self.tail_means[rest - 1]
        self.mean = self.tail_means[rest - 1] + gap * size / self.n
        self.lean = self.tail_leans[rest - 1] + lean + gap * size * rest / 2.0
        return True

    def _finish(self) -> None:
        mean = lean = 0.0
        k = 0
        while k < self.n:
            gap = mean - self.block[self.n - 1 - k]
            lean += k * gap / 2.0
            k += 1
            mean -= gap / k
            self.tail_means[k - 1] = mean
            self.tail_leans[k - 1] = lean
        self.size = 0
        self.warm = True
        self.head_mean = self.head_lean = 0.0
