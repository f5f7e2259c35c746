"""Raw recordings → tapes: Binance, OKX, Bybit and Hyperliquid look-alikes, with their book recipes."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.adapters.importers.intake import ImportReport, import_source
from cockpit.adapters.okx.checksum import StringBook
from cockpit.adapters.store.tape import read, verify
from cockpit.core.book import Book
from cockpit.core.errors import TapeError
from cockpit.core.events import (
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    DataFault,
    FundingRate,
    Listing,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Kind, Side

T0 = 1_723_161_255_000
NS = 1_000_000
PERP = "binance:BTCUSDT"
SPOT = "binance-spot:BTCUSDT"


def record(path: Path, messages: list[Any], **more: Any) -> Path:
    """One message per millisecond; (message, extras) sets other fields of its line."""
    lines = []
    for number, message in enumerate(messages):
        extras = more
        if isinstance(message, tuple):
            message, extras = message
        lines.append(json.dumps({"recv_ns": (T0 + number) * NS + number, "msg": message, **extras}))
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def facts(report: ImportReport) -> list[AnyEvent]:
    assert verify(report.path) == []
    return [event for event in read(report.path) if not isinstance(event, Listing)]


def fold(events: list[AnyEvent], symbol: str) -> Book:
    book = Book()
    for event in events:
        if isinstance(event, BookSnapshot) and event.symbol == symbol:
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif isinstance(event, BookDelta) and event.symbol == symbol:
            book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
    return book


# --- Binance --------------------------------------------------------------------------------------


def depth(first: int, last: int, prev: int | None, bids: list[Any], asks: list[Any]) -> dict[str, Any]:
    data = {"e": "depthUpdate", "E": T0, "s": "BTCUSDT", "U": first, "u": last, "b": bids, "a": asks}
    if prev is not None:
        data |= {"pu": prev, "T": T0 - 1}
    return {"stream": "btcusdt@depth@0ms", "data": data}


def snapshot(last: int, bids: list[Any], asks: list[Any]) -> dict[str, Any]:
    return {"lastUpdateId": last, "E": T0, "T": T0, "bids": bids, "asks": asks}


changes = st.lists(
    st.tuples(st.sampled_from("ba"), st.integers(1, 9), st.sampled_from(("0.000", "1.000", "2.500"))),
    min_size=1,
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changes, min_size=3, max_size=12), st.data(), st.booleans())
def test_the_binance_recipe_gives_the_true_book_wherever_the_snapshot_falls(
    tmp_path: Path, steps: list[list[tuple[str, int, str]]], data: st.DataObject, futures: bool
) -> None:
    true: dict[str, dict[str, str]] = {"b": {"100.0": "1.000"}, "a": {"111.0": "1.000"}}
    states, updates, number = [], [], 1_000
    for batch in steps:
        prev, first = number, number + (3 if futures else 1)
        sides: dict[str, list[Any]] = {"b": [], "a": []}
        for side, offset, size in batch:
            price = f"{(100 if side == 'b' else 111) + (offset if side == 'a' else -offset)}.0"
            sides[side].append([price, size])
            true[side][price] = size
            if float(size) == 0.0:
                del true[side][price]
        number = first + len(batch) - 1
        updates.append(depth(first, number, prev if futures else None, sides["b"], sides["a"]))
        states.append((number, {side: list(map(list, true[side].items())) for side in "ba"}))
    taken = data.draw(st.integers(0, len(steps) - 1), "state the REST answer was taken of")
    arrives = data.draw(st.integers(taken + 1, len(steps)), "how many updates came before it")
    last, state = states[taken]
    messages = [*updates[:arrives], snapshot(last, state["b"], state["a"]), *updates[arrives:]]
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    report = import_source([record(folder / "r.jsonl.gz", messages)], folder / "t")
    events = facts(report)
    book = fold(events, PERP if futures else SPOT)
    assert book.ok
    assert report.defects == {}
    assert sorted(book.levels(Side.BUY, 99)) == sorted((float(p), float(q)) for p, q in true["b"].items())
    assert sorted(book.levels(Side.SELL, 99)) == sorted((float(p), float(q)) for p, q in true["a"].items())
    assert len(events) == 1 + len(steps) - taken - 1


def test_a_break_in_the_binance_chain_is_told_and_a_new_snapshot_heals_it(tmp_path: Path) -> None:
    bids, asks = [["100.0", "1.0"]], [["101.0", "1.0"]]
    messages = [
        depth(5, 6, 4, [], [["101.5", "1.0"]]),
        snapshot(6, bids, asks),
        depth(8, 9, 6, [["99.0", "2.0"]], []),
        depth(8, 9, 6, [["99.0", "2.0"]], []),
        depth(15, 16, 14, [["99.5", "3.0"]], []),
        depth(17, 18, 16, [["99.7", "4.0"]], []),
        depth(20, 21, 18, [["99.8", "5.0"]], []),
        snapshot(18, bids, asks),
        depth(23, 24, 21, [["99.9", "6.0"]], []),
    ]
    report = import_source([record(tmp_path / "r.jsonl.gz", messages)], tmp_path / "t")
    events = facts(report)
    assert report.defects == {"duplicate": 1, "gap": 1}
    (fault,) = [event for event in events if isinstance(event, DataFault)]
    assert (fault.ts, fault.what, fault.detail) == (T0 + 4, "gap", "14 does not follow 9")
    book = fold(events, PERP)
    assert book.ok
    assert book.levels(Side.BUY, 3) == [(100.0, 1.0), (99.9, 6.0), (99.8, 5.0)]
    assert book.seq == 24


def test_binance_updates_without_a_snapshot_are_a_gap(tmp_path: Path) -> None:
    trade = {"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "1", "q": "2"}}
    trade["data"] |= {"T": T0, "m": True, "X": "MARKET"}  # type: ignore[operator]
    messages = [depth(5, 6, 4, [], [["101.5", "1.0"]]), trade]
    report = import_source([record(tmp_path / "r.jsonl.gz", messages)], tmp_path / "t")
    assert report.defects == {"gap": 1}
    assert report.tape.symbols == {PERP: {"faults": 1, "trades": 1}}


def test_binance_trades_touch_mark_and_funding(tmp_path: Path) -> None:
    def push(stream: str, **data: Any) -> dict[str, Any]:
        return {"stream": f"btcusdt@{stream}", "data": {"e": stream, "s": "BTCUSDT", **data}}

    messages = [
        push("trade", E=T0, T=T0 - 2, t=7, p="61800.30", q="0.006", X="MARKET", m=False),
        push("trade", E=T0, T=T0 - 2, t=7, p="61800.30", q="0.006", X="MARKET", m=False),
        push("aggTrade", E=T0, T=T0 - 3, a=9, p="61800.20", q="0.5", f=1, l=2, m=True),
        push("trade", E=T0, T=T0, t=8, p="0", q="0.006", X="NA", m=False),
        push("bookTicker", u=1, b="61800.20", B="2.5", a="61800.30", A="3", T=T0, E=T0),
        push("markPrice@1s", E=T0, p="61801.5", P="1", i="61802.5", r="0.0001", T=T0 + 9),
        push("24hrTicker", p="x", i="whatever"),
    ]
    report = import_source([record(tmp_path / "r.jsonl.gz", messages)], tmp_path / "t")
    events = facts(report)
    assert [event for event in events if not isinstance(event, DataFault)] == [
        Trade(T0, PERP, T0 - 2, 61800.3, 0.006, Side.BUY, "7"),
        Trade(T0 + 2, PERP, T0 - 3, 61800.2, 0.5, Side.SELL, "9"),
        Touch(T0 + 4, PERP, T0, 61800.2, 2.5, 61800.3, 3.0),
        FundingRate(T0 + 5, PERP, 0.0001, T0 + 9),
        Mark(T0 + 5, PERP, 61801.5, 61802.5),
    ]
    assert report.defects == {"duplicate": 1, "garbage": 1, "late": 1}


def test_a_recorder_whose_clock_is_behind_is_noted(tmp_path: Path) -> None:
    data = {"e": "trade", "s": "BTCUSDT", "T": T0 + 1270, "t": 7, "p": "1", "q": "1", "m": False}
    file = record(tmp_path / "r.jsonl.gz", [{"stream": "btcusdt@trade", "data": data}])
    report = import_source([file], tmp_path / "t")
    assert report.tape.notes == (
        "r.jsonl.gz: the recorder's clock is behind the exchange's by up to 1270 ms",
    )
    assert list(report.tape.symbols) == [SPOT]


# --- OKX ------------------------------------------------------------------------------------------


def okx(channel: str, row: Any, inst: str = "BTC-USDT-SWAP", **more: Any) -> dict[str, Any]:
    return {"arg": {"channel": channel, "instId": inst}, "data": [row], **more}


def okx_books(spoil_at: int = -1) -> list[dict[str, Any]]:
    text = StringBook()
    moves = [
        ([["100.1", "5", "0", "1"]], [["100.2", "7", "0", "1"]]),
        ([["100", "2", "0", "1"]], []),
        ([["100.1", "0", "0", "0"]], [["100.1", "4", "0", "1"]]),
    ]
    messages = []
    for number, (bids, asks) in enumerate(moves):
        text.update(bids, asks)
        row = {"bids": bids, "asks": asks, "ts": str(T0 - 9), "checksum": text.checksum()}
        row["checksum"] += number == spoil_at
        messages.append(okx("books", row, action="update" if number else "snapshot"))
    return messages


def test_okx_books_are_verified_by_the_exchanges_checksum(tmp_path: Path) -> None:
    report = import_source([record(tmp_path / "r.jsonl.gz", okx_books(), dir="recv")], tmp_path / "t")
    events = facts(report)
    assert report.defects == {}
    book = fold(events, "okx:BTC-USDT-SWAP")
    assert (book.best_bid, book.best_ask) == (100.0, 100.1)
    spoiled = record(tmp_path / "s.jsonl.gz", okx_books(spoil_at=1), dir="recv")
    report = import_source([spoiled], tmp_path / "u")
    assert report.defects == {"checksum": 1}
    assert DataFault(T0 + 1, "okx:BTC-USDT-SWAP", "checksum", "line 2") in facts(report)


def test_okx_session_with_its_noise(tmp_path: Path) -> None:
    ticker = {"bidPx": "1", "bidSz": "2", "askPx": "3", "askSz": "4", "ts": str(T0)}
    closed = [str(T0), "1", "2", "0.5", "1.5", "10", "0.1", "15", "1"]
    messages: list[Any] = [
        (None, {"dir": "connect"}),
        ({"op": "subscribe", "args": [{"channel": "books"}]}, {"dir": "send"}),
        {"event": "subscribe", "arg": {"channel": "books", "instId": "BTC-USDT-SWAP"}},
        *okx_books(),
        okx("tickers", ticker),
        okx("tickers", ticker, "ETH-USDT-SWAP"),
        okx("trades", {"px": "1", "sz": "2", "side": "sell", "ts": "5", "tradeId": "1"}),
        okx("trades", {"px": "nan", "sz": "2", "side": "sell", "ts": "5", "tradeId": "1"}),
        okx("trades", {"px": "1", "sz": "2", "side": "sell", "ts": "5"}, "BTC-USD-240628-60000-C"),
        okx("candle1m", closed),
        okx("candle1m", closed),
        okx("mark-price", {"instId": "BTC-USDT-SWAP", "markPx": "7"}),
    ]
    report = import_source([record(tmp_path / "r.jsonl.gz", messages)], tmp_path / "t")
    swap = "okx:BTC-USDT-SWAP"
    assert report.tape.symbols == {
        "okx:ETH-USDT-SWAP": {"touch": 1},
        swap: {"faults": 1, "marks": 1, "books": 3, "trades": 1, "bars": 1},
    }
    assert report.defects == {"duplicate": 1, "garbage": 1}
    assert Bar(T0 + 60_000, swap, 60_000, 1.0, 2.0, 0.5, 1.5, 0.1) in facts(report)


OKX_ROW = {
    "instType": "SWAP",
    "instId": "BTC-USDT-SWAP",
    "tickSz": "0.5",
    "lotSz": "1",
    "minSz": "1",
    "ctVal": "0.01",
    "ctMult": "1",
    "ctType": "linear",
    "settleCcy": "USDT",
    "baseCcy": "",
    "quoteCcy": "",
    "maxLmtSz": "5000",
    "state": "live",
}
BTC = {**OKX_ROW, "instId": "BTC-USD-220527", "instType": "FUTURES", "ctType": "inverse", "ctVal": "100"}
COIN = {"instType": "SPOT", "instId": "BTC-USDT", "baseCcy": "BTC", "quoteCcy": "USDT", "minSz": "2"}


def test_okx_definitions_of_the_day_beside_the_session(tmp_path: Path) -> None:
    rows = [
        OKX_ROW,
        {**BTC, "settleCcy": "BTC"},
        {**OKX_ROW, **COIN, "state": "suspend"},
        {**OKX_ROW, "instType": "OPTION"},
    ]
    answer = tmp_path / "instruments.json"
    answer.write_text(json.dumps({"code": "0", "msg": "", "data": rows}))
    trade = {"px": "100", "sz": "2", "side": "sell", "ts": "5"}
    names = ("BTC-USDT-SWAP", "BTC-USD-220527", "BTC-USDT")
    stream = record(tmp_path / "r.jsonl.gz", [okx("trades", trade, name) for name in names])
    report = import_source([stream, answer], tmp_path / "t")
    spot, inverse, swap = sorted(report.tape.instruments, key=lambda row: row.kind != Kind.SPOT)
    if inverse.kind is not Kind.INVERSE:
        swap, inverse = inverse, swap
    assert [source.format for source in report.sources] == ["okx_instruments", "okx_stream"]
    assert (swap.tick, swap.contract_value, swap.max_qty) == (Decimal("0.5"), Decimal("0.01"), 5000)
    assert (inverse.settle, inverse.contract_value, inverse.base) == ("BTC", 100, "BTC")
    assert (spot.min_qty, spot.state) == (2, "suspended")
    del rows[0]["ctVal"]  # type: ignore[arg-type]
    answer.write_text(json.dumps({"code": "0", "data": rows}))
    with pytest.raises(TapeError, match="okx:BTC-USDT-SWAP: the instrument's definition is incomplete"):
        import_source([stream, answer], tmp_path / "u")


# --- Bybit and Hyperliquid --------------------------------------------------------------------------


def bybit(topic: str, kind: str, data: Any, conn: str = "ws.2") -> tuple[Any, dict[str, str]]:
    message = {"topic": topic, "type": kind, "ts": T0, "data": data}
    return message, {"dir": "recv", "conn": conn}


def test_bybit_tells_linear_from_spot_by_the_connection(tmp_path: Path) -> None:
    info = {"symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "contractType": "LinearPerpetual"}
    info |= {
        "priceFilter": {"tickSize": "0.5"},
        "lotSizeFilter": {"qtyStep": "0.001", "minOrderQty": "0.002"},
    }
    ticker = {"markPrice": "100.5", "indexPrice": "100.4", "openInterest": "50", "fundingRate": "0.0001"}
    kline = {"start": T0, "end": T0 + 59_999, "open": "1", "close": "2", "high": "3", "low": "1"}
    deal = {"T": T0, "s": "BTCUSDT", "S": "Sell", "v": "0.004", "p": "100", "i": "a-1"}
    messages = [
        ({"retCode": 0, "result": {"category": "linear", "list": [info]}}, {"dir": "http"}),
        ({"op": "subscribe"}, {"dir": "send", "conn": "ws.2"}),
        ({"success": True, "op": "subscribe"}, {"dir": "recv", "conn": "ws.2"}),
        bybit("orderbook.200.BTCUSDT", "snapshot", {"b": [["100", "1"]], "a": [["101", "2"]], "u": 7}),
        bybit("orderbook.200.BTCUSDT", "delta", {"b": [], "a": [["101", "3"]], "u": 8}),
        bybit("orderbook.200.BTCUSDT", "delta", {"b": [], "a": [["101", "4"]], "u": 10}),
        bybit("tickers.BTCUSDT", "snapshot", {**ticker, "nextFundingTime": str(T0 + 1)}),
        bybit("tickers.BTCUSDT", "delta", {"bid1Price": "3"}),
        bybit("tickers.BTCUSDT", "delta", {"markPrice": "100.6"}),
        bybit("publicTrade.BTCUSDT", "snapshot", [deal]),
        bybit("kline.1.BTCUSDT", "snapshot", [{**kline, "volume": "9", "confirm": False}]),
        bybit("kline.1.BTCUSDT", "snapshot", [{**kline, "volume": "9", "confirm": True}]),
        bybit("publicTrade.BTCUSDT", "snapshot", [{**deal, "S": "Buy"}], "ws.3"),
        bybit("tickers.BTCUSDT", "snapshot", {"lastPrice": "1"}, "ws.3"),
    ]
    report = import_source([record(tmp_path / "r.jsonl.gz", messages)], tmp_path / "t")
    events = facts(report)
    perp = "bybit:BTCUSDT"
    assert report.tape.symbols == {
        "bybit-spot:BTCUSDT": {"trades": 1},
        perp: {"faults": 1, "funding": 1, "marks": 2, "oi": 1, "books": 3, "trades": 1, "bars": 1},
    }
    assert [row.tick for row in report.tape.instruments if row.symbol == perp] == [Decimal("0.5")]
    assert [event for event in events if isinstance(event, Mark)] == [
        Mark(T0 + 6, perp, 100.5, 100.4),
        Mark(T0 + 8, perp, 100.6, 100.4),
    ]
    assert OpenInterest(T0 + 6, perp, 50.0) in events
    assert FundingRate(T0 + 6, perp, 0.0001, T0 + 1) in events
    assert Bar(T0 + 60_000, perp, 60_000, 1.0, 3.0, 1.0, 2.0, 9.0) in events
    assert report.defects == {"gap": 1}
    assert fold(events, perp).levels(Side.SELL, 1) == [(101.0, 3.0)]


def test_hyperliquid_books_and_trades(tmp_path: Path) -> None:
    book = {"coin": "BTC", "time": T0 - 5, "levels": [[{"px": "10", "sz": "1", "n": 2}], []]}
    deal = {"coin": "BTC", "side": "A", "px": "10", "sz": "2", "time": T0 - 9, "tid": 11, "hash": "0x"}
    messages = [{"channel": "l2Book", "data": book}, {"channel": "trades", "data": [deal]}]
    report = import_source([record(tmp_path / "r.jsonl.gz", messages)], tmp_path / "t")
    assert facts(report) == [
        BookSnapshot(T0, "hyperliquid:BTC", T0 - 5, ((10.0, 1.0),), ()),
        Trade(T0 + 1, "hyperliquid:BTC", T0 - 9, 10.0, 2.0, Side.SELL, "11"),
    ]


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([{"stream": "btcusdt@depth", "data": {"s": "BTCUSDT", "u": "x"}}], "line 1"),
        ([depth(1, 2, 1, [["nan", "1"]], [])], "line 1: Expected `float` > 0.0"),
        ([{"channel": "l2Book", "data": {"coin": "BTC"}}], "line 1: "),
        ([bybit("orderbook.1.X", "delta", {"b": 3})], "line 1: "),
        ([{"arg": {"channel": "books"}, "data": []}, "text"], "line 2: "),
        ([{"code": "0", "data": [{"tickSz": "1"}]}, {"code": "0", "data": 3}], "line 2: "),
        ([{"what": "is this"}], "no importer knows this format"),
        ([{"stream": "a@trade", "data": {}}, {"channel": "l2Book"}], "could be binance_stream, hyperliquid"),
        ([snapshot(1, [], []), {"stream": "a@trade", "data": {}}], "which market it is of"),
    ],
)
def test_a_bad_recording_names_the_line_and_leaves_nothing(
    tmp_path: Path, messages: list[Any], problem: str
) -> None:
    file = record(tmp_path / "r.jsonl.gz", messages)
    with pytest.raises(TapeError, match=problem) as caught:
        import_source([file], tmp_path / "t")
    assert "r.jsonl.gz" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["r.jsonl.gz"]


def test_a_recording_that_is_cut_off_or_not_json_is_refused(tmp_path: Path) -> None:
    trade = {"channel": "trades", "data": []}
    whole = record(tmp_path / "r.jsonl.gz", [trade] * 300).read_bytes()
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TapeError, match=r"cut\.jsonl\.gz: after line \d+"):
        import_source([tmp_path / "cut.jsonl.gz"], tmp_path / "t")
    (tmp_path / "x.jsonl").write_text('{"recv_ns": 1, "msg": {}}\nnot json\n')
    with pytest.raises(TapeError, match=r"x\.jsonl: line 2"):
        import_source([tmp_path / "x.jsonl"], tmp_path / "t")
