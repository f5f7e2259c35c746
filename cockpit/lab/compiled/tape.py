"""One market's closed bars and funding rates as columns, checked once for many runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from itertools import pairwise
from typing import Any

import msgspec

from cockpit.core.events import Bar, FundingRate
from cockpit.lab.compiled.flight import AFTER, TAPE
from cockpit.lab.compiled.reasons import Unsupported

MANY = Context(prec=100)


class Tape(msgspec.Struct, frozen=True, dict=True):
    """Columns of equal length; times are UTC ms at the venue, ``ts`` the close of a bar."""

    symbol: str
    tf: int
    ts: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    volume: Sequence[float]
    rates: Sequence[FundingRate] = ()
    rate_rank: Sequence[int] = ()
    """Whether a rate comes before the bar of the same instant (TAPE) or after it (AFTER)."""
    rate_hi: Sequence[float] = ()
    rate_lo: Sequence[float] = ()
    start: int = 0
    """The first instant of the tape, when something else came before bars and rates; 0 = nothing did."""

    def __len__(self) -> int:
        return len(self.ts)


def split(number: Decimal) -> tuple[float, float]:
    """A Decimal as a pair of floats."""
    hi = float(number)
    return hi, float(MANY.subtract(number, Decimal(hi)))


def from_columns(
    symbol: str, tf: int, columns: Sequence[Sequence[Any]], rates: Iterable[FundingRate] = (),
    after: Sequence[bool] = (),
) -> Tape:  # fmt: skip
    """Close times, open, high, low, close, volume; then funding rates, and which come after their bar.

    Raises Unsupported when bars overlap or go back in time, or rates do.
    """
    ts = columns[0]
    rows = list(rates)
    if tf <= 0 and len(ts):
        raise Unsupported("bars without a length")
    for before, now in pairwise(ts):
        if now - before < tf:
            raise Unsupported("bars that overlap or go back in time", int(now))
    last = -(1 << 62)
    for row in rows:
        if row.ts < last or row.symbol != symbol:
            raise Unsupported("funding that goes back in time or belongs to another market", row.ts)
        last = row.ts
    pairs = [split(Decimal(repr(row.rate))) for row in rows]
    rank = [AFTER if at < len(after) and after[at] else TAPE for at in range(len(rows))]
    ts, open_, high, low, close, volume = columns
    his, los = [hi for hi, _ in pairs], [lo for _, lo in pairs]
    return Tape(symbol, tf, ts, open_, high, low, close, volume, rows, rank, his, los)


def from_events(events: Iterable[Any]) -> Tape:
    """Bars and funding rates of one market in the order of a tape. Raises Unsupported for anything else."""
    bars: list[Bar] = []
    rates: list[FundingRate] = []
    after: list[bool] = []
    for event in events:
        if type(event) is Bar:
            bars.append(event)
        elif type(event) is FundingRate:
            rates.append(event)
            after.append(bool(bars) and bars[-1].ts == event.ts)
        else:
            raise Unsupported(f"a tape with {type(event).__name__} events", event.ts)
    return from_bars(bars, rates, after)


def from_bars(bars: Sequence[Bar], rates: Iterable[FundingRate] = (), after: Sequence[bool] = ()) -> Tape:
    """The same from bars; raises Unsupported when they are not of one market and length."""
    if not bars:
        return from_columns("", 0, [[]] * 6)
    first = bars[0]
    if any(bar.symbol != first.symbol or bar.tf != first.tf for bar in bars):
        raise Unsupported("bars of more than one market or length")
    columns: list[list[Any]] = [[bar.ts for bar in bars]]
    for name in ("open", "high", "low", "close", "volume"):
        columns.append([getattr(bar, name) for bar in bars])
    return from_columns(first.symbol, first.tf, columns, rates, after)
