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
        bar, n = self.bars, self.n
        if bar:
            up, down, last = high - self.high, self.low - low, self.close
            # As in Atr: the signed forms of the true range that drop out are never the largest.
            span = high - low
            if high - last > span:
                span = high - last
            if last - low > span:
                span = last - low
            ranges, ups, downs = self.ranges, self.ups, self.downs
            if bar >= n:
                ranges -= ranges / n
                ups -= ups / n
                downs -= downs / n
            ranges += span
            if up > down and up > 0:
                ups += up
            elif down > up and down > 0:
                downs += down
            self.ranges, self.ups, self.downs = ranges, ups, downs
            if bar >= n:
                self._speak(ranges, ups, downs)
        self.bars = bar + 1
        self.high, self.low, self.close = high, low, close
        return self.adx

    def _speak(self, ranges: float, ups: float, downs: float) -> None:
        """Set both DI and average the DX that follows from them."""
        plus = minus = dx = 0.0
        if ranges:
            plus = 100.0 * (ups / ranges)
            minus = 100.0 * (downs / ranges)
            both = plus + minus
            if both:
                dx = 100.0 * (abs(plus - minus) / both)
        self.plus_di, self.minus_di = plus, minus
        n, bars = self.n, self.bars
        if bars >= 2 * n:
            self.adx = (self.adx * (n - 1) + dx) / n
        elif bars == 2 * n - 1:
            self.adx = (self.total + dx) / n
        else:
            self.total += dx
