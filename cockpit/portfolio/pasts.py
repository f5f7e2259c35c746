"""What scores look at: one market's past in hours, folded from its events. Never more than has been told.

Windows are of 24 hours and end at the last full hour, so that "today" is never half a day. A window counts
when at least ``ENOUGH`` of its bars were heard; a return over a gap is none.
"""

from __future__ import annotations

from bisect import bisect_right
from math import log, sqrt

import msgspec

from cockpit.core import events as ev
from cockpit.indicators.settled_rate import SettledRate

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ENOUGH = 0.8
KEPT_HOURS = 91 * 24
KEPT_RATES = 400


class Hour(msgspec.Struct, array_like=True):
    """One hour of bars of one length. ``squares``: sum of squared log returns; ``money``: quote volume."""

    bars: int
    squares: float
    high: float
    low: float
    close: float
    volume: float
    money: float


class Past(msgspec.Struct):
    """One market. ``cap`` is (value, from when), where somebody has told it."""

    hours: dict[int, dict[int, Hour]] = {}
    """Bar length → hour number → hour; the hour of the bar's close."""
    last: dict[int, tuple[int, float]] = {}
    price: float = float("nan")
    heard: int = 0
    settled: SettledRate = msgspec.field(default_factory=SettledRate)
    rates: list[tuple[int, float]] = []
    """Settled funding per 8 hours, with its settlement."""
    interest: list[tuple[int, float]] = []
    """Open interest, the last word of each hour."""
    cap: tuple[float, int] | None = None
    maintenance: float = 0.01
    """Maintenance margin, fraction; 1 % where the venue's table is not known."""
    top_leverage: float = 0.0
    """The venue's own limit; 0 = not known."""
    gauge: tuple[int, int, int] = (-1, -1, 0)
    """The answer of ``length``, and for which hour and news it was given."""

    def hear(self, event: ev.AnyEvent) -> None:
        """Take in a bar, a funding rate or an open interest; anything else says nothing."""
        if isinstance(event, ev.Bar):
            self._bar(event)
        elif isinstance(event, ev.FundingRate):
            if self.settled.update(event.rate, event.settle_ts, event.settled):
                self.rates.append((self.settled.at, self.settled.value))
                del self.rates[:-KEPT_RATES]
        elif isinstance(event, ev.OpenInterest):
            if self.interest and self.interest[-1][0] // HOUR == event.ts // HOUR:
                self.interest.pop()
            self.interest.append((event.ts, event.qty))
            del self.interest[:-KEPT_RATES]

    def _bar(self, bar: ev.Bar) -> None:
        if bar.ts >= self.heard:
            self.heard, self.price = bar.ts, bar.close
        if not MINUTE <= bar.tf <= HOUR or HOUR % bar.tf:
            return
        end, before = bar.end, self.last.get(bar.tf)
        if before is not None and end <= before[0]:
            return  # heard before
        squares = 0.0
        if before is not None and before[0] == end - bar.tf and before[1] > 0 and bar.close > 0:
            squares = log(bar.close / before[1]) ** 2
        self.last[bar.tf] = (end, bar.close)
        rows = self.hours.setdefault(bar.tf, {})
        number = (end - 1) // HOUR
        money = bar.volume * bar.close
        row = rows.get(number)
        if row is None:
            rows[number] = Hour(1, squares, bar.high, bar.low, bar.close, bar.volume, money)
            while len(rows) > KEPT_HOURS:
                del rows[next(iter(rows))]
            return
        row.bars += 1
        row.squares += squares
        row.high, row.low, row.close = max(row.high, bar.high), min(row.low, bar.low), bar.close
        row.volume += bar.volume
        row.money += money
        if bar.tf < HOUR and end % HOUR == 0 and row.bars * bar.tf == HOUR:
            self._whole(bar, row)

    def _whole(self, bar: ev.Bar, row: Hour) -> None:
        """A whole hour of shorter bars is an hourly bar too: a past that was told in those goes on."""
        hourly = ev.Bar(bar.ts, bar.symbol, HOUR, row.close, row.high, row.low, row.close, row.volume)
        self._bar(hourly)

    def after(self, older: Past) -> Past:
        """The same market with the bars of ``older`` before its own."""
        self.gauge = (-1, -1, 0)
        for tf, rows in older.hours.items():
            mine = self.hours.get(tf, {})
            self.hours[tf] = {hour: mine.get(hour, row) for hour, row in rows.items()} | mine
            self.last.setdefault(tf, older.last[tf])
        if not self.heard:
            self.price, self.heard = older.price, older.heard
        return self

    def length(self, now: int) -> int:
        """The bar length to go by: the shortest that covers the last 8 days as well as any; 0 = none."""
        end = now // HOUR
        if self.gauge[:2] == (end, self.heard):
            return self.gauge[2]
        cover = {
            tf: tf * sum(rows[h].bars for h in range(end - 8 * 24, end) if h in rows)
            for tf, rows in self.hours.items()
        }
        best = max(cover.values(), default=0)
        found = min((tf for tf, covered in cover.items() if covered and covered >= 0.95 * best), default=0)
        self.gauge = (end, self.heard, found)
        return found

    def window(self, now: int, ago: int = 0, hours: int = 24) -> Hour | None:
        """``hours`` until the last full hour before ``now``, ``ago`` days earlier; None when too little of it
        was heard."""
        tf = self.length(now)
        end = now // HOUR - ago * 24
        rows = self.hours.get(tf, {})
        found = [rows[h] for h in range(end - hours, end) if h in rows]
        bars = sum(row.bars for row in found)
        if not found or bars * tf < ENOUGH * hours * HOUR:
            return None
        return Hour(
            bars,
            sum(row.squares for row in found),
            max(row.high for row in found),
            min(row.low for row in found),
            found[-1].close,
            sum(row.volume for row in found),
            sum(row.money for row in found),
        )

    def sigma(self, now: int, ago: int = 0) -> float | None:
        """Realised volatility of a day (not annualised), fraction."""
        day = self.window(now, ago)
        return None if day is None else sqrt(day.squares)

    def candles(self, now: int, count: int) -> list[Hour]:
        """The last full hours, oldest first; what is missing is left out."""
        rows = self.hours.get(self.length(now), {})
        end = now // HOUR
        return [rows[h] for h in range(end - count, end) if h in rows]

    def interest_at(self, ts: int, within: int) -> tuple[int, float] | None:
        """The last word at or before ``ts``, if it is no older than ``within``."""
        at = bisect_right(self.interest, (ts, float("inf")))
        if not at or ts - self.interest[at - 1][0] > within:
            return None
        return self.interest[at - 1]
