"""Funding-rate history: symbol, settlement time, rate as a fraction per interval."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import isfinite

from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source
from cockpit.core.events import FundingRate
from cockpit.core.registry import importer

MINUTE = 60_000


def matches(source: Source) -> bool:
    """A table with a funding rate and no prices."""
    return source.columns >= {"ts", "rate"} and not source.columns & {"open", "price"}


@importer("funding", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Settled rates; positive means that longs pay shorts. A missing settlement is a gap."""
    table = source.table
    for (native,), rows in table.groups("symbol"):
        symbol = sink.symbol(native or source.named())
        if not sink.wanted(symbol):
            continue
        times = [ns // NS for ns in rows.times()]
        rates = rows.floats("rate")
        sink.count(symbol, "late", sum(b < a for a, b in pairwise(times)))
        settled = sorted(zip(times, rates, strict=True), key=lambda row: row[0])
        steps = Counter(round((b - a) / MINUTE) for a, b in pairwise(sorted(set(times))))
        usual = steps.most_common(1)[0][0] * MINUTE if steps else 0
        last = 0
        for ts, rate in settled:
            if not isfinite(rate) or abs(rate) >= 1.0:
                sink.fault(symbol, "garbage", ts * NS, f"a funding rate of {rate}")
                continue
            # Venues stamp settlements some ms late, hence the half interval of patience.
            if usual and last and ts - last > 1.5 * usual:
                sink.fault(symbol, "gap", ts * NS, f"{round((ts - last) / usual) - 1} settlements missing")
            last = ts
            sink.once(FundingRate(ts, symbol, rate, ts, True))
    return len(table)
