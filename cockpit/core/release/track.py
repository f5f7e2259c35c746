"""What a version has really done in its stage, counted in spans of equal length (a day, usually)."""

from __future__ import annotations

from math import erfc, fsum, sqrt

import msgspec

KEPT = 500
"""Newest observations that are kept; what is older has been in the sequential tests."""


class Track(msgspec.Struct):
    """Net returns on its capital, one a span, and the deepest fall. Fractions."""

    span: int = 86_400_000
    index: int = -1
    """The running span; -1 = nothing was heard yet."""
    whole: bool = False
    """Was the running span heard from its beginning?"""
    base: float = 0.0
    """Profit when it began, money."""
    capital: float = 0.0
    """What it could size against when it began, money."""
    done: float = 0.0
    """Sum of the returns of the spans before it."""
    values: list[float] = []
    n: int = 0
    first: int = 0
    """When the first whole span began (UTC ms)."""
    total: float = 0.0
    """Sum of all returns, the running span included."""
    peak: float = 0.0
    drawdown: float = 0.0
    """Deepest fall of the total below its peak, at any mark."""
    trades: int = 0
    """Round trips since the first mark."""
    before: int = -1
    """Round trips that there were by then."""

    def count(self, trades: int) -> None:
        """Round trips there have ever been, by now."""
        if self.before < 0:
            self.before = trades
        self.trades = trades - self.before

    def mark(self, now: int, pnl: float, capital: float) -> list[tuple[int, float]]:
        """Profit and capital (money) at ``now``; returns the spans that ended with it: (index, return).

        A span that nobody was there for is no observation: what happened meanwhile is one return.
        """
        if self.index < 0:
            self.base, self.capital = pnl, capital
        gained = (pnl - self.base) / self.capital if self.capital > 0 else 0.0
        self.total = self.done + gained
        self.peak = max(self.peak, self.total)
        self.drawdown = max(self.drawdown, self.peak - self.total)
        index = now // self.span
        if index <= self.index:
            return []
        ended = []
        if self.whole:
            ended = [(self.index, gained)]
            self.values.append(gained)
            del self.values[:-KEPT]
            self.n += 1
        self.whole = self.index >= 0
        self.first = self.first or (index * self.span if self.whole else 0)
        self.index, self.base, self.capital, self.done = index, pnl, capital, self.total
        return ended

    @property
    def annual(self) -> float:
        """Mean return of a year of such spans; 0 without an observation."""
        year = 365.0 * 86_400_000 / self.span
        return fsum(self.values) / len(self.values) * year if self.values else 0.0

    @property
    def chance(self) -> float:
        """That the mean of such spans is above 0, by those that are kept (normal); 0 without two of them."""
        n = len(self.values)
        if n < 2:
            return 0.0
        mean = fsum(self.values) / n
        spread = sqrt(fsum((value - mean) ** 2 for value in self.values) / (n - 1))
        if spread == 0.0:
            return float(mean > 0)
        return 0.5 * erfc(-mean / spread * sqrt(n / 2.0))


class Slips(msgspec.Struct):
    """What takers paid beyond the price at which they decided, basis points; > 0 is a cost."""

    values: list[float] = []
    n: int = 0

    def add(self, value: float) -> None:
        """One more fill."""
        self.values.append(value)
        del self.values[:-KEPT]
        self.n += 1

    @property
    def mean(self) -> float:
        """0 without a fill."""
        return fsum(self.values) / len(self.values) if self.values else 0.0

    def interval(self) -> tuple[float, float]:
        """90 % t-interval of the mean. Needs at least two fills."""
        n, mean = len(self.values), self.mean
        spread = sqrt(fsum((x - mean) ** 2 for x in self.values) / (n - 1) / n)
        return mean - _t95(n - 1) * spread, mean + _t95(n - 1) * spread


def _t95(df: int) -> float:
    """95 % quantile of Student's t from the normal one (Abramowitz and Stegun 26.7.5)."""
    z = 1.6448536269514722
    return (
        z
        + (z**3 + z) / (4 * df)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * df**3)
    )
