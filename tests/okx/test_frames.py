"""OKX's public frames → facts; and the exchange's own checksum over recorded sessions."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.okx import frames as okx_frames
from cockpit.adapters.okx.checksum import StringBook
from cockpit.core.book import Book
from cockpit.core.events import (
    Bar,
    BookDelta,
    BookSnapshot,
    DataFault,
    FundingRate,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Side

NOW = 1_772_600_770_200
SWAP = "okx:BTC-USDT-SWAP"


def frame(channel: str, data: list[Any], inst: str = "BTC-USDT-SWAP", **more: Any) -> bytes:
    return json.dumps({"arg": {"channel": channel, "instId": inst}, "data": data, **more}).encode()


def book_row(**more: Any) -> dict[str, Any]:
    bids, asks = [["61200", "9", "0", "2"]], [["61200.1", "14", "0", "3"], ["61200.4", "2.5", "0", "1"]]
    return {"asks": asks, "bids": bids, "ts": "1772600770100", **more}


def test_a_book_snapshot_and_its_update_chain() -> None:
    row = book_row(checksum=0, prevSeqId=-1, seqId=10)
    assert okx_frames.parse(frame("books", [row], action="snapshot"), NOW) == [
        BookSnapshot(NOW, SWAP, 1_772_600_770_100, ((61200.0, 9.0),), ((61200.1, 14.0), (61200.4, 2.5)), 10)
    ]
    row = {"asks": [["61200.1", "0", "0", "0"]], "bids": [], "ts": "5", "prevSeqId": 10, "seqId": 15}
    for channel in ("books", "books-l2-tbt", "books50-l2-tbt"):
        assert okx_frames.parse(frame(channel, [row], action="update"), NOW) == [
            BookDelta(NOW, SWAP, 5, (), ((61200.1, 0.0),), 15, 10)
        ]


def test_an_old_update_without_a_sequence_has_no_chain() -> None:
    (event,) = okx_frames.parse(frame("books", [book_row(checksum=-143)], action="update"), NOW)
    assert isinstance(event, BookDelta)
    assert event.prev_seq == -1


def test_books5_is_a_snapshot_each_time_and_a_fifth_field_does_not_hurt() -> None:
    row = book_row(instId="BTC-USDT-SWAP", seqId=10)
    row["bids"] = [["61200", "9", "0", "2", "new"]]
    (event,) = okx_frames.parse(frame("books5", [row]), NOW)
    assert isinstance(event, BookSnapshot)
    assert (event.seq, event.bids) == (10, ((61200.0, 9.0),))


def test_touch_from_bbo_and_ticker_with_an_empty_side() -> None:
    row = book_row(seqId=1)
    assert okx_frames.parse(frame("bbo-tbt", [row]), NOW) == [
        Touch(NOW, SWAP, 1_772_600_770_100, 61200.0, 9.0, 61200.1, 14.0)
    ]
    row["bids"] = []
    (event,) = okx_frames.parse(frame("bbo-tbt", [row]), NOW)
    assert isinstance(event, Touch)
    assert (event.bid, event.bid_qty) == (0.0, 0.0)
    ticker = {"last": "1", "askPx": "61200.1", "askSz": "14", "bidPx": "", "bidSz": "", "ts": "7"}
    assert okx_frames.parse(frame("tickers", [ticker]), NOW) == [Touch(NOW, SWAP, 7, 0.0, 0.0, 61200.1, 14.0)]


def test_a_trade_names_the_takers_side() -> None:
    row = {"tradeId": "90", "px": "61200.1", "sz": "2.2", "side": "buy", "ts": "8", "count": "2", "seqId": 1}
    for channel in ("trades", "trades-all"):
        assert okx_frames.parse(frame(channel, [row]), NOW) == [
            Trade(NOW, SWAP, 8, 61200.1, 2.2, Side.BUY, "90")
        ]


def test_only_closed_candles_and_base_volume() -> None:
    closed = ["1772600760000", "61190", "61201", "61188", "61200", "310", "3.1", "189700", "1"]
    forming = [*closed[:8], "0"]
    expected = Bar(1_772_600_820_000, SWAP, 60_000, 61190.0, 61201.0, 61188.0, 61200.0, 3.1)
    assert okx_frames.parse(frame("candle1m", [closed, forming]), NOW) == [expected]
    (spot,) = okx_frames.parse(frame("candle1m", [closed], "BTC-USDT"), NOW)
    assert isinstance(spot, Bar)
    assert spot.volume == 310.0
    assert okx_frames.parse(frame("candle1D", [closed]), NOW) == []


def test_mark_index_funding_and_open_interest() -> None:
    swap = {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "ts": "1"}
    cases: list[tuple[str, dict[str, Any], Any]] = [
        ("mark-price", {**swap, "markPx": "61198.2"}, Mark(NOW, SWAP, 61198.2)),
        (
            "index-tickers",
            {"instId": "BTC-USDT", "idxPx": "61195.5"},
            Mark(NOW, "okx-index:BTC-USDT", 61195.5, 61195.5),
        ),
        (
            "funding-rate",
            {**swap, "fundingRate": "-0.00008", "fundingTime": "1772611200000", "nextFundingRate": ""},
            FundingRate(NOW, SWAP, -0.00008, 1_772_611_200_000),
        ),
        ("open-interest", {**swap, "oi": "2900000", "oiCcy": "29000"}, OpenInterest(NOW, SWAP, 2_900_000.0)),
    ]
    for channel, row, event in cases:
        assert okx_frames.parse(frame(channel, [row]), NOW) == [event]


@pytest.mark.parametrize(
    "raw",
    [
        b"pong",
        b'{"event":"subscribe","arg":{"channel":"trades","instId":"BTC-USDT-SWAP"},"connId":"a"}',
        b'{"event":"error","code":"60012","msg":"Invalid request","connId":"a"}',
        b'{"arg":{"channel":"status"},"data":[{"state":"scheduled"}]}',
        b'{"arg":{"channel":"price-limit","instId":"BTC-USDT-SWAP"},"data":[{"buyLmt":"1"}]}',
    ],
)
def test_answers_and_unknown_channels_are_no_facts(raw: bytes) -> None:
    assert okx_frames.parse(raw, NOW) == []


@pytest.mark.parametrize("price", ["nan", "inf", "-1", "0", "", "abc"])
def test_a_number_no_market_quotes_is_garbage(price: str) -> None:
    raw = frame("trades", [{"px": price, "sz": "1", "side": "buy", "ts": "1"}])
    (event,) = okx_frames.parse(raw, NOW)
    assert isinstance(event, DataFault)
    assert (event.symbol, event.what) == (SWAP, "garbage")


@given(st.binary(max_size=80) | st.text(max_size=40).map(lambda s: frame("books", [s])))
def test_no_bytes_end_the_feed(raw: bytes) -> None:
    for event in okx_frames.parse(raw, NOW):
        assert isinstance(event, DataFault)


def session(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rb") as lines:
        for line in lines:
            yield json.loads(line)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "messages"),
    [("okx_ws_public_2021-07-22", 1504), ("okx_ws_public_2022-05-13", 290)],
)
def test_recorded_sessions_reproduce_the_exchanges_checksum(shared: Path, name: str, messages: int) -> None:
    texts: dict[str, StringBook] = {}
    books: dict[str, Book] = {}
    seen = 0
    for line in session(shared / "market" / "okx_messages" / "sessions" / f"{name}.jsonl.gz"):
        message = line["msg"]
        if line["dir"] != "recv" or not str(message["arg"]["channel"]).startswith("books"):
            continue
        if "data" not in message:
            continue
        events = okx_frames.parse(json.dumps(message), line["recv_ns"] // 1_000_000)
        for row, event in zip(message["data"], events, strict=True):
            text = texts.setdefault(message["arg"]["instId"], StringBook())
            book = books.setdefault(message["arg"]["instId"], Book())
            if isinstance(event, BookSnapshot):
                text.snapshot(row["bids"], row["asks"])
                assert book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
            else:
                assert isinstance(event, BookDelta)
                text.update(row["bids"], row["asks"])
                assert book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
            assert text.checksum() == row["checksum"]
            for number, side in enumerate((Side.BUY, Side.SELL)):
                spelled = [(float(price), float(size)) for price, size in text.levels(number)]
                assert book.levels(side, len(spelled) + 1) == spelled
            seen += 1
    assert seen == messages


def test_the_checksum_of_the_documented_example() -> None:
    book = StringBook()
    book.snapshot(
        [["49999.9", "4"], ["49999.8", "1"]], [["50000.5", "1"], ["50000.1", "5"], ["50000.2", "3"]]
    )
    assert book.checksum() == 385_241_878
    book.update([["49999.8", "0", "0", "0"]], [])
    assert book.checksum() != 385_241_878
    book.snapshot([], [["1", "2"]])
    assert book.levels(0) == []
    assert book.levels(1) == [("1", "2")]


@pytest.mark.shared
def test_captured_messages_of_the_current_protocol(shared: Path) -> None:
    folder = shared / "market" / "okx_messages" / "ws"
    kinds = {
        "capture_2026_swap_books5_a": BookSnapshot,
        "capture_2026_swap_tickers_a": Touch,
        "capture_2026_swap_trades_a": Trade,
        "bbo_tbt": Touch,
        "funding_rate": FundingRate,
        "doc_interest": OpenInterest,
        "doc_mark_price": Mark,
        "doc_index_ticker": Mark,
    }
    for name, kind in kinds.items():
        events = okx_frames.parse((folder / f"{name}.json").read_bytes(), NOW)
        assert [type(event) for event in events] == [kind], name
    assert okx_frames.parse((folder / "capture_2026_swap_candle1m_a.json").read_bytes(), NOW) == []
    book = Book()
    for name in ("books_rpi_snapshot", "books_rpi_update"):
        raw = (folder / f"{name}.json").read_text().replace("books-rpi", "books")
        for event in okx_frames.parse(raw, NOW):
            if isinstance(event, BookSnapshot):
                assert book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
            else:
                assert isinstance(event, BookDelta)
                assert book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
    assert book.seq == 1_082_831_230


@pytest.mark.parametrize("channel", ["books", "books5", "bbo-tbt", "trades", "tickers"])
def test_one_pass_and_two_say_the_same(channel: str) -> None:
    """What the live socket decodes at once is what everybody else decodes in two steps."""
    book = {"asks": [["2", "1", "0", "1"]], "bids": [["1", "3", "0", "2"]], "ts": "1700000000123"}
    rows: dict[str, dict[str, object]] = {
        "trades": {"px": "1.5", "sz": "2", "side": "buy", "ts": "1700000000123", "tradeId": "7"},
        "tickers": {"bidPx": "1", "bidSz": "2", "askPx": "3", "askSz": "4", "ts": "1700000000123"},
    }
    row = rows.get(channel, {**book, "seqId": 5, "prevSeqId": 4})
    said = {"arg": {"channel": channel, "instId": "BTC-USDT-SWAP"}, "action": "update", "data": [row]}
    raw = json.dumps(said, separators=(",", ":")).encode()
    swift, slow = okx_frames.whole(raw), okx_frames.decode(raw)
    assert okx_frames.market(swift, NOW) == okx_frames.market(slow, NOW) != []
    assert okx_frames.stamp(swift.data) == okx_frames.stamp(slow.data) == 1_700_000_000_123
    for broken in (
        raw[:-3],
        raw.replace(b'"ts":"17', b'"ts":"x7'),
        raw.replace(b'"data":[{', b'"data":[7,{'),
    ):
        with pytest.raises(msgspec.MsgspecError):
            okx_frames.market(okx_frames.whole(broken), NOW)
    answer = json.dumps(
        {"arg": said["arg"], "event": "subscribe", "id": "s1"}, separators=(",", ":")
    ).encode()
    assert (okx_frames.whole(answer).event, okx_frames.whole(answer).id) == ("subscribe", "s1")
