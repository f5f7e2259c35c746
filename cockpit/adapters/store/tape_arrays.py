"""A whole tape as numpy arrays, in the order of ``tape.read``: for executors that count nanoseconds.

Only what is rare (funding, bars, faults, listings) is decoded to events; the rest stays columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.store.tape import read_info
from cockpit.adapters.store.tape_columns import KINDS, NS, decode, file_of
from cockpit.adapters.store.tape_writer import TapeInfo
from cockpit.core.errors import TapeError
from cockpit.core.events import AnyEvent, Listing

RARE, QUIET, MARK, DELTA, SNAPSHOT, TOUCH, TRADE = range(7)
"""What an event is. QUIET: open interest, which changes nothing."""
WHAT = {"marks": MARK, "oi": QUIET, "books": DELTA, "touch": TOUCH, "trades": TRADE}
COLUMNS = ("ts", "seq", "prev", "lo", "mid", "hi", "x", "qty", "kind", "market", "sign")


class TapeArrays(msgspec.Struct, frozen=True):
    """A tape. Levels of event i are ``lo`` … ``mid`` (bids) and ``mid`` … ``hi`` (asks); ``x`` is a trade's
    price or the mark, ``qty`` the trade's quantity or the index, ``market`` the place in ``symbols``.
    """

    symbols: tuple[str, ...]
    columns: dict[str, Any]
    owners: Any
    """Market of each level."""
    prices: Any
    sizes: Any
    rare: dict[int, AnyEvent]
    """Events by their number."""


class _Part:
    """One part of a tape while it is read: named columns of equal length."""

    def __init__(self, table: Any, numbers: dict[str, int]) -> None:
        import numpy as np

        self.table = table
        self.ts = table.column("ts_ns").to_numpy()
        names = table.column("symbol").combine_chunks().dictionary_encode()
        words = names.dictionary.to_pylist()
        known = np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)
        self.market = known[names.indices.to_numpy()] if len(names) else np.zeros(0, np.int64)

    def column(self, name: str) -> Any:
        return self.table.column(name).to_numpy()

    def lists(self, name: str) -> tuple[Any, Any]:
        """Offsets and values of a column of lists."""
        import numpy as np

        column = self.table.column(name).combine_chunks()
        offsets = column.offsets.to_numpy().astype(np.int64)
        return offsets - offsets[0], column.flatten().to_numpy()


def read(path: Path | str) -> TapeArrays:
    """The whole tape. Raises TapeError when it is damaged."""
    import numpy as np

    path = Path(path)
    info = read_info(path)
    numbers: dict[str, int] = {}
    rows, times, orders = [], [], []
    rare: list[tuple[int, list[AnyEvent]]] = []
    levels: list[tuple[Any, Any, Any]] = []
    count = height = 0
    for order, kind in enumerate(KINDS):
        if kind not in info.parts:
            continue
        table = _table(path, kind)
        part = _Part(table, numbers)
        made, mine = _columns(kind, part, height)
        if kind not in WHAT:
            rare.append((count, decode(kind, table).events))
        if mine is not None:
            levels.append(mine)
            height += len(mine[0])
        rows.append(made)
        times.append(part.ts)
        orders.append(np.full(len(part.ts), order, np.int64))
        count += len(part.ts)
    joined = {n: np.concatenate([row[n] for row in rows]) for n in COLUMNS} if rows else {}
    turn = np.lexsort((np.concatenate(orders), np.concatenate(times))) if rows else np.zeros(0, np.int64)
    return _ordered(info, numbers, joined, turn, rare, levels)


def _ordered(
    info: TapeInfo, numbers: dict[str, int], joined: dict[str, Any], turn: Any,
    rare: list[tuple[int, list[AnyEvent]]], levels: list[tuple[Any, Any, Any]],
) -> TapeArrays:  # fmt: skip
    """Everything in its order, the listings first."""
    import numpy as np

    listed = [Listing(info.start_ms, instrument) for instrument in info.instruments]
    place = np.empty(len(turn), np.int64)
    place[turn] = np.arange(len(turn)) + len(listed)
    found: dict[int, AnyEvent] = dict(enumerate(listed))
    for first, events in rare:
        found |= zip(place[first : first + len(events)].tolist(), events, strict=True)
    columns = {}
    for name in COLUMNS:
        head = np.zeros(len(listed), joined[name].dtype if joined else np.int64)
        if name in ("ts", "market"):
            head[:] = info.start_ms if name == "ts" else -1
        columns[name] = np.concatenate([head, joined[name][turn]]) if joined else head
    empty = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    owners, prices, sizes = (np.concatenate(parts) for parts in zip(*(levels or [empty]), strict=True))
    return TapeArrays(tuple(numbers), columns, owners, prices, sizes, found)


def _table(path: Path, kind: str) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    file = path / file_of(kind)
    try:
        with parquet.ParquetFile(
            file, read_dictionary=["symbol"], page_checksum_verification=True, pre_buffer=False
        ) as part:
            return part.read(use_threads=False).combine_chunks()
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
        made["sign"] = np.where(part.table.column("buy").to_numpy(), 1, -1)
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
    made["kind"] = np.where(part.table.column("snapshot").to_numpy(), SNAPSHOT, DELTA)
    return np.repeat(part.market, bid_counts + ask_counts), prices, sizes


def _touches(part: _Part, made: dict[str, Any], height: int) -> tuple[Any, Any, Any]:
    import numpy as np

    lows = height + 2 * np.arange(len(part.ts), dtype=np.int64)
    made |= {"lo": lows, "mid": lows + 1, "hi": lows + 2}
    prices = np.stack([part.column("bid"), part.column("ask")], axis=1).ravel()
    sizes = np.stack([part.column("bid_qty"), part.column("ask_qty")], axis=1).ravel()
    return np.repeat(part.market, 2), prices, sizes
