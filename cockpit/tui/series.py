"""Candles of a market at the length a person asked for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cockpit.core.frames import CandleRow, Frame


def lengths(frame: Frame, symbol: str) -> dict[int, tuple[CandleRow, ...]]:
    """The series the engine delivers for a market, by candle length in ms.

    A frame names them ``symbol|length``, or by the symbol alone when there is only one.
    """
    found = {}
    for key, rows in frame.candles.items():
        name, _, length = key.partition("|")
        if name == symbol and rows:
            found[int(length) if length.isdecimal() else spacing(rows)] = rows
    return dict(sorted(found.items()))


def spacing(rows: Sequence[CandleRow]) -> int:
    """Length of candles, ms: the smallest distance between two of them; 0 for one alone."""
    gaps = (after.ts - before.ts for before, after in pairwise(rows))
    return min((gap for gap in gaps if gap > 0), default=0)


def series(frame: Frame, symbol: str, wanted: int) -> tuple[int, list[CandleRow]]:
    """Candle length and candles: the wanted length as delivered, or made of the longest that divides it."""
    known = lengths(frame, symbol)
    if not known:
        return 0, []
    fitting = [length for length in known if length and length <= wanted and wanted % length == 0]
    if not fitting:
        length = next(iter(known))
        return length, list(known[length])
    base = max(fitting)
    return wanted, list(known[base]) if base == wanted else merged(known[base], wanted)


def merged(rows: Sequence[CandleRow], length: int) -> list[CandleRow]:
    """Longer candles made of shorter ones, on UTC multiples of ``length`` ms."""
    out: list[CandleRow] = []
    for row in rows:
        start = row.ts - row.ts % length
        if out and out[-1].ts == start:
            last = out[-1]
            out[-1] = CandleRow(
                ts=start,
                open=last.open,
                high=max(last.high, row.high),
                low=min(last.low, row.low),
                close=row.close,
                volume=last.volume + row.volume,
                closed=row.closed,
            )
        else:
            out.append(CandleRow(start, row.open, row.high, row.low, row.close, row.volume, row.closed))
    return out
