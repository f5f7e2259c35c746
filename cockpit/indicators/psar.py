"""Parabolic stop and reverse."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("psar", inputs=("high", "low"), lines=("value",))
class Psar(msgspec.Struct):
    """A stop that follows a trend ever closer and turns the position over when it is touched. Price units.

    First value at index 1. Starts short only if bar 1 moved down more than up; while long it starts at the
    low of bar 0, best price the high of bar 1. Raises ValueError unless 0 < step <= most. Source: Wilder
    1978, start as TA-Lib.
    """

    step: float = 0.02
    most: float = 0.2
    value: float = nan
    long: bool = True
    bars: int = 0
    best: float = nan
    pace: float = nan
    following: float = nan
    """The stop that will hold in the next bar."""
    high: float = nan
    low: float = nan

    def __post_init__(self) -> None:
        if not 0 < self.step <= self.most:
            raise ValueError(f"a step of {self.step} up to {self.most}")

    def update(self, high: float, low: float) -> float:
        if self.bars == 1:
            self._begin(high, low)
        if self.bars:
            self.value = self._bar(high, low)
        self.bars += 1
        self.high, self.low = high, low
        return self.value

    def _begin(self, high: float, low: float) -> None:
        up, down = high - self.high, self.low - low
        self.long = not (down > up and down > 0)
        self.best = high if self.long else low
        self.following = self.low if self.long else self.high
        self.pace = self.step
        # On the first bar of the rule the bar before it counts as equal to it.
        self.high, self.low = high, low

    def _bar(self, high: float, low: float) -> float:
        """The stop of this bar; leaves the next one's in ``following``."""
        stop = self.following
        top, bottom = max(self.high, high), min(self.low, low)
        if (low <= stop) if self.long else (high >= stop):
            stop = max(self.best, top) if self.long else min(self.best, bottom)
            self.long = not self.long
            self.pace = self.step
            self.best = high if self.long else low
        elif (high > self.best) if self.long else (low < self.best):
            self.best = high if self.long else low
            self.pace = min(self.pace + self.step, self.most)
        ahead = stop + self.pace * (self.best - stop)
        self.following = min(ahead, bottom) if self.long else max(ahead, top)
        return stop
