"""The highest of the last n values and how long ago it was, in constant time."""

from __future__ import annotations

from math import inf, nan

import msgspec


class Peak(msgspec.Struct):
    """Highest of the last ``n`` values and its age in bars (0 = the newest; of equals the newest counts).

    Blocks as in :mod:`cockpit.indicators.window`. The lowest is the peak of the negated values.
    """

    n: int
    high: float = nan
    age: float = nan
    size: int = 0
    warm: bool = False
    """A block has been finished."""
    head: float = -inf
    head_at: int = 0
    block: list[float] = []
    tails: list[float] = []
    """``tails[i]``: highest of the last i + 1 values of the finished block."""
    tail_ages: list[float] = []
    """How far before the end of that block it stood."""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")
        if not self.block:
            self.block = [0.0] * self.n
            self.tails = [0.0] * self.n
            self.tail_ages = [0.0] * self.n

    def add(self, x: float) -> bool:
        """Take ``x``; True once ``high`` and ``age`` are those of n values."""
        size = self.size
        self.block[size] = x
        if x >= self.head:
            self.head = x
            self.head_at = size
        size += 1
        self.size = size
        if size < self.n and not self.warm:
            return False
        self.high = self.head
        self.age = float(size - 1 - self.head_at)
        if size == self.n:
            self._finish()
        elif self.tails[self.n - size - 1] > self.head:
            self.high = self.tails[self.n - size - 1]
            self.age = size + self.tail_ages[self.n - size - 1]
        return True

    def _finish(self) -> None:
        best = -inf
        age = 0.0
        k = 0
        while k < self.n:
            x = self.block[self.n - 1 - k]
            if x > best:
                best = x
                age = float(k)
            self.tails[k] = best
            self.tail_ages[k] = age
            k += 1
        self.size = 0
        self.warm = True
        self.head = -inf
