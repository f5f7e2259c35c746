"""Relative strength index."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("rsi", inputs=("close",), lines=("value",))
class Rsi(msgspec.Struct):
    """How much of the recent movement was upward, 0..100; 70 is called overbought, 30 oversold.

    100 * G/(G+L), G and L Wilder averages of gains and losses, seeded over the first ``n`` changes; first
    value at index n. A dead market (no change at all) is 50; TA-Lib says 0 there, which would read as
    oversold. Raises ValueError when n < 1. Source: Wilder 1978.
    """

    n: int
    value: float = nan
    left: int = -1
    last: float = nan
    gain: float = 0.0
    loss: float = 0.0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"an RSI of {self.n} bars")
        if self.left < 0:
            self.left = self.n + 1

    def update(self, close: float) -> float:
        change = close - self.last
        self.last = close
        if self.left:
            return self._warm_up(change)
        n = self.n
        gain = self.gain * (n - 1)
        loss = self.loss * (n - 1)
        if change > 0:
            gain += change
        else:
            loss -= change
        self.gain = gain = gain / n
        self.loss = loss = loss / n
        moved = gain + loss
        self.value = value = 100.0 * (gain / moved) if moved else 50.0
        return value

    def _warm_up(self, change: float) -> float:
        if self.left <= self.n:
            if change > 0:
                self.gain += change
            else:
                self.loss -= change
        self.left -= 1
        if not self.left:
            moved = self.gain + self.loss
            self.value = 100.0 * (self.gain / moved) if moved else 50.0
            self.gain /= self.n
            self.loss /= self.n
        return self.value
