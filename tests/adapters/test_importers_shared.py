"""The recorded market data itself: what the import finds is what its README counted."""

import gzip
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.adapters.importers.intake import ImportReport, import_source
from cockpit.adapters.store.tape import batches, read, read_info, verify
from cockpit.core.book import Book
from cockpit.core.events import AnyEvent, Bar, BookDelta, BookSnapshot, FundingRate, Touch, Trade
from cockpit.core.types import Side

pytestmark = pytest.mark.shared

HOUR = 3_600_000
BTC, ETH = "binance:BTCUSDT", "binance:ETHUSDT"


def fold(path: Path | str) -> dict[str, tuple[Book, int]]:
    """Books at the end of a tape, and how many messages each was not whole after."""
    books: dict[str, tuple[Book, int]] = {}
    for batch in batches(path):
        for event in batch:
            if isinstance(event, BookSnapshot | BookDelta):
                book, broken = books.setdefault(event.symbol, (Book(), 0))
                if isinstance(event, BookSnapshot):
                    fine = book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
                else:
                    fine = book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
                books[event.symbol] = book, broken + (not fine)
    return books


def test_six_years_of_hourly_perpetuals_with_funding(shared: Path, tmp_path: Path) -> None:
    market = shared / "market"
    sources = [
        market / "ohlcv" / "binance_perp_1h_long.parquet",
        market / "funding" / "binance_funding.parquet",
    ]
    report = import_source(sources, tmp_path / "t", symbols=[BTC, ETH])
    assert report.tape.symbols == {
        BTC: {"funding": 6914, "bars": 55351},
        ETH: {"funding": 6680, "bars": 53441},
    }
    assert report.defects == {}
    assert report.tape.bar_lengths == {BTC: (HOUR,), ETH: (HOUR,)}
    assert verify(report.path) == []
    last = 0
    kinds: Counter[str] = Counter()
    for event in read(report.path):
        assert event.ts >= last
        last = event.ts
        kinds[type(event).__name__] += 1
        if isinstance(event, FundingRate):
            assert event.settled
            assert event.settle_ts == event.ts
    assert kinds == {"Listing": 2, "Bar": 108_792, "FundingRate": 13_594}
    assert last == 1_767_225_600_000
    first = next(event for event in read(report.path, symbols=[BTC]) if isinstance(event, Bar))
    assert first.ts == 1_567_962_000_000 + HOUR


def test_the_coinbase_hour(shared: Path, tmp_path: Path) -> None:
    file = shared / "market" / "books" / "coinbase_btcusd_l2_2018-04-24.parquet"
    report = import_source([file], tmp_path / "t")
    assert report.sources[0].rows == 213_864
    assert report.defects == {}
    ((symbol, (book, broken)),) = fold(report.path).items()
    assert symbol == "coinbase:BTC-USD"
    assert broken == 0
    assert (book.best_bid, book.best_ask) == (9227.61, 9227.62)
    half = (report.tape.start_ms + report.tape.end_ms) // 2
    late = Book()
    for event in read(report.path, start_ms=half):
        if isinstance(event, BookSnapshot):
            assert event.ts == half
            late.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif isinstance(event, BookDelta):
            late.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
    for side in Side:
        assert late.levels(side, 99_999) == book.levels(side, 99_999)


@pytest.mark.parametrize(
    ("name", "symbol", "counts", "before"),
    [
        (
            "binance_spot_btcusdt_2024-08-08_09",
            "binance-spot:BTCUSDT",
            {"touch": 73_174, "trades": 19_904, "depth": 6_495},
            (3, 1),
        ),
        (
            "binance_usdm_ethusdt_2024-08-08",
            ETH,
            {"touch": 53_992, "trades": 14_076, "depth": 6_586},
            (7, 1),
        ),
    ],
)
def test_a_raw_binance_recording(
    shared: Path, tmp_path: Path, name: str, symbol: str, counts: dict[str, int], before: tuple[int, int]
) -> None:
    file = shared / "market" / "books" / "raw" / f"{name}.jsonl.gz"
    report = import_source([file], tmp_path / "t")
    rows = report.tape.symbols[symbol]
    assert (rows["touch"], rows["trades"]) == (counts["touch"], counts["trades"])
    received, newer = before
    # The snapshot itself, and every update but those that ended before it.
    assert rows["books"] == 1 + counts["depth"] - (received - newer)
    assert report.defects == {}
    assert "clock is behind" in report.tape.notes[0]
    book, broken = fold(report.path)[symbol]
    assert (broken, book.ok) == (0, True)
    agreed, seen = agreement(list(read(report.path)))
    assert seen > 1_000
    assert agreed / seen > 0.95


def agreement(events: list[AnyEvent]) -> tuple[int, int]:
    """How often the best prices after a depth message are those of a ticker within the next 10 messages."""
    book = Book()
    agreed = seen = 0
    for number, event in enumerate(events):
        if isinstance(event, BookSnapshot):
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif isinstance(event, BookDelta):
            book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
            near = [e for e in events[max(0, number - 10) : number + 10] if isinstance(e, Touch)]
            seen += 1
            agreed += any((e.bid, e.ask) == (book.best_bid, book.best_ask) for e in near)
    return agreed, seen


