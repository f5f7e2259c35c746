"""Funding rates that have been settled, made comparable."""

from __future__ import annotations

from math import nan

import msgspec

HOUR = 3_600_000
USUAL = 8


class SettledRate(msgspec.Struct):
    """The rate of the last settled interval, per 8 hours: what was paid, not what is being announced.

    The rate of the running interval changes until its end and is no fact. A feed that says "settled" is
    believed; of one that only announces, the last word before the next interval began is the settled one.
    Markets that settle every 1, 2 or 4 hours pay the same rate more often: times 8 over the hours between two
    settlements (8 until there were two, and after a gap).
    """

    value: float = nan
    at: int = 0
    """Its settlement (UTC ms); 0 = none yet."""
    running: float = nan
    due: int = 0

    def update(self, rate: float, settle_ts: int, settled: bool) -> bool:
        """Take one announcement; True when it brought a newly settled interval, once for each."""
        if settled:
            return self._settle(rate, settle_ts)
        found = False
        if 0 < self.due < settle_ts:
            found = self._settle(self.running, self.due)
        self.running = rate
        self.due = settle_ts
        return found

    def _settle(self, rate: float, at: int) -> bool:
        hours = USUAL
        if self.at > 0:
            # Venues stamp a settlement some ms late: the same one may be heard of twice.
            hours = (at - self.at + HOUR // 2) // HOUR
            if hours < 1:
                return False
        self.value = rate * USUAL / min(hours, USUAL)
        self.at = at
        return True
