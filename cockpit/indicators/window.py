"""Sums, moments and extremes of the last n values, in constant time and without drift.

The stream is cut into blocks of n. The window is always a tail of the finished block and the head of the
running one; tails are computed once per block, the head grows by one. Nothing is ever subtracted again, so
no error accumulates and a wild value leaves no trace once it has left: a running sum of squares would be
noise at prices near 1e8 with moves of 0.01.
"""

from __future__ import annotations

from itertools import accumulate
from math import inf, nan

import msgspec


class Total(msgspec.Struct):
    """Sum of the last ``n`` values."""

    n: int
    head: float = 0.0
    block: list[float] = []
    tails: list[float] = []
    """``tails[i]``: sum of the last i + 1 values of the finished block."""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")

    def add(self, x: float) -> float:
        """The sum including ``x``; NaN before n values."""
        block = self.block
        block.append(x)
        self.head += x
        size = len(block)
        if size < self.n:
            return self.head + self.tails[-1 - size] if self.tails else nan
        total = self.head
        self.tails = list(accumulate(reversed(block)))
        block.clear()
        self.head = 0.0
        return total


class Moments(msgspec.Struct):
    """Mean and sum of squared deviations of the last ``n`` values (Welford, joined by Chan's formula)."""

    n: int
    mean: float = nan
    squares: float = nan
    """Sum of (x - mean)^2 over the window; divide by n or n - 1. Never negative."""
    head_mean: float = 0.0
    head_squares: float = 0.0
    block: list[float] = []
    tail_means: list[float] = []
    tail_squares: list[float] = []

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")

    def add(self, x: float) -> bool:
        """Take ``x``; True once ``mean`` and ``squares`` describe n values."""
        block = self.block
        block.append(x)
        size = len(block)
        n, mean = self.n, self.head_mean
        d = x - mean
        mean += d / size
        squares = self.head_squares + d * (x - mean)
        if size < n:
            self.head_mean = mean
            self.head_squares = squares
            means = self.tail_means
            if not means:
                return False
            rest = n - size
            before = means[rest - 1]
            gap = mean - before
            self.mean = before + gap * size / n
            self.squares = self.tail_squares[rest - 1] + squares + gap * gap * size * rest / n
            return True
        self.mean = mean
        self.squares = squares
        self._finish()
        return True

    def _finish(self) -> None:
        block, means, sums = self.block, self.tail_means, self.tail_squares
        mean = squares = 0.0
        known, size = len(means), 0
        while size < self.n:
            x = block[self.n - 1 - size]
            size += 1
            d = x - mean
            mean += d / size
            squares += d * (x - mean)
            if known:
                means[size - 1] = mean
                sums[size - 1] = squares
            else:
                means.append(mean)
                sums.append(squares)
        block.clear()
        self.head_mean = self.head_squares = 0.0


class Extremes(msgspec.Struct):
    """Highest high and lowest low of the last ``n`` bars."""

    n: int
    high: float = nan
    low: float = nan
    head_high: float = -inf
    head_low: float = inf
    highs: list[float] = []
    lows: list[float] = []
    tail_highs: list[float] = []
    tail_lows: list[float] = []

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")

    def add(self, high: float, low: float) -> bool:
        """Take a bar; True once ``high`` and ``low`` are those of n bars."""
        self.highs.append(high)
        self.lows.append(low)
        if high > self.head_high:
            self.head_high = high
        if low < self.head_low:
            self.head_low = low
        size = len(self.highs)
        if size < self.n:
            if not self.tail_highs:
                return False
            self.high = max(self.head_high, self.tail_highs[-1 - size])
            self.low = min(self.head_low, self.tail_lows[-1 - size])
            return True
        self.high = self.head_high
        self.low = self.head_low
        self.tail_highs = list(accumulate(reversed(self.highs), max))
        self.tail_lows = list(accumulate(reversed(self.lows), min))
        self.highs.clear()
        self.lows.clear()
        self.head_high, self.head_low = -inf, inf
        return True
