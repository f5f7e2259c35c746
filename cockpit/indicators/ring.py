"""The value of n bars ago."""

from __future__ import annotations

from math import nan

import msgspec


class Ring(msgspec.Struct):
    """The last ``n`` values in a ring of fixed size; ``values`` is NaN where nothing has been yet."""

    n: int
    at: int = 0
    """Where the oldest value stands: the next one goes there."""
    values: list[float] = []

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")
        if not self.values:
            self.values = [nan] * self.n

    def push(self, x: float) -> float:
        """Take ``x``; the answer is the value ``n`` pushes ago, which it replaces."""
        at = self.at
        old = self.values[at]
        self.values[at] = x
        at += 1
        self.at = at if at < self.n else 0
        return old
