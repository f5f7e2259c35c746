"""How good the archive is: coverage against the grid, holes, candles that cannot be, spikes, damaged files.

Nothing is mended here. A *gap* says whether the venue was asked for it: if it was, the hole is the venue's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, repeat
from math import log
from typing import Any

import msgspec

from cockpit.adapters.archive import months as files
from cockpit.adapters.archive.archive import Archive, Holding
from cockpit.adapters.archive.index import missing
from cockpit.adapters.archive.layout import Series
from cockpit.adapters.archive.months import Month
from cockpit.adapters.store.tape_columns import NS
from cockpit.core.errors import TapeError
from cockpit.indicators.candle_quality import FAULTS, CandleQuality

SPIKE = 20.0
"""A close this many typical moves away, and back again with the next candle, is a spike."""
LATE = 1.5
"""Times the usual distance between two rows without a row of their own is a gap."""
AROUND = 10
"""Neighbours on either side that say what is usual, where there is no grid."""
REGULAR = frozenset(("bars", "funding", "marks"))
"""Kinds that come in even steps; the rest comes when it comes."""


class Gap(msgspec.Struct, frozen=True):
    """Rows that should be there: the first missing at ``start``, the last at ``end`` (UTC ms, as their ts)."""

    start: int
    end: int
    missing: int
    asked: bool
    """The venue was asked for all of it, and has none."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong at one instant (0: with the whole)."""

    what: str
    """off_grid | duplicate | spike | damaged | number, price, volume, order, range (``candle_quality``)"""
    ts: int
    detail: str = ""


class Quality(msgspec.Struct):
    """One series under the lamp."""

    series: Series
    rows: int
    first_ms: int
    last_ms: int
    step_ms: int = 0
    """Its usual distance between rows; 0 = it has none."""
    coverage: float | None = None
    """Rows that are there, of those that should be from first to last; None = nobody knows how many."""
    gaps: tuple[Gap, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: int = 0
    """Rows that a later word corrected, since the archive began."""
    refused: int = 0

    @property
    def sound(self) -> bool:
        """Nothing is missing or impossible. A spike may be true, so it is told and does not count."""
        return not self.gaps and all(finding.what == "spike" for finding in self.findings)


def check(archive: Archive, holding: Holding, changes: dict[Series, tuple[int, int]]) -> Quality:
    """Read a whole series and judge it."""
    series = holding.series
    found = Quality(series, holding.rows, holding.first_ms, holding.last_ms)
    found.changed, found.refused = changes.get(series, (0, 0))
    findings = [damage for month in archive.index.months(series) for damage in _damage(archive, month)]
    if any(finding.what == "damaged" for finding in findings):
        found.findings = tuple(findings)
        return found
    table = archive.table(series)
    times = [ts // NS for ts in table.column("ts_ns").to_pylist()]
    found.rows = len(times)
    if series.kind == "funding":
        # By the settlement itself: some exchanges stamp it a few milliseconds late, each time others.
        settled = zip(table.column("settle_ts").to_pylist(), table.column("settled").to_pylist(), strict=True)
        times = sorted({ts for ts, done in settled if done})
    if series.kind in REGULAR and len(times) > 1:
        found.step_ms = series.tf or usual(times)
        found.gaps = tuple(gaps(times, archive.index.asked(series), series.tf))
        absent = sum(gap.missing for gap in found.gaps)
        found.coverage = len(times) / (len(times) + absent)
    if series.kind == "bars":
        findings += off_grid(times, series.tf)
        findings += candles(table, times)
    found.findings = tuple(findings)
    return found


def usual(times: Sequence[int]) -> int:
    """The commonest distance between neighbours."""
    return Counter(b - a for a, b in pairwise(times)).most_common(1)[0][0]


def steps(times: Sequence[int]) -> Iterator[int]:
    """For each pair of neighbours, the commonest distance around it: exchanges change how often they pay."""
    distances = [b - a for a, b in pairwise(times)]
    for index in range(len(distances)):
        around = distances[max(0, index - AROUND) : index + AROUND + 1]
        yield Counter(around).most_common(1)[0][0]


def gaps(times: Sequence[int], asked: Sequence[tuple[int, int]], tf: int = 0) -> Iterator[Gap]:
    """Holes between the first and the last row, on the grid of ``tf`` or of what is usual around them."""
    pace = repeat(tf, len(times) - 1) if tf else steps(times)
    for (before, after), step in zip(pairwise(times), pace, strict=True):
        absent = round((after - before) / step) - 1
        if after - before > LATE * step and absent > 0:
            # Spans that were asked for are in opening times, candles are told at their close.
            hole = (before - tf + 1, after - tf)
            yield Gap(before + step, after - step, absent, not missing(asked, *hole))


def off_grid(times: Sequence[int], tf: int) -> list[Finding]:
    """Candles that close between the ticks of their clock. The commonest phase counts as the grid: some venues'
    weeks and days begin elsewhere than at midnight UTC."""
    phases = Counter(ts % tf for ts in times)
    if len(phases) < 2:
        return []
    grid = phases.most_common(1)[0][0]
    return [
        Finding("off_grid", ts, f"{(ts - grid) % tf} ms after the grid") for ts in times if ts % tf != grid
    ]


def candles(table: Any, times: Sequence[int]) -> Iterator[Finding]:
    """Candles that cannot be, and closes that jump away and straight back."""
    judge = CandleQuality()
    columns = [table.column(name).to_pylist() for name in ("open", "high", "low", "close", "volume")]
    closes: list[tuple[int, float]] = []
    for ts, *row in zip(times, *columns, strict=True):
        fault = judge.update(*row)
        if fault:
            yield Finding(FAULTS[int(fault)], ts, f"O {row[0]:g} H {row[1]:g} L {row[2]:g} C {row[3]:g}")
        else:
            closes.append((ts, row[3]))
    yield from spikes(closes)


def spikes(closes: Sequence[tuple[int, float]]) -> Iterator[Finding]:
    """A move of more than ``SPIKE`` median moves of which the next candle takes back at least half."""
    moves = [log(b[1] / a[1]) for a, b in pairwise(closes)]
    sizes = sorted(abs(move) for move in moves if move)
    if len(sizes) < 30:
        return
    limit = SPIKE * sizes[len(sizes) // 2]
    for index, (move, back) in enumerate(pairwise(moves)):
        if abs(move) > limit and move * back < 0 and abs(back) > abs(move) / 2:
            ts, price = closes[index + 1]
            yield Finding("spike", ts, f"{move:+.2%} to {price:g} and back")


def _damage(archive: Archive, month: Month) -> Iterator[Finding]:
    """Is a file what the index says, and does it hold its keys once and in order?"""
    wrong = files.sound(archive.root, month)
    if wrong:
        yield Finding("damaged", month.first_ns // NS, wrong)
        return
    try:
        table = files.read(archive.root, month)
    except TapeError as error:
        yield Finding("damaged", month.first_ns // NS, str(error))
        return
    twice = len(table) - len(files.merged(month.series.kind, [table]))
    if twice:
        yield Finding("duplicate", month.first_ns // NS, f"{twice} rows twice in {month.month}")
