"""One try at a trade, from the decision to its end: what a strategy with a frozen stop and take remembers."""

from __future__ import annotations

from math import nan

import msgspec


class Attempt(msgspec.Struct):
    """Which way, whether it was filled, and where it is over. Plain scalars, part of the strategy's state.

    A wish ends with its stop or take, filled or not: without that, the strategy would buy again what it was
    just stopped out of.
    """

    side: int = 0
    """+1 long, -1 short, 0 none."""
    held: bool = False
    """The wish has become a position."""
    stop: float = nan
    """Price; NaN = none."""
    take: float = nan

    def begin(self, side: int, stop: float, take: float) -> None:
        """A new try. A target at or below zero is no target."""
        self.side = side
        self.held = False
        self.stop = stop
        self.take = take if take > 0.0 else nan

    def over(self, price: float, position: float, min_qty: float, slack: float) -> bool:
        """Is the position gone again, or ``price`` within ``slack`` of the stop or the take?"""
        have = position * self.side
        if have > 0.0 and have >= min_qty:
            self.held = True
        elif self.held:
            return True
        if self.side > 0:
            return price <= self.stop + slack or price >= self.take - slack
        return price >= self.stop - slack or price <= self.take + slack

    def end(self) -> None:
        """Nothing is tried any more."""
        self.side = 0
        self.held = False
        self.stop = nan
        self.take = nan
