"""What a run was worth from time to time, where no books are kept of it."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.lab.curve import MINUTE


class Points:
    """A clock that keeps what ``worth`` says at whole instants: ``lab.curve.Sampler`` without its state.

    A maker that the machine drives alone beside such a clock has no books: nobody is told its fills.
    """

    def __init__(self, worth: Callable[[], float], period: int, start: int) -> None:
        self.worth = worth
        self.start, self.period = start, period
        self.due = start - start % period + period
        self.equity = [worth()]

    def before(self, ts: int) -> int:
        """A fact later than ``due`` is about to be told. Returns the next."""
        while ts > self.due:
            self.equity.append(self.worth())
            self.due += self.period
        return self.due

    def done(self, ts: int) -> None:
        """The run is over: the last news of the last period is no period of its own."""
        self.before(ts)
        if ts - self.due + self.period < MINUTE and len(self.equity) > 1:
            self.equity[-1] = self.worth()
        elif ts == self.due:
            self.equity.append(self.worth())
