"""Longer bars from shorter ones, closed ones only: what several timeframes in one strategy are made of.

The engine always makes them itself, from the bars that a sleeve trades on, whatever else the feed offers:
live, paper and backtest hear the same longer bars at the same moments.
"""

from __future__ import annotations

import msgspec

from cockpit.core.events import Bar


class Resampler(msgspec.Struct):
    """One longer frame, in whole UTC multiples of ``tf`` (1d = midnight to midnight UTC)."""

    tf: int
    """Length of what is made (ms)."""
    opened: int = -1
    """Where the bar in the making, or the last one made, began; -1 = none yet."""
    parts: int = 0
    """Shorter bars in the one in the making; 0 = none is."""
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: float = 0.0

    def update(self, bar: Bar) -> tuple[Bar, ...]:
        """Take one closed shorter bar; the longer bars that are closed by it, mostly none.

        The very first longer bar is made only if it was heard from its beginning. Where the shorter bar
        that should end one never came, the next one ends it: late, and with what there is.
        """
        end = bar.end
        begin = (end - 1) // self.tf * self.tf
        found: tuple[Bar, ...] = ()
        if begin < self.opened:
            return found
        if self.parts and begin != self.opened:
            found = (self._made(bar.symbol),)
        if self.parts:
            self.high = max(self.high, bar.high)
            self.low = min(self.low, bar.low)
            self.close = bar.close
            self.volume += bar.volume
            self.parts += 1
        elif begin == self.opened or (self.opened < 0 and end - bar.tf > begin):
            return found
        else:
            self.opened = begin
            self.open, self.high, self.low, self.close = bar.open, bar.high, bar.low, bar.close
            self.volume = bar.volume
            self.parts = 1
        if end == begin + self.tf:
            found = (*found, self._made(bar.symbol))
        return found

    def _made(self, symbol: str) -> Bar:
        self.parts = 0
        return Bar(
            self.opened + self.tf, symbol, self.tf, self.open, self.high, self.low, self.close, self.volume
        )
