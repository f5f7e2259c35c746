"""Directional movement and ADX."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("adx", inputs=("high", "low", "close"), lines=("adx", "plus_di", "minus_di"))
class Adx(msgspec.Struct):
    """Is there a trend (``adx``, 0..100, 25 is called strong) and which way (``plus_di``, ``minus_di``)?

    Sums of directional movement and true range over bars 1..n-1, from bar n on S <- S - S/n + x. DI = 100 *
    S(dm)/S(tr), first at index n; DX = 100 * |+DI - -DI|/(+DI + -DI); first ADX = mean of n DX, at index
    2n-1, then Wilder's average. No range -> DI 0, no DI -> DX 0. ``update`` returns ``adx``. Raises
    ValueError when n < 1. Source: Wilder 1978, seeding as TA-Lib (the book sums n bars first).
    """

    n: int = 14
    adx: float = nan
    plus_di: float = nan
    minus_di: float = nan
    bars: int = 0
    high: float = nan
    low: float = nan
    close: float = nan
    ranges: float = 0.0
    ups: float = 0.0
    downs: float = 0.0
    total: float = 0.0
    """Sum of the first DX values."""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"an ADX of {self.n} bars")

    def update(self, high: float, low: float, close: float) -> float:
        bar = self.bars
        if bar:
            self._move(high, low)
            if bar >= self.n:
                self._average(self._directions())
        self.bars = bar + 1
        self.high, self.low, self.close = high, low, close
        return self.adx

    def _move(self, high: float, low: float) -> None:
        up, down = high - self.high, self.low - low
        span = max(high - low, high - self.close, self.close - low)
        n = self.n
        if self.bars >= n:
            self.ranges -= self.ranges / n
            self.ups -= self.ups / n
            self.downs -= self.downs / n
        self.ranges += span
        if up > down and up > 0:
            self.ups += up
        elif down > up and down > 0:
            self.downs += down

    def _directions(self) -> float:
        """Set both DI; the answer is DX."""
        if not self.ranges:
            self.plus_di = self.minus_di = 0.0
            return 0.0
        self.plus_di = 100.0 * (self.ups / self.ranges)
        self.minus_di = 100.0 * (self.downs / self.ranges)
        both = self.plus_di + self.minus_di
        return 100.0 * (abs(self.plus_di - self.minus_di) / both) if both else 0.0

    def _average(self, dx: float) -> None:
        n = self.n
        if self.bars < 2 * n - 1:
            self.total += dx
        elif self.bars == 2 * n - 1:
            self.adx = (self.total + dx) / n
        else:
            self.adx = (self.adx * (n - 1) + dx) / n
