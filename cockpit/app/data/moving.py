"""Between the archive and files: tapes and recorded files in, tapes, Parquet and CSV out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec

from cockpit.adapters.archive.archive import Archive, Took
from cockpit.adapters.archive.layout import KINDS, Series
from cockpit.adapters.archive.months import facts
from cockpit.adapters.store.tape_columns import NS, file_of, schema
from cockpit.adapters.store.tape_writer import INDEX, TapeInfo, TapeWriter
from cockpit.core.errors import TapeError

Say = Callable[[str, int], None]
"""(what, rows so far)"""
BATCH = 1_000_000
"""Rows of a tape that are held at once."""


class Brought(msgspec.Struct):
    """What an import put into the archive."""

    series: dict[str, Took] = {}
    """Label → what became of its rows."""
    left_out: dict[str, int] = {}
    """Rows that the archive does not keep: changes of books, defects."""

    @property
    def took(self) -> Took:
        whole = Took()
        for one in self.series.values():
            whole.add(one)
        return whole


def is_tape(path: Path) -> bool:
    return (path / INDEX).is_file()


def bring_tape(archive: Archive, path: Path, symbols: Collection[str] | None, say: Say) -> Brought:
    """Every fact of a tape but the chains of book changes: of books, the whole ones. Told twice is kept once."""
    from cockpit.adapters.store.tape import read_info

    info = read_info(path)
    archive.define(i for i in info.instruments if symbols is None or i.symbol in symbols)
    brought = Brought()
    for kind in info.parts:
        if kind in KINDS:
            _bring_part(archive, path, kind, symbols, brought, say)
        else:
            brought.left_out[kind] = info.parts[kind].rows
    return brought


def _bring_part(
    archive: Archive, path: Path, kind: str, symbols: Collection[str] | None, brought: Brought, say: Say
) -> None:
    import pyarrow as pa
    from pyarrow import compute, parquet

    file = path / file_of(kind)
    rows = 0
    try:
        with parquet.ParquetFile(file, page_checksum_verification=True, pre_buffer=False) as part:
            for batch in part.iter_batches(BATCH, use_threads=False):
                table = pa.Table.from_batches([batch]).cast(schema(kind))
                rows += len(table)
                if kind == "books":
                    whole = table.filter(table.column("snapshot"))
                    brought.left_out["deltas"] = brought.left_out.get("deltas", 0) + len(table) - len(whole)
                    table = whole
                for symbol in compute.unique(table.column("symbol")).to_pylist():
                    if symbols is None or symbol in symbols:
                        mine = table.filter(compute.equal(table.column("symbol"), symbol))
                        _bring_symbol(archive, kind, symbol, mine, brought)
                        say(f"{symbol} {kind}", rows)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TapeError(f"{file} is damaged: {error}") from error


def _bring_symbol(archive: Archive, kind: str, symbol: str, table: object, brought: Brought) -> None:
    from pyarrow import compute

    lengths = compute.unique(table.column("tf")).to_pylist() if kind == "bars" else [0]  # type: ignore[attr-defined]
    for tf in lengths:
        one = table.filter(compute.equal(table.column("tf"), tf)) if tf else table  # type: ignore[attr-defined]
        series = Series(kind, symbol, tf)
        brought.series.setdefault(series.label, Took()).add(archive.absorb(series, one))


def bring_files(
    archive: Archive, make: Callable[[Path], TapeInfo], symbols: Collection[str] | None, say: Say
) -> Brought:
    """Recorded files by way of a tape that is thrown away: ``make`` writes it where it is told."""
    folder = Path(tempfile.mkdtemp(prefix=".import-", dir=archive.root))
    try:
        make(folder / "made.tape")
        return bring_tape(archive, folder / "made.tape", symbols, say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def to_tape(
    archive: Archive, wanted: Sequence[Series], out: Path, lo_ms: int, hi_ms: int, say: Say
) -> TapeInfo:
    """The chosen series as a tape that a backtest runs on. Raises TapeError: taken, nothing there, no terms."""
    markets = archive.index.markets()
    with TapeWriter(out, source="archive") as writer:
        for symbol in sorted({series.symbol for series in wanted}):
            if symbol not in markets:
                raise TapeError(f"the archive knows no terms of {symbol}")
            writer.instrument(markets[symbol])
        rows = 0
        for series in wanted:
            table = archive.table(series, lo_ms, hi_ms)
            rows += len(table)
            if series.kind == "bars" and len(table):
                times = [ts // NS for ts in table.column("ts_ns").to_pylist()]
                prices = [table.column(n).to_pylist() for n in ("open", "high", "low", "close", "volume")]
                writer.add_bars(series.symbol, series.tf, times, prices)
            else:
                chunk = facts(series.kind, table)
                for ts_ns, event in zip(chunk.ts_ns, chunk.events, strict=True):
                    writer.add(event, ts_ns)
            say(series.label, rows)
        return writer.close()


def to_table(archive: Archive, wanted: Sequence[Series], out: Path, lo_ms: int, hi_ms: int, say: Say) -> int:
    """One kind as one CSV or Parquet file, in order of market and time; how many rows.

    Raises TapeError: several kinds (their columns differ), taken, nothing there, books as CSV.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    kinds = sorted({series.kind for series in wanted})
    if len(kinds) != 1:
        raise TapeError(f"one table holds one kind, not {', '.join(kinds) or 'none'}; choose with --kinds")
    if out.suffix == ".csv" and kinds == ["books"]:
        raise TapeError("books have lists of levels: export them as .parquet or .tape")
    if out.exists():
        raise TapeError(f"{out} exists already")
    tables = []
    for series in wanted:
        tables.append(archive.table(series, lo_ms, hi_ms))
        say(series.label, sum(map(len, tables)))
    table = pa.concat_tables(tables)
    if not len(table):
        raise TapeError(f"nothing to write to {out}: the archive holds no such rows")
    draft = out.with_name(f".{out.name}.partial")
    try:
        if out.suffix == ".csv":
            csv.write_csv(table, draft)
        else:
            parquet.write_table(table, draft, compression="zstd", write_page_checksum=True)
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise TapeError(f"cannot write {out}: {error}") from error
    return len(table)
