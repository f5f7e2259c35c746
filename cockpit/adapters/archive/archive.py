"""The archive: one place for all that was heard of markets, from any source, as often as it is told.

with Archive(folder, write=True) as archive:
    archive.put([Bar(…), FundingRate(…)])              rows into SQLite: told twice is kept once
    archive.settle(now_ms)                             months that are over move into Parquet
    archive.table(Series("bars", symbol, tf), lo, hi)  both as one Arrow table, in order of time

Only ``app.data`` opens it; everybody else asks ``DataService``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from cockpit.adapters.archive import months as files
from cockpit.adapters.archive.index import Index, Span
from cockpit.adapters.archive.layout import Series, month_of, month_span
from cockpit.adapters.archive.months import Month
from cockpit.adapters.store.tape_columns import ENCODERS, NS, Row
from cockpit.core.errors import TapeError
from cockpit.core.events import AnyEvent, Bar, Listing
from cockpit.core.types import Instrument

FOREVER = 1 << 43
TRIES = 3


class Took(msgspec.Struct):
    """What became of rows that were put in."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    """Known rows that now say something else: the later word counts."""
    refused: int = 0
    """Rows with a number that is none."""

    def add(self, other: Took) -> None:
        self.rows += other.rows
        self.new += other.new
        self.changed += other.changed
        self.refused += other.refused


class Holding(msgspec.Struct, frozen=True):
    """How much there is of one series. Rows that lie hot and cold at once count twice until they settle."""

    series: Series
    rows: int
    hot: int
    months: int
    bytes: int
    first_ms: int
    last_ms: int


class _Grown(msgspec.Struct, frozen=True):
    """A month with more rows: its new file (None = it had them already), and what came in."""

    month: Month | None
    new: int
    changed: int


class Archive:
    """Raises StoreError (SQLite, the disk, a second writer) and TapeError (damaged or unknown data)."""

    def __init__(self, root: Path | str, *, write: bool = False) -> None:
        self.root = Path(root)
        self.index = Index(self.root, write=write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.index.close()

    # --- in ---------------------------------------------------------------------------------------

    def define(self, instruments: Iterable[Instrument]) -> None:
        """The terms under which the rows are to be read; the last ones count."""
        with self.index.transaction():
            for instrument in instruments:
                self.index.define(instrument)

    def put(self, events: Iterable[AnyEvent], asked: tuple[Series, Span] | None = None) -> Took:
        """Facts into the hot rows, all or none; ``asked``: the venue has told this span completely.

        Raises TapeError for what is no market data.
        """
        rows: dict[Series, list[Row]] = {}
        listed: list[Instrument] = []
        for event in events:
            if isinstance(event, Listing):
                listed.append(event.instrument)
                continue
            if type(event) not in ENCODERS:
                raise TapeError(f"the archive holds market data only, not {type(event).__name__}")
            kind, row = ENCODERS[type(event)]
            tf = event.tf if isinstance(event, Bar) else 0
            rows.setdefault(Series(kind, event.symbol, tf), []).append(row(event, event.ts * NS))  # type: ignore[union-attr]
        took = Took()
        with self.index.transaction():
            for instrument in listed:
                self.index.define(instrument)
            for series, these in rows.items():
                took.add(Took(len(these), *self.index.put(series, these)))
            if asked is not None:
                self.index.add_asked(*asked)
        return took

    def absorb(self, series: Series, table: Any) -> Took:
        """A bulk of one series (a tape's columns) straight into its months, all of them or none.

        A month that is new is not forced to the disk, for it can be made from its source again: after a power
        cut in this minute ``check`` may find it damaged.
        """
        good = _finite(table)
        took = Took(rows=len(table), refused=len(table) - len(good))
        fresh: list[Month] = []
        for month, part in files.by_month(files.merged(series.kind, [good])):
            found = self._grown(series, month, part, bulk=True)
            took.add(Took(new=found.new, changed=found.changed))
            fresh += [found.month] if found.month else []
        with self.index.transaction():
            for one in fresh:
                self.index.keep_month(one)
            self.index.count_changes(series, took.changed, took.refused)
        for one in fresh:
            self._sweep(one)
        return took

    def settle(self, now_ms: int) -> int:
        """Move the hot rows of months that are over into Parquet; how many.

        A crash in between leaves the rows hot, or a file that nobody names.
        """
        month_begins = month_span(month_of(now_ms))[0]
        moved = 0
        for series in sorted(self.index.hot_counts()):
            for month, part in files.by_month(self.index.hot(series, -FOREVER, month_begins)):
                found = self._grown(series, month, part)
                with self.index.transaction():
                    if found.month:
                        self.index.keep_month(found.month)
                        self.index.count_changes(series, found.changed, 0)
                    self.index.drop_hot(series, *month_span(month))
                if found.month:
                    self._sweep(found.month)
                moved += len(part)
        return moved

    def _grown(self, series: Series, month: str, table: Any, *, bulk: bool = False) -> _Grown:
        """Write a month with these rows merged in; nothing is written when it says so already."""
        known = {found.month: found for found in self.index.months(series)}.get(month)
        before = [files.read(self.root, known)] if known else []
        whole = files.merged(series.kind, [*before, table])
        old = known.rows if known else 0
        changed = files.differing(series.kind, files.concat([*before, table]))
        if known and len(whole) == old and not changed:
            return _Grown(None, 0, 0)
        durable = known is not None or not bulk
        return _Grown(
            files.write(self.root, series, month, whole, durable=durable), len(whole) - old, changed
        )

    def replace(self, month: Month, table: Any) -> None:
        """Write a month anew; with no rows it is forgotten. The old file stays, as *.damaged."""
        path = month.path(self.root)
        fresh = files.write(self.root, month.series, month.month, table) if len(table) else None
        with self.index.transaction():
            self.index.drop_month(month)
            if fresh:
                self.index.keep_month(fresh)
            else:
                self.index.drop_asked(month.series, month_span(month.month))
        if path.exists() and (fresh is None or path != fresh.path(self.root)):
            path.replace(path.with_suffix(".damaged"))

    def _sweep(self, month: Month) -> None:
        """Files of a month that the index no longer names."""
        keep = month.path(self.root)
        for file in keep.parent.glob(f"{month.month}.*.parquet"):
            if file != keep:
                file.unlink(missing_ok=True)

    # --- out --------------------------------------------------------------------------------------

    def table(self, series: Series, lo_ms: int = -FOREVER, hi_ms: int = FOREVER) -> Any:
        """Rows of [lo, hi), hot and cold, each key once, as an Arrow table in order of time."""
        for _ in range(TRIES - 1):
            try:
                return self._table(series, lo_ms, hi_ms)
            except FileNotFoundError:
                # A writer has replaced the month since the index was read: its new name is there now.
                continue
        try:
            return self._table(series, lo_ms, hi_ms)
        except FileNotFoundError as error:
            raise TapeError(f"{error}: the file is gone") from error

    def _table(self, series: Series, lo_ms: int, hi_ms: int) -> Any:
        # Hot first: a row that settles in between is then seen twice, never not at all.
        hot = self.index.hot(series, lo_ms, hi_ms)
        cold = [
            files.between(files.read(self.root, month), lo_ms, hi_ms)
            for month in self.index.months(series)
            if month.last_ns >= lo_ms * NS and month.first_ns < hi_ms * NS
        ]
        return files.merged(series.kind, [*cold, hot])

    def tail(self, series: Series, hi_ms: int, count: int) -> Any:
        """The newest ``count`` rows before ``hi``; reads no month that it does not need."""
        hot = self.index.hot(series, -FOREVER, hi_ms, newest=count)
        lo = hot.column("ts_ns")[-1].as_py() // NS if len(hot) >= count else -FOREVER
        if lo == -FOREVER:
            found = 0
            for month in reversed(self.index.months(series)):
                if month.last_ns < hi_ms * NS:
                    found += month.rows
                    if found >= count:
                        lo = month.first_ns // NS
                        break
        table = self.table(series, lo, hi_ms)
        return table.slice(max(0, len(table) - count))

    def events(self, series: Series, lo_ms: int = -FOREVER, hi_ms: int = FOREVER) -> list[AnyEvent]:
        return files.facts(series.kind, self.table(series, lo_ms, hi_ms)).events

    def holdings(self) -> list[Holding]:
        """Every series with its size, from the index alone."""
        hot = self.index.hot_counts()
        cold: dict[Series, list[Month]] = {}
        for month in self.index.months():
            cold.setdefault(month.series, []).append(month)
        found = []
        for series in sorted({*hot, *cold}):
            rows, first, last = hot.get(series, (0, FOREVER * NS, -FOREVER * NS))
            mine = cold.get(series, [])
            found.append(
                Holding(
                    series,
                    rows + sum(month.rows for month in mine),
                    rows,
                    len(mine),
                    sum(month.bytes for month in mine),
                    min([first, *(month.first_ns for month in mine)]) // NS,
                    max([last, *(month.last_ns for month in mine)]) // NS,
                )
            )
        return found


def _finite(table: Any) -> Any:
    """Rows all of whose numbers are numbers."""
    import pyarrow as pa
    from pyarrow import compute

    for field in table.schema:
        if pa.types.is_floating(field.type):
            table = table.filter(compute.is_finite(table.column(field.name)))
    return table
