"""Events that start a job (OP-01, OPS-04): what they are shown, and what they say.

A trigger (``portfolio/triggers``, one file each) is a pure function of ``Facts``: it names what its condition
holds for. A job starts when a name is new; as long as the condition goes on holding it does not start again.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

DAY = 86_400_000
MOST_DAYS = 1_500


class Curve(msgspec.Struct):
    """What one strategy version has brought: simple returns of UTC days on the account's equity, summed."""

    days: list[tuple[int, float]] = []
    """(UTC day number, return of that day), only days that are over, oldest first."""
    day: int = -1
    base: float = 0.0
    """Its PnL when the running day began, account currency."""
    equity: float = 0.0
    """The account's equity then."""
    today: float = 0.0
    total: float = 0.0
    """Sum of the returns of all days that are over."""
    peak: float = 0.0
    peak_ts: int = 0
    """When the sum was last at its highest (UTC ms)."""

    def look(self, ts: int, pnl: float, equity: float) -> None:
        """One more sight of it. ``pnl`` is its whole profit so far, fees and funding in, marked to market."""
        day = ts // DAY
        if day != self.day:
            if self.day >= 0:
                self.days.append((self.day, self.today))
                del self.days[:-MOST_DAYS]
                self.total += self.today
            self.day, self.base, self.equity, self.today = day, pnl, equity, 0.0
            self.peak_ts = self.peak_ts or ts
        if self.equity > 0:
            self.today = (pnl - self.base) / self.equity
        if self.now > self.peak:
            self.peak, self.peak_ts = self.now, ts

    @property
    def now(self) -> float:
        """Sum of all returns up to this instant."""
        return self.total + self.today

    @property
    def returns(self) -> list[float]:
        """Of the days that are over."""
        return [value for _, value in self.days]


class Facts(msgspec.Struct, frozen=True):
    """The world as triggers see it, once a minute."""

    now: int
    curves: Mapping[str, Curve]
    """By strategy version, ``ema_trend@1``."""
    regimes: Mapping[str, str]
    """Market and timeframe whose published regime has just changed → "RANGE -> STRONG_TREND"."""
    unrest: Mapping[str, float]
    """Market → how many times as much as usual it moves."""
    trips: Mapping[str, str]
    """Running episode of a circuit breaker → its reason."""
    halted: str = ""
    """Who stopped trading; empty = nobody."""
    fallen: Mapping[str, str] = {}
    """Version that the machine has taken out of the account and that rests since → why."""


class Fired(msgspec.Struct, frozen=True):
    """A condition holds: for whom, and its numbers in words."""

    about: str
    words: str
