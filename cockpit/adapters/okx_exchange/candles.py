"""Candles of one market: kept by the second and by the minute, drawn in any length from those."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from cockpit.adapters.okx_exchange.refusals import wrong

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EAST = 8 * HOUR
"""Long bars of the venue open at midnight of UTC+8, unless their name ends in ``utc``."""
THURSDAY = 3 * DAY
"""1970-01-01 was a Thursday; weeks open on Mondays, three days earlier."""

SHORT = {
    "1s": SECOND, "1m": MINUTE, "3m": 3 * MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "30m": 30 * MINUTE,
    "1H": HOUR, "2H": 2 * HOUR, "4H": 4 * HOUR,
}  # fmt: skip
LONG = {"6H": 6 * HOUR, "12H": 12 * HOUR, "1D": DAY, "2D": 2 * DAY, "3D": 3 * DAY, "1W": 7 * DAY}
MONTHS = {"1M": 1, "3M": 3}
BARS = frozenset((*SHORT, *LONG, *MONTHS, *(f"{b}utc" for b in (*LONG, *MONTHS))))

Row = tuple[int, float, float, float, float, float, float, float]
"""(open time, open, high, low, close, size, volume in coin, volume in quote)"""


def opening(bar: str, ts: int) -> tuple[int, int]:
    """(open, end) of the bar that holds ``ts``. Raises Refusal 51000 for a bar the venue does not know."""
    name = bar.removesuffix("utc")
    if bar in SHORT:
        length, shift = SHORT[bar], 0
    elif name in LONG:
        length, shift = LONG[name], 0 if name != bar else EAST
        shift += THURSDAY if name == "1W" else 0
    elif name in MONTHS:
        return _month(ts, MONTHS[name], 0 if name != bar else EAST)
    else:
        raise wrong("bar")
    start = (ts + shift) // length * length - shift
    return start, start + length


def _month(ts: int, months: int, shift: int) -> tuple[int, int]:
    at = datetime.fromtimestamp((ts + shift) / 1000, UTC)
    first = (at.month - 1) // months * months
    end_year, end_month = divmod(at.year * 12 + first + months, 12)
    start = datetime(at.year, first + 1, 1, tzinfo=UTC)
    end = datetime(end_year, end_month + 1, 1, tzinfo=UTC)
    return int(start.timestamp()) * 1000 - shift, int(end.timestamp()) * 1000 - shift


class Candles:
    """Prices of one kind (last, mark or index) of one market."""

    def __init__(self, kept: int = 2_900) -> None:
        self.minutes: deque[list[float]] = deque(maxlen=kept)
        self.seconds: deque[list[float]] = deque(maxlen=1_200)
        self._day_of: tuple[float, float] | None = None
        self._day: tuple[float, ...] = ()
        """Sums of the closed bars of 24 hours, made once a minute."""

    def fill(self, rows: Iterable[Row]) -> None:
        """Closed minutes from before the start, oldest first."""
        self.minutes.extend([*row] for row in rows)

    def add(self, ts: int, price: float, size: float = 0.0, coin: float = 0.0, quote: float = 0.0) -> None:
        """Something was traded (or a mark was set) at ``price``."""
        for series, length in ((self.minutes, MINUTE), (self.seconds, SECOND)):
            start = ts - ts % length
            _roll(series, start, length, price)
            row = series[-1]
            row[2] = max(row[2], price)
            row[3] = min(row[3], price)
            row[4] = price
            row[5] += size
            row[6] += coin
            row[7] += quote

    def roll(self, now: int) -> None:
        """Time passes without a trade: the running bars begin at the last close."""
        for series, length in ((self.minutes, MINUTE), (self.seconds, SECOND)):
            if series:
                _roll(series, now - now % length, length, series[-1][4])

    def rows(self, bar: str, now: int) -> list[tuple[Row, bool]]:
        """Bars oldest first, each with whether it is closed. Raises Refusal 51000 for an unknown bar."""
        self.roll(now)
        out: list[tuple[Row, bool]] = []
        end = 0
        current: list[float] = []
        for row in self.seconds if bar == "1s" else self.minutes:
            if row[0] >= end:
                if current:
                    out.append((_row(current), end <= now))
                start, end = opening(bar, int(row[0]))
                current = [start, *row[1:]]
                continue
            current[2] = max(current[2], row[2])
            current[3] = min(current[3], row[3])
            current[4] = row[4]
            current[5] += row[5]
            current[6] += row[6]
            current[7] += row[7]
        if current:
            out.append((_row(current), end <= now))
        else:
            opening(bar, now)
        return out

    def day(self, now: int) -> tuple[float, float, float, float, float, float]:
        """(open, high, low, size, coin, quote) of the last 24 hours; zeros when nothing is known."""
        if not self.minutes:
            return (0.0,) * 6
        since, newest = now - DAY, self.minutes[-1]
        key = (since // MINUTE, newest[0])
        if key != self._day_of:
            self._day_of = key
            self._day = _sums([row for row in self.minutes if since <= row[0] < newest[0]])
        if not self._day:
            return (newest[1], newest[2], newest[3], newest[5], newest[6], newest[7])
        first, high, low, size, coin, quote = self._day
        return (
            first, max(high, newest[2]), min(low, newest[3]), size + newest[5], coin + newest[6],
            quote + newest[7],
        )  # fmt: skip

    def since(self, ts: int) -> float:
        """The first price at or after ``ts``; of the oldest bar kept when that is younger; 0 = none."""
        for row in self.minutes:
            if row[0] >= ts:
                return row[1]
        return self.minutes[-1][4] if self.minutes else 0.0


def like(prices: Candles, now: float) -> list[Row]:
    """A past for something of which only ``now`` is known: it went with the price."""
    rows = list(prices.minutes)
    by = now / rows[-1][4] if rows and rows[-1][4] else 0.0

    def at(row: list[float], i: int) -> float:
        return round(row[i] * by, 3)

    return [(int(row[0]), at(row, 1), at(row, 2), at(row, 3), at(row, 4), 0.0, 0.0, 0.0) for row in rows[:-1]]


def _sums(rows: list[list[float]]) -> tuple[float, ...]:
    if not rows:
        return ()
    high, low = max(row[2] for row in rows), min(row[3] for row in rows)
    return (rows[0][1], high, low, *(sum(row[i] for row in rows) for i in (5, 6, 7)))


def _row(row: list[float]) -> Row:
    return (int(row[0]), row[1], row[2], row[3], row[4], row[5], row[6], row[7])


def _roll(series: deque[list[float]], start: int, length: int, price: float) -> None:
    """Make ``start`` the running bar; bars nobody traded in stand at the close before them."""
    if not series:
        series.append([start, price, price, price, price, 0.0, 0.0, 0.0])
        return
    newest = int(series[-1][0])
    if start <= newest:
        return
    close = series[-1][4]
    first = max(newest + length, start - (series.maxlen or 0) * length)
    for at in range(first, start + 1, length):
        series.append([at, close, close, close, close, 0.0, 0.0, 0.0])
