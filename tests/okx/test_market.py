"""The market feed over a real socket: recorded sessions, broken chains, candles, indices."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from cockpit.adapters.okx import frames
from cockpit.adapters.okx.endpoints import Endpoints
from cockpit.adapters.okx.instruments import Listed
from cockpit.adapters.okx.market import OkxMarket
from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.types import Instrument, Kind
from tests.okx.scripted import Peer, Scripted, alive, until

NOW = 1_772_600_770_500


def listed(inst: str) -> Listed:
    kind = Kind.SPOT if inst.count("-") == 1 else Kind.LINEAR
    base, quote = inst.split("-")[:2]
    grid = (Decimal("0.1"), Decimal("0.01"), Decimal("0.01"))
    return Listed(Instrument(f"okx:{inst}", kind, base, quote, quote, *grid), 1, "SWAP", f"{base}-{quote}")


def feed(server: Scripted, heard: list[ev.AnyEvent], *insts: str) -> OkxMarket:
    where = Endpoints(f"http://{server.url}", f"ws://{server.url}", True)
    markets = {f"okx:{inst}": listed(inst) for inst in insts}
    return OkxMarket(where, markets, {}, heard.append, lambda: NOW, rng=Random(1))


async def _ack(peer: Peer, frame: dict[str, Any]) -> None:
    await peer.ack(frame)


SESSIONS = ("okx_ws_public_2021-07-22", "okx_ws_public_2022-05-13")


@pytest.mark.shared
@pytest.mark.parametrize("session", SESSIONS)
def test_recorded_sessions_replay_through_the_real_client(shared: Path, session: str) -> None:
    """Every recorded message over a real socket gives the facts that reading the file gives, in order."""
    path = shared / "market" / "okx_messages" / "sessions" / f"{session}.jsonl.gz"
    with gzip.open(path, "rt") as file:
        rows = [json.loads(line) for line in file]
    messages = [json.dumps(row["msg"]) for row in rows if row["dir"] == "recv"]
    expected: Counter[tuple[str, str]] = Counter()
    for text in messages:
        for event in frames.parse(text, NOW):
            expected[type(event).__name__, event.symbol] += 1  # type: ignore[union-attr]

    async def story() -> None:
        heard: list[ev.AnyEvent] = []
        async with Scripted(_ack).running() as server:
            market = feed(server, heard, "BTC-USDT")
            async with alive(market.run()):
                await until(lambda: server.peers and len(server.peers[0].heard) >= 3)
                for text in messages:
                    await server.peers[0].send(text)
                await until(lambda: market.public.received >= len(messages))
        found = Counter((type(e).__name__, e.symbol) for e in heard if hasattr(e, "symbol"))
        assert found == expected
        books: dict[str, Book] = {}
        for event in heard:
            if isinstance(event, ev.BookSnapshot):
                book = books.setdefault(event.symbol, Book())
                book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
            elif isinstance(event, ev.BookDelta):
                assert books[event.symbol].apply_delta(
                    event.bids, event.asks, event.seq, event.prev_seq, event.ts
                )
        assert len(books) >= 3

    asyncio.run(asyncio.wait_for(story(), 60))


def row(seq: int, prev: int, stamp: int, size: str = "1") -> dict[str, Any]:
    return {
        "asks": [["2", size, "0", "1"]],
        "bids": [["1", size, "0", "1"]],
        "ts": str(stamp),
        "seqId": seq,
        "prevSeqId": prev,
        "checksum": 0,
    }


def test_a_gap_renews_that_book_only_and_ends_with_a_whole_one() -> None:
    async def answer(peer: Peer, frame: dict[str, Any]) -> None:
        await peer.ack(frame)
        arg = frame["args"][0]
        if frame["op"] == "subscribe" and arg["channel"] == "books":
            await peer.push(
                "books", [row(100 + len(peer.heard), -1, len(peer.heard))], arg["instId"], "snapshot"
            )

    async def story() -> None:
        heard: list[ev.AnyEvent] = []
        async with Scripted(answer).running() as server:
            market = feed(server, heard, "BTC-USDT-SWAP", "ETH-USDT-SWAP")
            async with alive(market.run()):
                await until(lambda: len([e for e in heard if isinstance(e, ev.BookSnapshot)]) == 2)
                peer = server.peers[0]
                count = len(peer.heard)
                btc = next(e for e in heard if isinstance(e, ev.BookSnapshot) and "BTC" in e.symbol).seq
                for one in (
                    row(btc + 5, btc, 50),  # follows
                    row(btc + 5, btc, 50),  # once more: a message that came twice is no gap
                    row(btc + 5, btc + 5, 51),  # keep-alive
                    row(3, btc + 5, 52),  # maintenance reset: chained, and begins anew
                    row(9, 7, 53),  # a link is missing
                    row(11, 9, 54),  # of no use any more
                ):
                    await peer.push("books", [one], "BTC-USDT-SWAP", "update")
                await until(lambda: len([e for e in heard if isinstance(e, ev.BookSnapshot)]) == 3)
                (gap,) = [e for e in heard if isinstance(e, ev.DataFault)]
                assert (gap.what, gap.symbol) == ("gap", "okx:BTC-USDT-SWAP")
                fresh = peer.heard[count:]
                assert [f["op"] for f in fresh] == ["unsubscribe", "subscribe"]
                assert {f["args"][0]["instId"] for f in fresh} == {"BTC-USDT-SWAP"}
                book = Book()
                states = []
                for event in heard:
                    if isinstance(event, ev.BookSnapshot) and "BTC" in event.symbol:
                        book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
                    elif isinstance(event, ev.BookDelta):
                        book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
                    else:
                        continue
                    states.append(book.ok)
                assert states == [True, True, True, True, False, True]

    asyncio.run(asyncio.wait_for(story(), 30))


def test_the_index_travels_with_the_mark_of_its_swaps() -> None:
    async def story() -> None:
        heard: list[ev.AnyEvent] = []
        async with Scripted(_ack).running() as server, alive(feed(server, heard, "BTC-USDT-SWAP").run()):
            await until(lambda: server.peers and len(server.peers[0].heard) >= 7)
            peer = server.peers[0]
            mark = {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "markPx": "61198.2", "ts": "1"}
            await peer.push("mark-price", [mark])
            await peer.push(
                "index-tickers", [{"instId": "BTC-USDT", "idxPx": "61195.5", "ts": "2"}], "BTC-USDT"
            )
            await peer.push("mark-price", [{**mark, "ts": "3"}])
            await until(lambda: len([e for e in heard if isinstance(e, ev.Mark)]) == 2)
            marks = [e for e in heard if isinstance(e, ev.Mark)]
            assert [(m.symbol, m.mark, m.index) for m in marks] == [
                ("okx:BTC-USDT-SWAP", 61198.2, 0.0),
                ("okx:BTC-USDT-SWAP", 61198.2, 61195.5),
            ]

    asyncio.run(asyncio.wait_for(story(), 30))


def short(channel: str) -> tuple[Any, list[ev.AnyEvent]]:
    """The short way of one subscription, and what it puts in."""
    heard: list[ev.AnyEvent] = []
    where = Endpoints("http://127.0.0.1:1", "ws://127.0.0.1:1", True)
    market = OkxMarket(where, {"okx:A-B-SWAP": listed("A-B-SWAP")}, {}, heard.append, lambda: NOW)
    return market._lean(frames.Arg(channel, "A-B-SWAP")), heard


ROWS = {
    "books": {"bids": [["1.5", "2", "0", "1"], ["1", "0", "0", "0"]], "asks": [], "seqId": 3, "prevSeqId": 3},
    "books5": {"bids": [["1.5", "2", "0", "1"]], "asks": [["2", "1e3", "0", "7"]], "seqId": 9},
    "trades": {"px": "1.5", "sz": "2", "side": "sell", "tradeId": "7"},
    "tickers": {"bidPx": "1.5", "bidSz": "2", "askPx": "", "askSz": "", "last": "1"},
}


@pytest.mark.parametrize("channel", ROWS)
@pytest.mark.parametrize("action", ["snapshot", "update"])
def test_the_short_way_tells_the_same_facts(channel: str, action: str) -> None:
    """A book's first push must be whole, so the chain begins with one."""
    read, heard = short(channel)
    arg = {"channel": channel, "instId": "A-B-SWAP"}
    pushes = [
        {"arg": arg, "action": what, "data": [{**ROWS[channel], "ts": str(n)}] * (1 + (what == "update"))}
        for n, what in ((4, "snapshot"), (5, action))
    ]
    raws = [json.dumps(push, separators=(",", ":")).encode() for push in pushes]
    assert [read(raw) for raw in raws] == [4, 5]
    assert heard == [event for raw in raws for event in frames.parse(raw, NOW)]


