"""The archive's SQLite file: markets, months, what the venues were asked, and the hot rows themselves.

One writer at a time (a lock file of its own), any number of readers. The rows of a page and the note that the
page was asked for are one transaction: an interrupted ingest goes on exactly where it was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.archive.layout import KEYS, KINDS, Series, columns
from cockpit.adapters.archive.months import Month
from cockpit.adapters.store.tape_columns import COLUMNS, NS, Row, schema
from cockpit.core.errors import StoreError, TapeError
from cockpit.core.types import Instrument

VERSION = 1
FILE, LOCK = "index.db", "writer.lock"
SQL_TYPES = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL", "text": "TEXT", "floats": "TEXT"}
WHICH = "kind = ? AND symbol = ? AND tf = ?"
Span = tuple[int, int]
"""[from, to) in UTC ms."""


def _hot(kind: str) -> str:
    fields = ", ".join(f'"{name}" {SQL_TYPES[what]} NOT NULL' for name, what in COLUMNS[kind])
    keys = ", ".join(dict.fromkeys(("symbol", *(["tf"] if kind == "bars" else []), *KEYS[kind])))
    return (
        f"CREATE TABLE hot_{kind} (ts_ns INTEGER NOT NULL, symbol TEXT NOT NULL, {fields}, "
        f"PRIMARY KEY ({keys})) WITHOUT ROWID"
    )


SCHEMA = (
    "CREATE TABLE markets (symbol TEXT PRIMARY KEY, terms TEXT NOT NULL)",
    (
        "CREATE TABLE months (kind TEXT, symbol TEXT, tf INTEGER, month TEXT, rows INTEGER, "
        "first_ns INTEGER, last_ns INTEGER, bytes INTEGER, sha256 TEXT, "
        "PRIMARY KEY (kind, symbol, tf, month))"
    ),
    "CREATE TABLE asked (kind TEXT, symbol TEXT, tf INTEGER, lo INTEGER, hi INTEGER)",
    (
        "CREATE TABLE changes (kind TEXT, symbol TEXT, tf INTEGER, changed INTEGER, refused INTEGER, "
        "PRIMARY KEY (kind, symbol, tf))"
    ),
    *(_hot(kind) for kind in KINDS),
)


class Index:
    """StoreError: unusable, or another writer has it. TapeError: no archive, or another version's."""

    def __init__(self, root: Path, *, write: bool) -> None:
        self.root = root
        self._lock: sqlite3.Connection | None = None
        try:
            if write:
                root.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._lock = self._locked()
            elif not (root / FILE).exists():
                raise TapeError(f"there is no archive at {root}")
            mode = "rwc" if write else "ro"
            self.db = sqlite3.connect(f"{(root / FILE).resolve().as_uri()}?mode={mode}", uri=True, timeout=10)
            self.db.isolation_level = None
            if write:
                self.db.execute("PRAGMA journal_mode = WAL")
                self.db.execute("PRAGMA synchronous = FULL")
            self._prepare(write)
        except sqlite3.Error as error:
            self.close()
            raise StoreError(f"{root / FILE}: {error}") from error
        except OSError as error:
            raise StoreError(f"{root}: {error.strerror}") from error

    def _locked(self) -> sqlite3.Connection:
        lock = sqlite3.connect(self.root / LOCK, timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            raise StoreError(f"another command is writing to the archive {self.root}") from error
        return lock

    def _prepare(self, write: bool) -> None:
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        if version == 0 and write:
            with self.transaction():
                for statement in SCHEMA:
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise TapeError(f"{self.root} is an archive of version {version}, this cockpit reads {VERSION}")

    def close(self) -> None:
        for connection in (getattr(self, "db", None), self._lock):
            if connection is not None:
                connection.close()
        self._lock = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, on the disk when it ends. Raises StoreError."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self.root / FILE}: {error}") from error

    # --- markets, months, what was asked ----------------------------------------------------------

    def define(self, instrument: Instrument) -> None:
        terms = msgspec.json.encode(instrument).decode()
        self.db.execute("INSERT OR REPLACE INTO markets VALUES (?, ?)", (instrument.symbol, terms))

    def markets(self) -> dict[str, Instrument]:
        rows = self.db.execute("SELECT symbol, terms FROM markets ORDER BY symbol")
        return {symbol: msgspec.json.decode(terms, type=Instrument) for symbol, terms in rows}

    def months(self, series: Series | None = None) -> list[Month]:
        """Oldest first; of one series or of all."""
        which, values = (f"WHERE {WHICH}", key(series)) if series else ("", ())
        rows = self.db.execute(f"SELECT * FROM months {which} ORDER BY kind, symbol, tf, month", values)
        return [Month(Series(kind, symbol, tf), *rest) for kind, symbol, tf, *rest in rows]

    def keep_month(self, month: Month) -> None:
        """It replaces the one before it."""
        values = (*key(month.series), *msgspec.structs.astuple(month)[1:])
        self.db.execute("INSERT OR REPLACE INTO months VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def drop_month(self, month: Month) -> None:
        self.db.execute(f"DELETE FROM months WHERE {WHICH} AND month = ?", (*key(month.series), month.month))

    def asked(self, series: Series) -> list[Span]:
        """What the venue has told completely: disjoint, in order. Where it lacks rows, the venue has none."""
        rows = self.db.execute(f"SELECT lo, hi FROM asked WHERE {WHICH} ORDER BY lo", key(series))
        return [(lo, hi) for lo, hi in rows]

    def add_asked(self, series: Series, span: Span) -> None:
        spans = joined([*self.asked(series), span])
        self.db.execute(f"DELETE FROM asked WHERE {WHICH}", key(series))
        self.db.executemany(
            "INSERT INTO asked VALUES (?, ?, ?, ?, ?)", [(*key(series), lo, hi) for lo, hi in spans]
        )

    def drop_asked(self, series: Series, span: Span) -> None:
        """What was told of this span is lost: it counts as never asked for."""
        kept = [part for one in self.asked(series) for part in missing([span], *one)]
        self.db.execute(f"DELETE FROM asked WHERE {WHICH}", key(series))
        self.db.executemany(
            "INSERT INTO asked VALUES (?, ?, ?, ?, ?)", [(*key(series), lo, hi) for lo, hi in kept]
        )

    def count_changes(self, series: Series, changed: int, refused: int) -> None:
        """Rows whose values a later word replaced, and rows that were no data, for ``check`` to tell."""
        if changed or refused:
            self.db.execute(
                "INSERT INTO changes VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "changed = changed + excluded.changed, refused = refused + excluded.refused",
                (*key(series), changed, refused),
            )

    def changes(self) -> dict[Series, Span]:
        rows = self.db.execute("SELECT kind, symbol, tf, changed, refused FROM changes")
        return {Series(*row[:3]): (row[3], row[4]) for row in rows}

    # --- hot rows ---------------------------------------------------------------------------------

    def put(self, series: Series, rows: Sequence[Row]) -> tuple[int, int, int]:
        """Insert or correct; (new, changed, refused). A row with a number that is none is refused."""
        names = [f'"{name}"' for name in columns(series.kind)]
        good = [row for row in map(_stored, rows) if row is not None]
        marks = ", ".join("?" * len(names))
        values = ", ".join(f"{name} = excluded.{name}" for name in names)
        ours, theirs = ", ".join(names), ", ".join(f"excluded.{name}" for name in names)
        table = f"hot_{series.kind}"
        before = self.db.total_changes
        self.db.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", good)
        new = self.db.total_changes - before
        before = self.db.total_changes
        where = f"({_of(table, ours)}) IS NOT ({theirs})"
        self.db.executemany(
            f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO UPDATE SET {values} WHERE {where}", good
        )
        changed, refused = self.db.total_changes - before, len(rows) - len(good)
        self.count_changes(series, changed, refused)
        return new, changed, refused

    def hot(self, series: Series, lo_ms: int, hi_ms: int, *, newest: int = 0) -> Any:
        """Hot rows of [lo, hi) as an Arrow table in order of time; ``newest`` > 0: only so many, the last."""
        import pyarrow as pa

        names = ", ".join(f'"{name}"' for name in columns(series.kind))
        where, values = self._where(series, lo_ms, hi_ms)
        order = f"ORDER BY ts_ns DESC LIMIT {newest:d}" if newest else "ORDER BY ts_ns"
        rows = self.db.execute(f"SELECT {names} FROM hot_{series.kind} {where} {order}", values).fetchall()
        shape = schema(series.kind)
        if not rows:
            return shape.empty_table()
        made = [
            _loaded(pa, field.type, cells)
            for field, cells in zip(shape, zip(*rows, strict=True), strict=True)
        ]
        return pa.table(made, schema=shape)

    def drop_hot(self, series: Series, lo_ms: int, hi_ms: int) -> None:
        where, values = self._where(series, lo_ms, hi_ms)
        self.db.execute(f"DELETE FROM hot_{series.kind} {where}", values)

    def hot_counts(self) -> dict[Series, tuple[int, int, int]]:
        """Series → (rows, first ns, last ns)."""
        found: dict[Series, tuple[int, int, int]] = {}
        for kind in KINDS:
            tf = "tf" if kind == "bars" else "0"
            rows = self.db.execute(
                f"SELECT symbol, {tf}, count(*), min(ts_ns), max(ts_ns) FROM hot_{kind} GROUP BY 1, 2"
            )
            found.update({Series(kind, symbol, length): (n, lo, hi) for symbol, length, n, lo, hi in rows})
        return found

    def _where(self, series: Series, lo_ms: int, hi_ms: int) -> tuple[str, tuple[Any, ...]]:
        hi = min(hi_ms, 1 << 43) * NS
        tf, values = (" AND tf = ?", (series.tf,)) if series.kind == "bars" else ("", ())
        return f"WHERE symbol = ?{tf} AND ts_ns >= ? AND ts_ns < ?", (series.symbol, *values, lo_ms * NS, hi)


def key(series: Series) -> tuple[str, str, int]:
    return series.kind, series.symbol, series.tf


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap or touch become one; empty ones vanish."""
    out: list[Span] = []
    for lo, hi in sorted(span for span in spans if span[1] > span[0]):
        if out and lo <= out[-1][1]:
            out[-1] = (out[-1][0], max(hi, out[-1][1]))
        else:
            out.append((lo, hi))
    return out


def missing(spans: Iterable[Span], lo: int, hi: int) -> list[Span]:
    """What of [lo, hi) the spans leave open, in order."""
    out: list[Span] = []
    at = lo
    for begin, end in joined(spans):
        if begin >= hi:
            break
        if begin > at:
            out.append((at, begin))
        at = max(at, end)
    if at < hi:
        out.append((at, hi))
    return out


def _of(table: str, names: str) -> str:
    return ", ".join(f"{table}.{name}" for name in names.split(", "))


def _stored(row: Row) -> Row | None:
    """As SQLite keeps it; None when one of its numbers is none."""
    if any(isinstance(cell, float) and not isfinite(cell) for cell in row):
        return None
    return tuple(json.dumps(cell) if isinstance(cell, list) else cell for cell in row)


def _loaded(pa: Any, what: Any, cells: Sequence[Any]) -> Any:
    if pa.types.is_list(what):
        return pa.array([json.loads(cell) for cell in cells], what)
    if pa.types.is_boolean(what):
        return pa.array([bool(cell) for cell in cells], what)
    return pa.array(cells, what)
