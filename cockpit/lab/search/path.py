"""A finished run → rows of whole periods: from the compiled machine's rows, or the kernel's curve and fills.

Both give the same numbers (the tests hold them to each other). Periods are those of the run's report
(``lab.curve``): days where there are enough of them, else hours or minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cockpit.core.events import Fill
from cockpit.core.matching.account import worth
from cockpit.core.types import Instrument, Kind, Side
from cockpit.lab.compiled.records import BILL
from cockpit.lab.compiled.result import Result
from cockpit.lab.compiled.start import arrays
from cockpit.lab.curve import Curve
from cockpit.lab.search.measure import Path


def boundaries(start: int, end: int, period: int) -> Any:
    """Whole instants after ``start``, up to ``end``."""
    first = start - start % period + period
    return np.arange(first, end + 1, period, dtype=np.int64)


def of_compiled(done: Result, period: int) -> Path:
    """Path of a compiled run."""
    instrument, rows = done.instrument, done.rows
    lag = done.config.venue.feed_latency_ms
    start, due, close = _grid(done, period, lag)
    heard, bill = np.ascontiguousarray(rows["heard"]), rows["kind"] == BILL
    lot, face, fee = float(instrument.lot), float(instrument.contract_value), float(instrument.taker_fee)
    inverse, spot = instrument.kind is Kind.INVERSE, instrument.kind is Kind.SPOT
    billed = bool(np.logical_or.reduce(bill))
    price, change = rows["ticks"] * float(instrument.tick), rows["sign"] * rows["lots"] * lot
    if billed:
        price = np.where(bill, rows["price"], price)
        change = np.where(bill, rows["lots"] * lot, change)
    value = change * face / price if inverse else change * face * price
    size = np.abs(value)
    cash = value if inverse else -value
    if spot:
        bought = change > 0
        cash = np.where(bought, cash, cash - size * fee)
        change = np.where(bought, change * (1.0 - fee), change)
    else:
        cash = cash - size * fee
    if billed:
        paid = -value * _rates(done)[np.where(bill, rows["number"], 0)]
        cash, change = np.where(bill, paid, cash), np.where(bill, 0.0, change)
    at = _periods(due, period, heard)
    upto = np.cumsum(np.bincount(at, minlength=len(due) + 1))[: len(due)]
    sums = np.zeros((2, len(heard) + 1))
    np.cumsum(cash, out=sums[0, 1:])
    held = np.cumsum(change, out=sums[1, 1:])
    have = sums[1, upto]
    priced = np.where(have == 0.0, 1.0, close)
    worth_now = -have * face / priced if inverse else have * face * priced
    equity = np.empty(len(due) + 1)
    equity[0] = opening = done.config.run.equity
    np.add(opening + sums[0, upto], worth_now, out=equity[1:])
    if billed:
        fills = ~bill
        at, size, held = at[fills], size[fills], held[fills]
    return _rows(start, period, len(due), equity, at, size, held, lot)


def _periods(due: Any, period: int, heard: Any) -> Any:
    """Number of the period in which each was heard of; the number of periods for what came after them."""
    if not len(due):
        return np.zeros(len(heard), np.int64)
    return np.minimum(np.maximum(-((due[0] - heard) // period), 0), len(due))


def of_curve(curve: Curve, fills: Sequence[tuple[int, Fill, Instrument]]) -> Path:
    """Path of a run of the kernel: its curve, and (when heard, fill, instrument) of every fill."""
    stub = len(curve.ts) > 1 and curve.ts[-1] % curve.period != 0
    points = len(curve.ts) - 1 if stub else len(curve.ts)
    due = np.array(curve.ts[1:points], dtype=np.int64)
    heard = np.array([ts for ts, _, _ in fills], dtype=np.int64)
    value = np.array([float(worth(i, fill.qty, fill.price)) for _, fill, i in fills])
    held, lot = _positions(fills)
    equity = np.array(curve.equity[:points])
    at = np.searchsorted(due, heard, side="left")
    return _rows(curve.ts[0], curve.period, len(due), equity, at, value, held, lot)


def of_quotes(
    start: int, period: int, equity: Sequence[float], fills: Sequence[tuple[int, Fill, Instrument]],
    lines: Any, instrument: Instrument,
) -> Path:  # fmt: skip
    """Path of a maker: equity at ``start`` and at each whole instant after it, the kernel's fills, and rows
    of ``depth.tickets.Line`` (None = there are none) from when the machine went on alone.
    """
    due = np.arange(1, len(equity), dtype=np.int64) * period + (start - start % period)
    heard = np.array([ts for ts, _, _ in fills], dtype=np.int64)
    value = np.array([float(worth(i, fill.qty, fill.price)) for _, fill, i in fills])
    held, lot = _positions(fills)
    if lines is not None and len(lines):
        unit = float(instrument.lot * instrument.tick * instrument.contract_value)
        heard = np.concatenate((heard, lines["heard"]))
        value = np.concatenate((value, lines["order_ticks"] * lines["lots"] * unit))
        change = np.cumsum(lines["sign"] * lines["lots"], dtype=np.int64)
        held = np.concatenate((held, change + (held[-1] if len(held) else 0.0)))
    at = np.searchsorted(due, heard, side="left")
    return _rows(start, period, len(due), np.array(equity), at, value, held, lot)


def _positions(fills: Sequence[tuple[int, Fill, Instrument]]) -> tuple[Any, float]:
    """What each fill left of its market, in lots: 0 is flat, a rest of less than one lot is flat too."""
    have: dict[str, float] = {}
    found = []
    for _, fill, instrument in fills:
        sign = 1.0 if fill.side is Side.BUY else -1.0
        qty = float(fill.qty) - (float(fill.fee) if fill.fee_ccy == instrument.base else 0.0)
        have[fill.symbol] = have.get(fill.symbol, 0.0) + sign * qty / float(instrument.lot)
        found.append(have[fill.symbol])
    return np.array(found), 1.0


def _rows(
    start: int, period: int, count: int, equity: Any, at: Any, value: Any, held: Any, lot: float
) -> Path:  # fmt: skip
    closed, fills = np.abs(held) < 0.999 * lot, len(at)
    ends = at[closed]
    return Path(
        period, start, equity, np.bincount(at, value, count)[:count],
        np.bincount(at, value * np.sqrt(value), count)[:count], np.bincount(ends, minlength=count)[:count],
        fills,
    )  # fmt: skip


def _grid(done: Result, period: int, lag: int) -> tuple[int, Any, Any]:
    """First instant, boundaries and the close known at each: the same for every run over a tape."""
    tape = done.tape
    key = (period, lag)
    known = tape.__dict__.setdefault("_periods", {})
    if key not in known:
        ts, close = arrays(tape)[0], arrays(tape)[4]
        begins = [tape.ts[0], *(row.ts for row in tape.rates[:1]), *filter(None, [tape.start])]
        start = int(min(begins)) + lag
        end = done.end
        due = boundaries(start, max(int(ts[-1]) + lag, end), period)
        last = np.searchsorted(ts, due - lag, side="right") - 1
        known[key] = (start, due, close[np.maximum(last, 0)])
    found: tuple[int, Any, Any] = known[key]
    return found


def _rates(done: Result) -> Any:
    known = done.tape.__dict__.get("_rate_column")
    if known is None:
        known = done.tape.__dict__["_rate_column"] = np.array([row.rate for row in done.tape.rates] or [0.0])
    return known
