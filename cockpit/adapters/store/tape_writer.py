"""Making a tape: facts go into Parquet parts, and the folder appears only when it is complete."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from cockpit.adapters.store.tape_columns import ENCODERS, KINDS, NS, ROW_GROUP, ROWS, Row, file_of, schema
from cockpit.core.errors import TapeError
from cockpit.core.events import DataFault, Event, Listing
from cockpit.core.types import Instrument

VERSION = 1
INDEX = "tape.json"


class PartInfo(msgspec.Struct, frozen=True):
    """One Parquet file of the tape."""

    rows: int
    bytes: int
    sha256: str
    first_ms: int
    last_ms: int


class TapeInfo(msgspec.Struct, frozen=True):
    """What ``tape.json`` says: which markets, which span, how much, and what was wrong with it."""

    version: int
    source: str
    """Where the data comes from, in words."""
    start_ms: int
    """UTC ms of the first fact; the last is at ``end_ms``."""
    end_ms: int
    rows: int
    instruments: tuple[Instrument, ...]
    parts: dict[str, PartInfo]
    symbols: dict[str, dict[str, int]]
    """symbol → kind → rows."""
    bar_lengths: dict[str, tuple[int, ...]]
    """symbol → lengths of its bars in ms."""
    defects: dict[str, dict[str, int]] = {}
    """rule (gap, duplicate, late, crossed, checksum, garbage) → symbol → how often."""
    notes: tuple[str, ...] = ()
    """Anything a reader should know, e.g. a recorder whose clock was off."""


class _Part:
    """One kind on its way to disk; sorted at the end if it did not come sorted."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind = kind
        self.path = folder / file_of(kind)
        self.rows = 0
        self.first = self.last = 0
        self.symbols: Counter[str] = Counter()
        self._size = ROW_GROUP.get(kind, ROWS)
        self._schema = schema(kind)
        self._pending: list[Row] = []
        self._tables: list[Any] = []
        self._held = 0
        self._sorted = True
        self._writer: Any = None

    def add(self, row: Row) -> None:
        self._pending.append(row)
        if len(self._pending) >= self._size:
            self._hold()

    def add_table(self, table: Any) -> None:
        self._hold()
        self._keep(table)

    def _hold(self) -> None:
        """Rows to columns."""
        if not self._pending:
            return
        import pyarrow as pa

        columns = list(zip(*self._pending, strict=True))
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._pending = []
        self._keep(pa.table(arrays, schema=self._schema))

    def _keep(self, table: Any) -> None:
        times: list[int] = table.column("ts_ns").to_pylist()
        if not times:
            return
        ordered = all(a <= b for a, b in pairwise(times))
        self._sorted = self._sorted and ordered and (not self.rows or times[0] >= self.last)
        low, high = (times[0], times[-1]) if ordered else (min(times), max(times))
        self.first = min(self.first, low) if self.rows else low
        self.last = max(self.last, high)
        self.rows += len(times)
        for entry in table.column("symbol").value_counts().to_pylist():
            self.symbols[entry["values"]] += entry["counts"]
        self._tables.append(table)
        self._held += len(times)
        if self._held >= self._size:
            self._flush()

    def _flush(self) -> None:
        if not self._tables:
            return
        import pyarrow as pa

        if self._writer is None:
            self._writer = self._open()
        self._writer.write_table(pa.concat_tables(self._tables), row_group_size=self._size)
        self._tables, self._held = [], 0

    def _open(self) -> Any:
        from pyarrow import parquet

        # Page checksums let a reader notice a flipped bit without hashing the whole file first.
        return parquet.ParquetWriter(
            self.path, self._schema, compression="zstd", write_page_checksum=True, use_dictionary=["symbol"]
        )

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def close(self) -> PartInfo:
        self._hold()
        self._flush()
        self._writer.close()
        if not self._sorted:
            self._sort()
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return PartInfo(self.rows, self.path.stat().st_size, digest, self.first // NS, self.last // NS)

    def _sort(self) -> None:
        """By time; rows of one instant keep the order in which they were added."""
        from pyarrow import compute, parquet

        table = parquet.read_table(self.path, schema=self._schema)
        order = compute.sort_indices(table, sort_keys=[("ts_ns", "ascending")])
        self._writer = self._open()
        self._writer.write_table(table.take(order), row_group_size=self._size)
        self._writer.close()


class TapeWriter:
    """Writes one tape. Facts may come in any order of time; the folder ``path`` appears at ``close``.

    Raises TapeError when ``path`` is taken, when a fact is not market data, or when a symbol that
    occurs has no instrument.
    """

    def __init__(self, path: Path | str, *, source: str) -> None:
        self.path = Path(path)
        self.source = source
        if self.path.exists():
            raise TapeError(f"{self.path} exists already")
        self._folder = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        try:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
        except OSError as error:
            raise TapeError(f"cannot write {self.path}: {error}") from error
        self._parts: dict[str, _Part] = {}
        self._instruments: dict[str, Instrument] = {}
        self._bar_lengths: dict[str, set[int]] = {}
        self._defects: dict[str, Counter[str]] = {}
        self._notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def instrument(self, instrument: Instrument) -> None:
        """The definition under which this symbol's facts are to be read; the last one counts."""
        self._instruments[instrument.symbol] = instrument

    def add(self, event: Event, ts_ns: int = 0) -> None:
        """Record a fact. ``ts_ns`` refines ``event.ts`` where the recorder knew nanoseconds."""
        if isinstance(event, Listing):
            self.instrument(event.instrument)
            return
        encoder = ENCODERS.get(type(event))
        if encoder is None:
            raise TapeError(f"a tape holds market data only, not {type(event).__name__}")
        kind, row = encoder
        if kind == "bars":
            self._bar_lengths.setdefault(event.symbol, set()).add(event.tf)  # type: ignore[attr-defined]
        self._part(kind).add(row(event, ts_ns or event.ts * NS))

    def add_bars(self, symbol: str, tf: int, ts_ms: Sequence[int], ohlcv: Sequence[Sequence[float]]) -> None:
        """Many bars at once: ``ts_ms`` are CLOSE times, ``ohlcv`` the five columns."""
        import pyarrow as pa

        count = len(ts_ms)
        arrays = [pa.array([ts * NS for ts in ts_ms], pa.int64()), pa.array([symbol] * count, pa.string())]
        arrays.append(pa.array([tf] * count, pa.int64()))
        arrays += [pa.array(column, pa.float64()) for column in ohlcv]
        self._bar_lengths.setdefault(symbol, set()).add(tf)
        self._part("bars").add_table(pa.table(arrays, schema=schema("bars")))

    def fault(self, symbol: str, what: str, ts_ns: int, detail: str = "") -> None:
        """A defect of the source: a fact on the tape, and counted in ``tape.json``."""
        self.count(symbol, what)
        self.add(DataFault(ts_ns // NS, symbol, what, detail), ts_ns)

    def count(self, symbol: str, what: str, times: int = 1) -> None:
        """A defect that is counted but too common for a fact of its own."""
        self._defects.setdefault(what, Counter())[symbol] += times

    def note(self, text: str) -> None:
        """Something a reader of the tape should know."""
        if text not in self._notes:
            self._notes.append(text)

    def abort(self) -> None:
        """Leave nothing behind. Harmless after ``close``."""
        for part in self._parts.values():
            part.abandon()
        self._parts = {}
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> TapeInfo:
        """Finish the parts, write ``tape.json`` and move the folder to its name."""
        try:
            info = self._finish()
            (self._folder / INDEX).write_bytes(msgspec.json.format(msgspec.json.encode(info), indent=1))
            self._folder.rename(self.path)
        except OSError as error:
            self.abort()
            raise TapeError(f"cannot write {self.path}: {error}") from error
        except BaseException:
            self.abort()
            raise
        self._parts = {}
        return info

    def _part(self, kind: str) -> _Part:
        part = self._parts.get(kind)
        if part is None:
            part = self._parts[kind] = _Part(self._folder, kind)
        return part

    def _finish(self) -> TapeInfo:
        parts = {kind: self._parts[kind].close() for kind in KINDS if kind in self._parts}
        symbols: dict[str, dict[str, int]] = {}
        for kind in parts:
            for symbol, rows in sorted(self._parts[kind].symbols.items()):
                symbols.setdefault(symbol, {})[kind] = rows
        if not symbols:
            raise TapeError(f"nothing to write to {self.path}: the source holds no usable rows")
        traded = {symbol for symbol, kinds in symbols.items() if kinds.keys() - {"faults"}}
        unknown = sorted(traded - self._instruments.keys())
        if unknown:
            raise TapeError(f"no instrument is known for {', '.join(unknown)}")
        return TapeInfo(
            version=VERSION,
            source=self.source,
            start_ms=min(part.first_ms for part in parts.values()),
            end_ms=max(part.last_ms for part in parts.values()),
            rows=sum(part.rows for part in parts.values()),
            instruments=tuple(self._instruments[symbol] for symbol in sorted(self._instruments)),
            parts=parts,
            symbols={symbol: symbols[symbol] for symbol in sorted(symbols)},
            bar_lengths={s: tuple(sorted(self._bar_lengths[s])) for s in sorted(self._bar_lengths)},
            defects={what: dict(sorted(self._defects[what].items())) for what in sorted(self._defects)},
            notes=tuple(self._notes),
        )
