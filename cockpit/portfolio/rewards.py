"""What each sleeve's capital has brought, hour by hour, in units of the risk that was allowed (quant 15).

R = net PnL / (target volatility x capital x sqrt(time)), capital = share x equity when the hour begins: the
risk is known beforehand, because dividing by the realised volatility of the same hour rewards luck.
"""

from __future__ import annotations

from math import sqrt

import msgspec

HOURS_A_YEAR = 8_760.0
HOUR, DAY = 3_600_000, 86_400_000
KEPT_HOURS, KEPT_DAYS, KEPT_TRADES = 90 * 24, 400, 500
WINSOR = 3.0


class Rewards(msgspec.Struct):
    """One sleeve. Everything is oldest first."""

    hours: list[tuple[int, float]] = []
    """(UTC hour, R), winsorised at 3; hours in which it had no capital are none."""
    days: list[tuple[int, float]] = []
    """(UTC day, simple return on the capital it had)."""
    trades: list[int] = []
    """When its last trades were closed."""
    hour: int = -1
    day: int = -1
    hour_pnl: float = 0.0
    day_pnl: float = 0.0
    """What it had brought in all when the running hour and day began."""
    hour_capital: float = 0.0
    day_capital: float = 0.0
    closed: int = -1
    """How many trades it had closed at the last look."""
    since: int = 0

    def look(self, ts: int, pnl: float, capital: float, closed: int, target_vol: float) -> None:
        """One more sight: whole profit so far, capital now, trades closed so far. At least once an hour."""
        self.since = self.since or ts
        hour, day = ts // HOUR, ts // DAY
        if hour != self.hour:
            if self.hour >= 0 and self.hour_capital > 0:
                risk = target_vol * self.hour_capital * sqrt((hour - self.hour) / HOURS_A_YEAR)
                reward = (pnl - self.hour_pnl) / risk
                self.hours.append((hour - 1, min(WINSOR, max(-WINSOR, reward))))
                del self.hours[:-KEPT_HOURS]
            self.hour, self.hour_pnl, self.hour_capital = hour, pnl, capital
        if day != self.day:
            if self.day >= 0 and self.day_capital > 0:
                self.days.append((self.day, (pnl - self.day_pnl) / self.day_capital))
                del self.days[:-KEPT_DAYS]
            self.day, self.day_pnl, self.day_capital = day, pnl, capital
        if self.closed >= 0 and closed > self.closed:
            self.trades += [ts] * (closed - self.closed)
            del self.trades[:-KEPT_TRADES]
        self.closed = closed

    def window(self, now: int, days: float, trades: int) -> list[float]:
        """R of the longer of the last ``days`` days and the last ``trades`` trades (PF-05)."""
        since = now - int(days * DAY)
        if len(self.trades) >= trades:
            since = min(since, self.trades[-trades])
        return [reward for hour, reward in self.hours if (hour + 1) * HOUR > since]

    def recent(self, now: int, days: float) -> int:
        """Trades closed within so many days."""
        return sum(1 for ts in self.trades if ts > now - int(days * DAY))
