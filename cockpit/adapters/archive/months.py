"""Months of a series as Parquet files. A file is written whole, named by its hash, and never changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.archive.layout import KEYS, Series, month_of, month_span
from cockpit.adapters.store.tape_columns import NS, ROW_GROUP, ROWS, Chunk, decode, schema
from cockpit.core.errors import TapeError


class Month(msgspec.Struct, frozen=True):
    """One file, as the index knows it."""

    series: Series
    month: str
    rows: int
    first_ns: int
    last_ns: int
    bytes: int
    sha256: str

    def path(self, root: Path) -> Path:
        return root / self.series.folder / f"{self.month}.{self.sha256[:16]}.parquet"


def read(root: Path, month: Month) -> Any:
    """The rows of a month. Raises TapeError when the file is damaged; FileNotFoundError when it is gone."""
    import pyarrow as pa
    from pyarrow import parquet

    file = month.path(root)
    if not file.exists():
        raise FileNotFoundError(file)
    try:
        return parquet.read_table(
            file,
            schema=schema(month.series.kind),
            page_checksum_verification=True,
            use_threads=False,
            partitioning=None,
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TapeError(f"{file} is damaged: {error}") from error


def write(root: Path, series: Series, month: str, table: Any, *, durable: bool = True) -> Month:
    """Put a month under its final name; ``durable``: a power cut does not hurt it. Raises TapeError."""
    from pyarrow import parquet

    folder = root / series.folder
    draft = folder / f".{month}.{os.getpid()}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        parquet.write_table(
            table,
            draft,
            compression="zstd",
            write_page_checksum=True,
            use_dictionary=["symbol"],
            row_group_size=ROW_GROUP.get(series.kind, ROWS),
        )
        with draft.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if durable:
                os.fsync(file.fileno())
        times = table.column("ts_ns")
        size = draft.stat().st_size
        found = Month(series, month, len(table), times[0].as_py(), times[-1].as_py(), size, digest)
        draft.replace(found.path(root))
        if durable:
            _sync(folder)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise TapeError(f"cannot write {folder}: {error}") from error
    return found


def _sync(folder: Path) -> None:
    """The new name must outlive a power cut, because the hot rows are deleted next."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sound(root: Path, month: Month) -> str:
    """What is wrong with a file, in words; '' when it is what the index says."""
    file = month.path(root)
    try:
        with file.open("rb") as raw:
            digest = hashlib.file_digest(raw, "sha256").hexdigest()
    except OSError as error:
        return f"{file}: {error.strerror}"
    return "" if digest == month.sha256 else f"{file}: sha256 is {digest}, recorded was {month.sha256}"


def merged(kind: str, tables: Sequence[Any]) -> Any:
    """One table in order of time, each key once; of two rows with one key the one of the later table."""
    import pyarrow as pa

    whole = pa.concat_tables(tables) if tables else schema(kind).empty_table()
    if not len(whole):
        return whole
    keys = list(KEYS[kind])
    numbered = whole.select(keys).append_column("row", pa.array(range(len(whole)), pa.int64()))
    found = numbered.group_by(keys, use_threads=False).aggregate([("row", "max")])
    if len(found) < len(whole):
        whole = whole.take(found.column("row_max").combine_chunks().sort())
    return whole.sort_by("ts_ns")


def concat(tables: Sequence[Any]) -> Any:
    """Rows of several tables, one after the other."""
    import pyarrow as pa

    return pa.concat_tables(tables)


def facts(kind: str, table: Any) -> Chunk:
    """Rows as events, with the nanoseconds that they are ordered by."""
    if not len(table):
        return Chunk([], [])
    place = table.column_names.index("symbol")
    return decode(kind, table.set_column(place, "symbol", table.column("symbol").dictionary_encode()))


def differing(kind: str, table: Any) -> int:
    """How many keys of a table stand for more than one row, that is for rows that say different things."""
    if kind == "books" or not len(table):
        return 0
    both = table.group_by(table.column_names, use_threads=False).aggregate([])
    keyed = table.group_by(list(KEYS[kind]), use_threads=False).aggregate([])
    return len(both) - len(keyed)


def between(table: Any, lo_ms: int, hi_ms: int) -> Any:
    """Rows of [lo, hi)."""
    from pyarrow import compute

    times = table.column("ts_ns")
    inside = compute.and_(
        compute.greater_equal(times, lo_ms * NS), compute.less(times, min(hi_ms, 1 << 43) * NS)
    )
    return table.filter(inside)


def by_month(table: Any) -> Iterator[tuple[str, Any]]:
    """A table in order of time, cut at the months."""
    from pyarrow import compute

    rest = table
    while len(rest):
        month = month_of(rest.column("ts_ns")[0].as_py() // NS)
        end = month_span(month)[1]
        count = compute.sum(compute.less(rest.column("ts_ns"), end * NS)).as_py()
        yield month, rest.slice(0, count)
        rest = rest.slice(count)
