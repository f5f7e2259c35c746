"""A whole tape as numpy arrays, in the order of ``tape.read``: for executors that count nanoseconds.

Only what is rare (funding, bars, faults, listings) is decoded to events; the rest stays columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cockpit.adapters.store.tape import read_info
from cockpit.adapters.store.tape_columns import KINDS, NS, decode, file_of
from cockpit.adapters.store.tape_writer import TapeInfo
from cockpit.core.errors import TapeError
from cockpit.core.events import AnyEvent, Listing

RARE, QUIET, MARK, DELTA, SNAPSHOT, TOUCH, TRADE = range(7)
"""What an event is. QUIET: open interest, which changes nothing."""
WHAT = {"marks": MARK, "oi": QUIET, "books": DELTA, "touch": TOUCH, "trades": TRADE}
COLUMNS = ("ts", "seq", "prev", "lo", "mid", "hi", "x", "qty", "kind", "market", "sign")

STEP = 1 << 16
"""Rows that are looked at in one go."""
FEW = 1 << 14
"""Rows of a block. They lie scattered among those of other parts: each touches a page of its own."""


class Block(NamedTuple):
    """Rows of one part. Levels of a row are ``lo`` … ``mid`` (bids) and ``mid`` … ``hi`` (asks) among all
    blocks' levels; ``x`` is a trade's price or the mark, ``qty`` its quantity or the index, ``market`` the
    place in ``symbols``.
    """

    places: Any
    """Where each row stands on the tape."""
    columns: dict[str, Any]
    owners: Any
    """Market of each level."""
    prices: Any
    sizes: Any
    events: list[AnyEvent]
    """One a row, where they are rare."""


class TapeArrays(NamedTuple):
    """A tape. Its blocks are read as they are asked for; ``symbols`` grows with them."""

    rows: int
    levels: int
    """At most."""
    symbols: dict[str, int]
    blocks: Iterator[Block]


class _Part:
    """One part of a tape while it is read: named columns of equal length."""

    def __init__(self, table: Any, numbers: dict[str, int]) -> None:
        import numpy as np

        self.table = table
        self.ts = _numbers(table.column("ts_ns"))
        names = table.column("symbol").combine_chunks().dictionary_encode()
        words = names.dictionary.to_pylist()
        known = np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)
        self.market = known[_numbers(names.indices)] if len(names) else np.zeros(0, np.int64)

    def column(self, name: str) -> Any:
        return _numbers(self.table.column(name))

    def lists(self, name: str) -> tuple[Any, Any]:
        """Offsets and values of a column of lists."""
        import numpy as np

        column = self.table.column(name).combine_chunks()
        offsets = _numbers(column.offsets).astype(np.int64)
        return offsets - offsets[0], _numbers(column.flatten())


def _numbers(column: Any) -> Any:
    """A column without gaps as numpy reads it; arrow's own way imports pandas, where it is installed."""
    import numpy as np
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not len(array):
        return np.zeros(0, bool if pa.types.is_boolean(array.type) else np.int64)
    if not pa.types.is_boolean(array.type):
        return np.from_dlpack(array)
    bits = np.unpackbits(np.frombuffer(array.buffers()[1], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(bool)


def read(path: Path | str) -> TapeArrays:
    """The whole tape, a block at a time. Raises TapeError when it is damaged, also while blocks are read."""

    path = Path(path)
    info = read_info(path)
    kinds = [(order, kind) for order, kind in enumerate(KINDS) if kind in info.parts]
    times, levels = [], 0
    for _, kind in kinds:
        stamps, many = _stamps(path, kind)
        times.append(stamps)
        levels += many
    listed = len(info.instruments)
    count = listed + sum(map(len, times))
    places = _places(times, listed)
    symbols: dict[str, int] = {}
    del times
    return TapeArrays(count, levels, symbols, _blocks(path, info, [k for _, k in kinds], symbols, places))


def _places(times: list[Any], first: int) -> Any:
    """Where each row of each part comes in the stream, from ``first`` on; at one instant the earlier part's.

    Parts are written in order, so a row's place is counted: no copy of all instants is made.
    """
    import numpy as np

    count = sum(map(len, times))
    places = np.empty(count, np.int32 if first + count < 1 << 31 else np.int64)
    if not all(bool(np.all(part[1:] >= part[:-1])) for part in times):
        orders = np.concatenate([np.full(len(part), at, np.int8) for at, part in enumerate(times)])
        places[np.lexsort((orders, np.concatenate(times)))] = np.arange(first, first + count)
        return places
    at = 0
    for mine, part in enumerate(times):
        for low in range(0, len(part), STEP):
            rows = part[low : low + STEP]
            found = np.arange(first + low, first + low + len(rows))
            for other, stamps in enumerate(times):
                if other != mine:
                    found += np.searchsorted(stamps, rows, side="right" if other < mine else "left")
            places[at : at + len(rows)] = found
            at += len(rows)
    return places


def _blocks(
    path: Path, info: TapeInfo, kinds: list[str], symbols: dict[str, int], places: Any
) -> Iterator[Block]:
    """The listings first, then part after part."""
    import numpy as np

    listed: list[AnyEvent] = [Listing(info.start_ms, instrument) for instrument in info.instruments]
    none = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    blank: dict[str, Any] = dict.fromkeys(COLUMNS, np.zeros(len(listed), np.int64))
    blank |= {"ts": np.full(len(listed), info.start_ms), "market": np.full(len(listed), -1)}
    yield Block(np.arange(len(listed)), blank, none[0], none[1], none[2], listed)
    first = height = 0
    for kind in kinds:
        for table in _tables(path, kind):
            part = _Part(table, symbols)
            made, levels = _columns(kind, part, height)
            last = first + len(part.ts)
            rare = [] if kind in WHAT else decode(kind, table).events
            owners, prices, sizes = levels or none
            yield Block(places[first:last], made, owners, prices, sizes, rare)
            first, height = last, height + (len(levels[0]) if levels else 0)


def _stamps(path: Path, kind: str) -> tuple[Any, int]:
    """When each row of a part was learned, and how many levels it has at most."""
    import numpy as np

    with _opened(path, kind) as part:
        meta = part.metadata
        groups = [meta.row_group(g) for g in range(meta.num_row_groups)]
        named = [meta.schema.column(c).path.split(".")[0] for c in range(meta.num_columns)]
        lists = [at for at, name in enumerate(named) if name in ("bid_px", "ask_px")]
        many = sum(group.column(at).num_values for group in groups for at in lists)
        found = np.empty(meta.num_rows, np.int64)
        at = 0
        for number in range(meta.num_row_groups):
            rows = _numbers(part.read_row_group(number, columns=["ts_ns"], use_threads=False).column(0))
            found[at : at + len(rows)] = rows
            at += len(rows)
    return found, many if kind == "books" else 2 * len(found) if kind == "touch" else 0


def _tables(path: Path, kind: str) -> Iterator[Any]:
    import pyarrow as pa

    with _opened(path, kind) as part:
        for batch in part.iter_batches(FEW, use_threads=False):
            yield pa.Table.from_batches([batch])
            pa.default_memory_pool().release_unused()


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[Any]:
    """A part's file. Raises TapeError where it is damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    file = path / file_of(kind)
    try:
        with parquet.ParquetFile(
            file, read_dictionary=["symbol"], page_checksum_verification=True, pre_buffer=False
        ) as part:
            yield part
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise TapeError(f"{file} is damaged: {error}") from error


def _columns(kind: str, part: _Part, height: int) -> tuple[dict[str, Any], tuple[Any, Any, Any] | None]:
    """The columns of a part, and its levels; ``height`` levels came before."""
    import numpy as np

    n = len(part.ts)
    zero = np.zeros(n, np.int64)
    made: dict[str, Any] = dict.fromkeys(COLUMNS, zero)
    made |= {"ts": part.ts // NS, "x": np.zeros(n), "qty": np.zeros(n), "market": part.market}
    made["kind"] = np.full(n, WHAT.get(kind, RARE), np.int64)
    levels = None
    if kind == "books":
        levels = _books(part, made, height)
    elif kind == "touch":
        levels = _touches(part, made, height)
    elif kind == "trades":
        made |= {"x": part.column("price"), "qty": part.column("qty")}
        made["sign"] = np.where(part.column("buy"), 1, -1)
    elif kind == "marks":
        made |= {"x": part.column("mark"), "qty": part.column("index")}
    elif kind not in WHAT or kind == "oi":
        made["market"] = np.full(n, -1, np.int64)
    return made, levels


def _books(part: _Part, made: dict[str, Any], height: int) -> tuple[Any, Any, Any]:
    import numpy as np

    (bids, bid_prices), (_, bid_sizes) = part.lists("bid_px"), part.lists("bid_sz")
    (asks, ask_prices), (_, ask_sizes) = part.lists("ask_px"), part.lists("ask_sz")
    bid_counts, ask_counts = np.diff(bids), np.diff(asks)
    ends = np.cumsum(bid_counts + ask_counts)
    lows = ends - bid_counts - ask_counts
    prices, sizes = np.empty(len(bid_prices) + len(ask_prices)), np.empty(len(bid_prices) + len(ask_prices))
    at_bids = np.repeat(lows - bids[:-1], bid_counts) + np.arange(len(bid_prices))
    at_asks = np.repeat(lows + bid_counts - asks[:-1], ask_counts) + np.arange(len(ask_prices))
    prices[at_bids], sizes[at_bids] = bid_prices, bid_sizes
    prices[at_asks], sizes[at_asks] = ask_prices, ask_sizes
    made |= {"lo": height + lows, "mid": height + lows + bid_counts, "hi": height + ends}
    made |= {"seq": part.column("seq"), "prev": part.column("prev_seq")}
    made["kind"] = np.where(part.column("snapshot"), SNAPSHOT, DELTA)
    return np.repeat(part.market, bid_counts + ask_counts), prices, sizes


def _touches(part: _Part, made: dict[str, Any], height: int) -> tuple[Any, Any, Any]:
    import numpy as np

    lows = height + 2 * np.arange(len(part.ts), dtype=np.int64)
    made |= {"lo": lows, "mid": lows + 1, "hi": lows + 2}
    prices = np.stack([part.column("bid"), part.column("ask")], axis=1).ravel()
    sizes = np.stack([part.column("bid_qty"), part.column("ask_qty")], axis=1).ravel()
    return np.repeat(part.market, 2), prices, sizes