def test_trades_of_the_raw_recording_are_those_of_the_table(shared: Path, tmp_path: Path) -> None:
    market = shared / "market"
    raw = market / "books" / "raw" / "binance_usdm_btcusdt_2023-04-04_05.jsonl.gz"
    table = market / "trades" / "binance_trades_from_raw.parquet"
    one = import_source([raw], tmp_path / "raw")
    two = import_source([table], tmp_path / "table", symbols=[BTC], end=one.tape.end_ms + 1)
    assert one.tape.symbols[BTC] == {
        "funding": 514,
        "marks": 514,
        "books": 16_111,
        "touch": 44_205,
        "trades": 12_935,
    }
    trades = [[event for event in read(tape.path) if isinstance(event, Trade)] for tape in (one, two)]
    assert trades[0] == trades[1]
    assert fold(one.path)[BTC][1] == 0


def test_okx_five_minutes(shared: Path, tmp_path: Path) -> None:
    file = shared / "market" / "ohlcv" / "okx_swap_5m_2022.parquet"
    names = ["BTC-USDT-SWAP", "DOGE-USDT-SWAP"]
    report = import_source([file], tmp_path / "t", symbols=names)
    assert report.tape.symbols == {f"okx:{name}": {"bars": 52_992} for name in names}
    assert report.defects == {}
    terms = {row.native: row for row in read_info(report.path).instruments}
    assert terms["BTC-USDT-SWAP"].contract_value == Decimal("0.01")
    # DOGE was quoted finer in 2022 than it is now.
    assert terms["DOGE-USDT-SWAP"].tick == Decimal("0.000001")
    idle = sum(e.volume == 0 for e in read(report.path) if isinstance(e, Bar) and "BTC" in e.symbol)
    assert idle == 48


def test_real_gaps_are_told(shared: Path, tmp_path: Path) -> None:
    file = shared / "market" / "ohlcv" / "binance_spot_1h.parquet"
    report = import_source([file], tmp_path / "t", symbols=["BTCUSDT"])
    symbol = "binance-spot:BTCUSDT"
    assert report.tape.symbols == {symbol: {"faults": 27, "bars": 70_006}}
    missing = [int(e.detail.split()[0]) for e in read(report.path) if hasattr(e, "detail")]
    assert (sum(missing), max(missing)) == (122, 33)


def session(shared: Path, out: Path, *names: str) -> ImportReport:
    folder = shared / "market" / "okx_messages" / "sessions"
    return import_source([folder / f"{name}.jsonl.gz" for name in names], out)


def test_okx_sessions_with_checksums_and_the_definitions_of_their_day(shared: Path, tmp_path: Path) -> None:
    day = "2022-05-13"
    report = session(shared, tmp_path / "a", f"okx_ws_public_{day}", f"okx_rest_instruments_{day}")
    assert report.defects == {}
    assert report.inferred == ()
    assert sum(rows["books"] for rows in report.tape.symbols.values()) == 290
    assert sum(rows["trades"] for rows in report.tape.symbols.values()) == 74
    terms = {row.native: row for row in report.tape.instruments}
    assert terms["UNI-USD-SWAP"].settle == "UNI"
    assert terms["BTC-USD-220527"].contract_value == 100
    assert all(broken == 0 for _, broken in fold(report.path).values())
    report = session(shared, tmp_path / "b", "okx_ws_public_2021-07-22")
    assert report.defects == {}
    assert len(report.inferred) > 0


def test_bybit_and_hyperliquid(shared: Path, tmp_path: Path) -> None:
    raw = shared / "market" / "books" / "raw"
    report = import_source([raw / "bybit_ws_2026-08-09.jsonl.gz"], tmp_path / "a")
    assert report.defects == {}
    assert report.inferred == ()
    rows = report.tape.symbols
    linear = [counts for symbol, counts in rows.items() if symbol.startswith("bybit:")]
    spot = [counts for symbol, counts in rows.items() if symbol.startswith("bybit-spot:")]
    assert (len(linear), len(spot)) == (4, 2)
    assert [sum(c["books"] for c in side) for side in (linear, spot)] == [1_598, 550]
    raw_trades = Counter[str]()
    with gzip.open(raw / "bybit_ws_2026-08-09.jsonl.gz", "rb") as lines:
        for line in lines:
            message = json.loads(line)
            if str((message["msg"] or {}).get("topic")).startswith("publicTrade"):
                raw_trades[message["conn"]] += len(message["msg"]["data"])
    assert raw_trades == {
        "BYBIT.ws.2": sum(counts["trades"] for counts in linear),
        "BYBIT.ws.3": sum(counts["trades"] for counts in spot),
    }
    assert all(broken == 0 for _, broken in fold(report.path).values())
    report = import_source([raw / "hyperliquid_btc_2025-01-26.jsonl.gz"], tmp_path / "b")
    assert report.tape.symbols["hyperliquid:BTC"]["books"] == 46
