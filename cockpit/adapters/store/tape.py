"""Recorded markets as folders of Parquet: what a backtest, a replay or the whole cockpit can be driven by.

    NAME.tape/tape.json       what is in it: instruments, span, rows, defects, sha256 of every part
              bars.parquet    … one part per kind of fact (``tape_columns``), each sorted by time

``read`` merges the parts into one stream in the order in which a recorder learned the facts. Facts of
one instant come in a fixed order: listings, faults, funding, marks, open interest, books, touches,
trades, bars; within a kind as they were recorded. Memory is bounded by one row group per kind.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.store.tape_columns import COLUMNS, KINDS, NS, Chunk, decode, file_of, symbols_of
from cockpit.adapters.store.tape_writer import INDEX, VERSION, PartInfo, TapeInfo, TapeWriter
from cockpit.core.book import Book
from cockpit.core.errors import TapeError
from cockpit.core.events import AnyEvent, BookDelta, BookSnapshot, Listing
from cockpit.core.types import Side
from cockpit.core.unreadable import UNREADABLE

__all__ = ["PartInfo", "TapeInfo", "TapeWriter", "batches", "read", "read_info", "verify"]

BATCH = 4_096
"""Events per list of :func:`batches` where several parts are merged."""
FOREVER = 1 << 62
MAGIC = b"PAR1"
ALL_LEVELS = 1 << 30


def read_info(path: Path | str) -> TapeInfo:
    """What a tape holds. Raises TapeError: missing, not a tape, of another version, or a part damaged.

    Damage is looked for by size and frame here, by page checksum in ``read`` and by hash in ``verify``.
    """
    path = Path(path)
    info = _index(path)
    for kind, part in info.parts.items():
        file = path / file_of(kind)
        try:
            size = file.stat().st_size
            with file.open("rb") as raw:
                head = raw.read(4)
                raw.seek(-4, 2)
                tail = raw.read(4)
        except OSError as error:
            raise TapeError(f"{file} cannot be read: {error.strerror}") from error
        if size != part.bytes or head != MAGIC or tail != MAGIC:
            raise TapeError(f"{file} is damaged: {size} bytes where {part.bytes} were recorded")
    return info


def _index(path: Path) -> TapeInfo:
    file = path / INDEX
    if not path.exists():
        raise TapeError(f"there is no tape at {path}")
    try:
        raw = file.read_bytes()
        version = msgspec.json.decode(raw, type=_Version).version
        if version != VERSION:
            raise TapeError(f"{path} is a tape of version {version}, this cockpit reads {VERSION}")
        info = msgspec.json.decode(raw, type=TapeInfo)
    except OSError as error:
        raise TapeError(f"{path} is not a tape: no readable {INDEX}") from error
    except UNREADABLE as error:
        raise TapeError(f"{file} is damaged: {error}") from error
    unknown = sorted(info.parts.keys() - COLUMNS.keys())
    if unknown:
        raise TapeError(f"{file} names unknown parts: {', '.join(unknown)}")
    return info


class _Version(msgspec.Struct):
    version: int


def read(
    path: Path | str, *, start_ms: int = 0, end_ms: int = 0, symbols: Collection[str] | None = None
) -> Iterator[AnyEvent]:
    """The facts of [start, end) in order, instruments first; ``end_ms`` 0 means to the end.

    A cut inside a book recording begins with the book as it then stood, as a snapshot at ``start_ms``.
    Raises TapeError for a damaged tape or a symbol that is not on it.
    """
    return chain.from_iterable(batches(path, start_ms=start_ms, end_ms=end_ms, symbols=symbols))


def batches(
    path: Path | str, *, start_ms: int = 0, end_ms: int = 0, symbols: Collection[str] | None = None
) -> Iterator[list[AnyEvent]]:
    """As :func:`read`, in lists: for readers who count microseconds."""
    path = Path(path)
    info = read_info(path)
    wanted = _wanted(path, info, symbols)
    begin = start_ms * NS
    end = end_ms * NS if end_ms else FOREVER
    opening = max(start_ms, info.start_ms)
    yield [Listing(opening, i) for i in info.instruments if wanted is None or i.symbol in wanted]
    if begin > info.start_ms * NS and "books" in info.parts:
        yield _opening_books(path, begin, wanted)
    streams = [
        (order, _chunks(path, kind, begin, end, wanted))
        for order, kind in enumerate(KINDS)
        if kind in info.parts
    ]
    yield from _merge(streams)


def _wanted(path: Path, info: TapeInfo, symbols: Collection[str] | None) -> frozenset[str] | None:
    if symbols is None:
        return None
    known = info.symbols.keys() | {instrument.symbol for instrument in info.instruments}
    unknown = sorted(set(symbols) - known)
    if unknown:
        raise TapeError(f"{path} does not hold {', '.join(unknown)}; it holds {', '.join(sorted(known))}")
    return None if set(symbols) == known else frozenset(symbols)


def _chunks(path: Path, kind: str, begin: int, end: int, wanted: frozenset[str] | None) -> Iterator[Chunk]:
    """One part, row group by row group, cut to [begin, end) and to the wanted symbols."""
    import pyarrow as pa
    from pyarrow import parquet

    file = path / file_of(kind)
    try:
        with parquet.ParquetFile(
            file, read_dictionary=["symbol"], page_checksum_verification=True, pre_buffer=False
        ) as part:
            for group in _groups(part, begin, end):
                table = part.read_row_group(group, use_threads=False)
                if wanted is not None:
                    table = table.filter(_mine(table.column("symbol"), wanted))
                times = table.column("ts_ns").to_pylist()
                low = bisect_left(times, begin)
                high = bisect_left(times, end)
                if low < high:
                    yield decode(kind, table.slice(low, high - low))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise TapeError(f"{file} is damaged: {error}") from error


def _mine(column: Any, wanted: frozenset[str]) -> Any:
    """Which rows are of a wanted symbol.

    Of bits: to compare, or to take a list, Arrow imports pandas wherever that is installed.
    """
    import numpy as np
    import pyarrow as pa

    mine = [name in wanted for name in symbols_of(column)]
    bits = np.packbits(np.array(mine, bool), bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(mine), [None, pa.py_buffer(bits.tobytes())])


def _groups(part: Any, begin: int, end: int) -> Iterator[int]:
    """Row groups that can hold anything of [begin, end), by their statistics."""
    metadata = part.metadata
    for group in range(metadata.num_row_groups):
        span = metadata.row_group(group).column(0).statistics
        if span is None or not span.has_min_max or (span.max >= begin and span.min < end):
            yield group


def _merge(streams: list[tuple[int, Iterator[Chunk]]]) -> Iterator[list[AnyEvent]]:
    """Chunks of several parts in one order, copied in runs rather than fact by fact."""
    heads = [head for order, stream in streams if (head := _Head(order, stream)).more()]
    out: list[AnyEvent] = []
    while len(heads) > 1:
        heads.sort(key=_Head.key)
        first, second = heads[0], heads[1]
        # The run may take facts of the same instant only where its kind comes first.
        cut = bisect_right if first.order < second.order else bisect_left
        stop = cut(first.times, second.times[second.at], first.at)
        out += first.events[first.at : stop]
        first.at = stop
        if stop == len(first.times) and not first.more():
            heads.remove(first)
        if len(out) >= BATCH:
            yield out
            out = []
    if out:
        yield out
    for head in heads:
        yield head.events[head.at :]
        for chunk in head.stream:
            yield chunk.events


class _Head:
    """Where the merge stands in one part."""

    __slots__ = ("at", "events", "order", "stream", "times")

    def __init__(self, order: int, stream: Iterator[Chunk]) -> None:
        self.order = order
        self.stream = stream
        self.times: list[int] = []
        self.events: list[AnyEvent] = []
        self.at = 0

    def more(self) -> bool:
        """Step to the next chunk; False at the end of the part."""
        chunk = next(self.stream, None)
        if chunk is None:
            return False
        self.times, self.events = chunk
        self.at = 0
        return True

    def key(self) -> tuple[int, int]:
        return self.times[self.at], self.order


def _opening_books(path: Path, begin: int, wanted: frozenset[str] | None) -> list[AnyEvent]:
    """Every whole book as it stood just before ``begin`` (ns), as a snapshot of that instant."""
    books: dict[str, Book] = {}
    heard: dict[str, int] = {}
    for chunk in _chunks(path, "books", 0, begin, wanted):
        for event in chunk.events:
            if isinstance(event, BookSnapshot):
                book = books.setdefault(event.symbol, Book())
                book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
                heard[event.symbol] = event.venue_ts
            elif isinstance(event, BookDelta) and event.symbol in books:
                book = books[event.symbol]
                book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
                heard[event.symbol] = event.venue_ts
    return [
        BookSnapshot(
            begin // NS,
            symbol,
            heard[symbol],
            tuple(book.levels(Side.BUY, ALL_LEVELS)),
            tuple(book.levels(Side.SELL, ALL_LEVELS)),
            book.seq,
        )
        for symbol, book in sorted(books.items())
        if book.ok
    ]


def verify(path: Path | str) -> list[str]:
    """Read everything and compare with ``tape.json``; each problem in words, [] when the tape is sound."""
    path = Path(path)
    try:
        info = _index(path)
    except TapeError as error:
        return [str(error)]
    problems: list[str] = []
    for kind, part in info.parts.items():
        file = path / file_of(kind)
        try:
            with file.open("rb") as raw:
                digest = hashlib.file_digest(raw, "sha256").hexdigest()
            if digest != part.sha256:
                problems.append(f"{file}: sha256 is {digest}, recorded was {part.sha256}")
                continue
            problems += [f"{file}: {text}" for text in _audit(path, kind, info)]
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
        except TapeError as error:
            problems.append(str(error))
    return problems


def _audit(path: Path, kind: str, info: TapeInfo) -> Iterator[str]:
    """Does a part keep the promises that ``read`` relies on?"""
    part = info.parts[kind]
    known = {instrument.symbol for instrument in info.instruments}
    strangers: set[str] = set()
    rows = 0
    last = -FOREVER
    ordered = True
    for chunk in _chunks(path, kind, -FOREVER, FOREVER, None):
        rows += len(chunk.ts_ns)
        ordered = ordered and last <= chunk.ts_ns[0] and chunk.ts_ns == sorted(chunk.ts_ns)
        last = chunk.ts_ns[-1]
        strangers |= {event.symbol for event in chunk.events} - known  # type: ignore[union-attr]
    if rows != part.rows:
        yield f"{rows} rows where {part.rows} were recorded"
    if not ordered:
        yield "rows are not in order of time"
    if strangers and kind != "faults":
        yield f"symbols without an instrument: {', '.join(sorted(strangers))}"
