"""The closes of several legs at the same instant: how a pair is compared without looking ahead."""

from __future__ import annotations

from math import nan

import msgspec


class Aligned(msgspec.Struct):
    """The latest close of each leg; it speaks only when all of them closed at the same moment.

    Bars of one close arrive one after the other, in any order. Whoever compares at the first of them uses a
    fresh price of one leg and an old one of the other; a moment at which a leg has no bar is passed over.

        if self.closes.update(view.news, bar.end, bar.close):
            spread = self.closes.value[0] - self.closes.value[1]
    """

    value: list[float]
    """The close of each leg; NaN = none yet."""
    stamp: list[int]
    """When each of them closed (UTC ms)."""

    @classmethod
    def of(cls, legs: int) -> Aligned:
        """A fresh one for so many legs."""
        return cls([nan] * legs, [0] * legs)

    def update(self, leg: int, ts: int, close: float) -> bool:
        """Take one closed bar. True once for each moment, when the last leg has it."""
        self.value[leg] = close
        self.stamp[leg] = ts
        return all(stamp == ts for stamp in self.stamp)
