"""Recorded sessions of Binance and Bybit through the dialects and the book's chain."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters.ccxt_venue.binance import Binance
from cockpit.adapters.ccxt_venue.bybit import Bybit
from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.keeper import Keeper
from cockpit.core import events as ev
from cockpit.core.book import Book

pytestmark = pytest.mark.shared
MOST = 25_000
"""Messages of a recording that the gate replays."""


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        for number, line in enumerate(file):
            if number >= MOST:
                return
            if line.strip():
                yield json.loads(line)


class Replay:
    """What a market's feed does with messages, without a socket."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.keepers: dict[str, Keeper] = {}
        self.books: dict[str, Book] = {}
        self.kinds: Counter[str] = Counter()
        self.memory: dict[str, Any] = {}
        self.newest: Counter[str] = Counter()
        self.crossed = 0

    def message(self, message: dict[str, Any], ts: int) -> None:
        heard = self.dialect.hear(message, ts, self.memory)
        if heard.newest:
            self.newest[heard.topic] += heard.newest > 0
        for fact in heard.facts:
            self.fact(fact)

    def fact(self, fact: Any) -> None:
        if isinstance(fact, ev.BookSnapshot | ev.BookDelta):
            keeper = self.keepers.setdefault(fact.symbol, Keeper(keeps=self.dialect.asks_snapshot))
            whole = isinstance(fact, ev.BookSnapshot)
            for passed in keeper.snapshot(fact) if whole else keeper.delta(fact):  # type: ignore[arg-type]
                self._book(passed)
            return
        self.kinds[type(fact).__name__] += 1

    def _book(self, fact: ev.AnyEvent) -> None:
        self.kinds[type(fact).__name__] += 1
        book = self.books.setdefault(fact.symbol, Book())  # type: ignore[union-attr]
        if isinstance(fact, ev.BookSnapshot):
            book.apply_snapshot(fact.bids, fact.asks, fact.seq, fact.ts)
        elif isinstance(fact, ev.BookDelta):
            book.apply_delta(fact.bids, fact.asks, fact.seq, fact.prev_seq, fact.ts)


def test_a_binance_session_is_followed_without_a_break(shared: Path) -> None:
    """Stream first, snapshot over REST some updates later: what was kept is applied behind it."""
    replay = Replay(Binance())
    for line in lines(shared / "market/books/raw/binance_usdm_btcusdt_2023-04-04_05.jsonl.gz"):
        message, ts = line["msg"], line["recv_ns"] // 1_000_000
        if "lastUpdateId" in message:
            levels = [
                tuple((float(p), float(q)) for p, q in message[side]) for side in ("bids", "asks")
            ]  # fmt: skip
            event = ev.BookSnapshot(ts, "binance:BTCUSDT", ts, *levels, message["lastUpdateId"])
            replay.fact(event)
        else:
            replay.message(message["data"], ts)
    (book,) = replay.books.values()
    assert book.ok
    assert (book.gaps, book.crossed) == (0, 0)
    assert replay.kinds["DataFault"] == 0
    assert replay.kinds["BookDelta"] > 500
    assert replay.kinds["Trade"] > 500
    assert replay.kinds["Mark"] > 50
    assert replay.kinds["FundingRate"] >= 1


def test_a_bybit_session_is_followed_without_a_break(shared: Path) -> None:
    replay = Replay(Bybit())
    recording = [
        line for line in lines(shared / "market/books/raw/bybit_ws_2026-08-09.jsonl.gz")
        if line["dir"] == "recv" and isinstance(line["msg"], dict) and line["conn"].endswith("2")
    ]  # fmt: skip
    for line in recording:
        assert not replay.dialect.refused(line["msg"])
        replay.message(line["msg"], line["recv_ns"] // 1_000_000)
    assert len(replay.books) == 4
    assert all(book.ok and not book.gaps and not book.crossed for book in replay.books.values())
    assert {
        "BookSnapshot",
        "BookDelta",
        "Trade",
        "Mark",
        "OpenInterest",
        "FundingRate",
    } <= replay.kinds.keys()
    assert replay.kinds["DataFault"] == 0


def test_a_lost_update_of_a_recording_is_a_break_that_only_a_snapshot_heals(shared: Path) -> None:
    replay = Replay(Bybit())
    lost, broken = 0, 0
    for line in lines(shared / "market/books/raw/bybit_ws_2026-08-09.jsonl.gz"):
        message = line["msg"]
        ours = line["dir"] == "recv" and line["conn"].endswith("2")
        if not ours or message.get("topic") != "orderbook.200.BTCUSDT":
            continue
        if message["type"] == "delta" and not lost:
            lost += 1
            continue
        replay.message(message, 1)
        broken += not replay.books["bybit:BTCUSDT"].ok
    assert lost == 1
    assert replay.kinds["DataFault"] == 1
    assert broken > 10  # nothing heals it but a snapshot, and none came
    assert not replay.books["bybit:BTCUSDT"].ok