@pytest.mark.parametrize("channel", ROWS)
@pytest.mark.parametrize("word", ["nan", "-1", "inf", "1e300", "x"])
def test_the_short_way_refuses_what_no_market_quotes(channel: str, word: str) -> None:
    read, heard = short(channel)
    row = ROWS[channel] | {"px": word, "bids": [[word, "1", "0", "1"]], "askPx": word}
    raw = json.dumps({"action": "snapshot", "data": [{**row, "ts": "4"}]}).encode()
    for broken in (raw, raw[:-3], b"", b"{}"):
        with pytest.raises(msgspec.MsgspecError):
            read(broken)
    assert not heard


def test_channels_without_a_short_way_go_the_general_one() -> None:
    assert short("mark-price")[0] is None


def test_the_short_way_survives_garbage_a_gap_and_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a real socket: what the short way cannot read is garbage as ever, and the stream goes on."""

    def book(seq: int, before: int, action: str = "update", price: str = "1") -> tuple[dict[str, Any], str]:
        levels = {"bids": [[price, "1", "0", "1"]], "asks": []}
        return {**levels, "ts": str(NOW + seq), "seqId": seq, "prevSeqId": before}, action

    async def story() -> None:
        heard: list[ev.AnyEvent] = []

        def put(event: ev.AnyEvent) -> None:
            if isinstance(event, ev.BookDelta) and event.seq == 5:
                raise RuntimeError("a bug")
            heard.append(event)

        async with Scripted(_ack).running() as server:
            market = feed(server, heard, "A-B-SWAP")
            market.put = put
            async with alive(market.run()):
                await until(lambda: server.peers and len(server.peers[0].heard) > 5)
                peer = server.peers[0]
                for data, action in (
                    book(1, -1, "snapshot"), book(2, 1), book(3, 2, price="nan"), book(3, 2), book(3, 2),
                    book(5, 3), book(6, 5), book(9, 8),
                ):  # fmt: skip
                    await peer.push("books", [data], action=action, inst="A-B-SWAP")
                await until(lambda: any(isinstance(e, ev.DataFault) and e.what == "gap" for e in heard))
            assert len(market.public._short) == 1
        books = [e for e in heard if isinstance(e, ev.BookDelta | ev.BookSnapshot)]
        assert [e.seq for e in books] == [1, 2, 3, 6, 9]
        faults = [e for e in heard if isinstance(e, ev.DataFault)]
        assert [e.what for e in faults][:3] == ["garbage", "garbage", "gap"]
        assert "a bug" in faults[1].detail

    asyncio.run(story())
