"""Tables of others → tapes: candles, marks, funding, open interest, trades, levels; defects by rule."""

import gzip
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from cockpit.adapters.importers import instruments
from cockpit.adapters.importers.intake import ImportReport, import_source
from cockpit.adapters.store.tape import read, read_info, verify
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
    Trade,
)
from cockpit.core.types import Instrument, Kind, Side

T0 = 1_650_000_000_000
M5 = 300_000
H8 = 28_800_000
CANDLES = ("symbol", "ts_ms", "open", "high", "low", "close", "volume")


def candle(step: int, symbol: str = "BTC-USDT-SWAP", close: float = 40_000.5) -> tuple[Any, ...]:
    return symbol, T0 + step * M5, 40_000.0, 40_100.5, 39_900.0, close, 12.5


def table(path: Path, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Path:
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    if path.suffix == ".parquet":
        parquet.write_table(pa.table(columns), path)
    else:
        lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    return path


def facts(report: ImportReport) -> list[AnyEvent]:
    assert verify(report.path) == []
    return [event for event in read(report.path) if not isinstance(event, Listing)]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_candles_become_bars_known_at_their_close(tmp_path: Path, suffix: str) -> None:
    rows = [candle(0), candle(1, close=40_050.0), candle(0, "ETH-USDT-SWAP")]
    file = table(tmp_path / f"c{suffix}", CANDLES, [*rows, candle(1, "ETH-USDT-SWAP")])
    report = import_source([file], tmp_path / "t")
    events = facts(report)
    assert events[0] == Bar(T0 + M5, "okx:BTC-USDT-SWAP", M5, 40_000.0, 40_100.5, 39_900.0, 40_000.5, 12.5)
    assert [event.ts for event in events] == [T0 + M5, T0 + M5, T0 + 2 * M5, T0 + 2 * M5]
    assert report.tape.symbols == {"okx:BTC-USDT-SWAP": {"bars": 2}, "okx:ETH-USDT-SWAP": {"bars": 2}}
    assert report.tape.bar_lengths["okx:BTC-USDT-SWAP"] == (M5,)
    assert report.tape.instruments[0].contract_value == Decimal("0.01")
    assert (report.defects, report.inferred) == ({}, ())
    assert (report.sources[0].format, report.sources[0].rows, report.sources[0].facts) == ("ohlcv", 4, 4)


defective = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(("good", "good", "good", "high", "nan", "zero", "volume"))),
    min_size=1,
    max_size=25,
)


def spoil(row: tuple[Any, ...], how: str) -> tuple[Any, ...]:
    symbol, ts, first, high, low, close, volume = row
    return {
        "good": row,
        "high": (symbol, ts, first, low - 1.0, low, close, volume),
        "nan": (symbol, ts, first, high, low, float("nan"), volume),
        "zero": (symbol, ts, 0.0, high, low, close, volume),
        "volume": (symbol, ts, first, high, low, close, -1.0),
    }[how]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(defective)
def test_defects_are_handled_by_rule_and_counted(tmp_path: Path, plan: list[tuple[int, str]]) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    rows = [spoil(candle(step, close=40_000.0 + number), how) for number, (step, how) in enumerate(plan)]
    first: dict[int, str] = {}
    late, newest = 0, -1
    for step, how in plan:
        first.setdefault(step, how)
        late += step < newest
        newest = max(newest, step)
    good = sorted(step for step, how in first.items() if how == "good")
    file = table(folder / "c.parquet", CANDLES, rows)
    if not good and all(how == "good" for how in first.values()):
        return
    out = folder / "t"
    report = import_source([file], out, tf=M5)
    events = facts(report)
    assert [event.ts for event in events if isinstance(event, Bar)] == [T0 + (s + 1) * M5 for s in good]
    gaps = [event for event in events if isinstance(event, DataFault) and event.what == "gap"]
    missing = [b - a - 1 for a, b in pairwise(good) if b - a > 1]
    assert [event.detail for event in gaps] == [f"{count} bars missing" for count in missing]
    expected = {
        "late": late,
        "duplicate": len(plan) - len(first),
        "garbage": len(first) - len(good),
        "gap": len(missing),
    }
    assert report.defects == {what: count for what, count in expected.items() if count}


def test_duplicates_keep_the_first_and_a_gap_is_told_when_the_next_bar_closes(tmp_path: Path) -> None:
    rows = [candle(0, close=40_001.0), candle(0, close=40_002.0), candle(1), candle(4)]
    events = facts(import_source([table(tmp_path / "c.csv", CANDLES, rows)], tmp_path / "t"))
    assert isinstance(events[0], Bar)
    assert events[0].close == 40_001.0
    assert events[2] == DataFault(T0 + 5 * M5, "okx:BTC-USDT-SWAP", "gap", "2 bars missing")
    assert isinstance(events[3], Bar)


def test_a_bar_off_the_grid_of_the_others_is_garbage(tmp_path: Path) -> None:
    odd = ("BTC-USDT-SWAP", T0 + M5 + 7_000, 1.0, 1.0, 1.0, 1.0, 1.0)
    rows = [candle(0), candle(1), odd, candle(2)]
    report = import_source([table(tmp_path / "c.csv", CANDLES, rows)], tmp_path / "t")
    assert report.defects == {"garbage": 1}
    assert report.tape.parts["bars"].rows == 3


def test_several_sources_make_one_tape_and_overlaps_are_not_doubled(tmp_path: Path) -> None:
    names = ("symbol", "ts_ms", "funding_rate")
    rates = [("BTC-USDT-SWAP", T0 + H8 * n, 1e-4 * n) for n in (1, 2, 4)]
    (tmp_path / "mark").mkdir()
    marks = [row[:6] for row in (candle(0), candle(1))]
    sources = [
        table(tmp_path / "a.parquet", CANDLES, [candle(0), candle(1), candle(2)]),
        table(tmp_path / "b.parquet", CANDLES, [candle(1), candle(2), candle(3)]),
        table(tmp_path / "f.parquet", names, [*rates, rates[0]]),
        table(tmp_path / "mark" / "m.parquet", CANDLES[:6], marks),
    ]
    report = import_source(sources, tmp_path / "t", symbols=["BTC-USDT-SWAP"])
    symbol = "okx:BTC-USDT-SWAP"
    assert report.tape.symbols == {symbol: {"faults": 1, "funding": 3, "marks": 2, "bars": 4}}
    assert report.tape.defects == {"duplicate": {symbol: 3}, "gap": {symbol: 1}, "late": {symbol: 1}}
    events = facts(report)
    assert events[0] == Mark(T0 + M5, symbol, 40_000.5)
    assert FundingRate(T0 + 2 * H8, symbol, 2e-4, T0 + 2 * H8, True) in events
    assert DataFault(T0 + 4 * H8, symbol, "gap", "1 settlements missing") in events
    assert [source.format for source in report.sources] == ["ohlcv", "ohlcv", "funding", "marks"]


def test_a_window_and_a_selection_of_markets(tmp_path: Path) -> None:
    rows = [candle(n, symbol) for symbol in ("BTC-USDT-SWAP", "ETH-USDT-SWAP") for n in range(10)]
    file = table(tmp_path / "c.parquet", CANDLES, rows)
    report = import_source(
        [file], tmp_path / "t", symbols=["okx:ETH-USDT-SWAP"], start=T0 + 3 * M5, end=T0 + 6 * M5
    )
    assert [(event.ts - T0) // M5 for event in facts(report)] == [3, 4, 5]
    assert list(report.tape.symbols) == ["okx:ETH-USDT-SWAP"]


@pytest.mark.parametrize(
    ("header", "stamp"),
    [
        ("timestamp", "{s}"),
        ("open_time", "{s}000000"),
        ("date", "{iso}"),
        ("Datetime", "{iso}Z"),
        ("ts_ns", "{s}000000000"),
    ],
)
def test_times_in_any_unit(tmp_path: Path, header: str, stamp: str) -> None:
    seconds = T0 // 1000
    lines = [f"Pair,{header},Open,High,Low,Close,Volume"]
    for step, iso in ((0, "2022-04-15 05:20:00"), (1, "2022-04-15 05:25:00")):
        text = stamp.format(s=seconds + 300 * step, iso=iso)
        lines.append(f"BTC-USDT-SWAP,{text},1,2,0.5,1.5,10")
    file = tmp_path / "c.csv"
    file.write_text("\n".join(lines) + "\n")
    assert [event.ts for event in facts(import_source([file], tmp_path / "t"))] == [T0 + M5, T0 + 2 * M5]


def test_a_csv_dump_without_a_header_is_named_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT-5m-2022-04.csv.gz"
    rows = [f"{T0 + n * M5},1,2,0.5,1.5,10,{T0 + n * M5 + M5 - 1},15,3,5,7,0" for n in range(3)]
    file.write_bytes(gzip.compress("\n".join(rows).encode()))
    report = import_source([file], tmp_path / "t")
    assert report.tape.symbols == {"binance:BTCUSDT": {"bars": 3}}


def test_trades_in_both_spellings_of_the_takers_side(tmp_path: Path) -> None:
    names = ("ts_ms", "price", "size", "side", "trade_id", "recv_ns")
    rows = [
        (T0, 10.5, 1.0, "sell", 1, (T0 + 5) * 1_000_000 + 7),
        (T0 + 1, 10.6, 2.0, "buy", 2, (T0 + 4) * 1_000_000),
        (T0 + 1, 10.6, 2.0, "buy", 2, (T0 + 6) * 1_000_000),
        (T0 + 2, 0.0, 2.0, "buy", 3, (T0 + 7) * 1_000_000),
    ]
    file = table(tmp_path / "trades.parquet", names, rows)
    report = import_source([file], tmp_path / "t", symbol_map={"*": "binance:BTCUSDT"})
    first, second, fault = facts(report)
    assert first == Trade(T0 + 4, "binance:BTCUSDT", T0 + 1, 10.6, 2.0, Side.BUY, "2")
    assert second == Trade(T0 + 5, "binance:BTCUSDT", T0, 10.5, 1.0, Side.SELL, "1")
    assert isinstance(fault, DataFault)
    assert report.defects == {"duplicate": 1, "garbage": 1, "late": 1}
    file = tmp_path / "BTCUSDT-trades.csv"
    file.write_text(f"id,price,qty,time,is_buyer_maker\n7,10.5,3,{T0 + 9},True\n8,10.4,4,{T0},False\n")
    report = import_source([file], tmp_path / "u")
    assert facts(report) == [
        Trade(T0, "binance:BTCUSDT", T0, 10.4, 4.0, Side.BUY, "8"),
        Trade(T0 + 9, "binance:BTCUSDT", T0 + 9, 10.5, 3.0, Side.SELL, "7"),
    ]
    assert report.defects == {"late": 1}


def test_markets_of_one_trade_table_are_kept_apart(tmp_path: Path) -> None:
    names = ("symbol", "market", "ts_ms", "price", "size", "side")
    rows = [("BTCUSDT", "spot", T0, 1.0, 1.0, "buy"), ("BTCUSDT", "USD-M perpetual", T0, 1.5, 1.0, "sell")]
    report = import_source([table(tmp_path / "t.csv", names, rows)], tmp_path / "t")
    assert set(report.tape.symbols) == {"binance-spot:BTCUSDT", "binance:BTCUSDT"}


LEVELS = ("type", "ts_ms", "side", "price", "size")


def test_a_level_table_is_one_message_per_instant(tmp_path: Path) -> None:
    rows = [
        ("snapshot", T0, "bid", 99.0, 1.0),
        ("snapshot", T0, "bid", 100.0, 2.0),
        ("snapshot", T0, "ask", 101.0, 3.0),
        ("update", T0, "bid", 100.0, 0.0),
        ("update", T0 + 1, "bid", 102.0, 1.0),
        ("update", T0 + 1, "ask", 101.0, 0.0),
        ("update", T0 + 1, "ask", 103.0, 4.0),
    ]
    file = table(tmp_path / "coinbase_btcusd_l2.parquet", LEVELS, rows)
    symbol = "coinbase:BTC-USD"
    assert facts(import_source([file], tmp_path / "t")) == [
        BookSnapshot(T0, symbol, T0, ((100.0, 2.0), (99.0, 1.0)), ((101.0, 3.0),)),
        BookDelta(T0, symbol, T0, ((100.0, 0.0),), ()),
        BookDelta(T0 + 1, symbol, T0 + 1, ((102.0, 1.0),), ((101.0, 0.0), (103.0, 4.0))),
    ]


def test_a_crossed_book_orphans_and_garbage_levels_are_counted(tmp_path: Path) -> None:
    rows = [
        ("update", T0 - 1, "bid", 1.0, 1.0),
        ("snapshot", T0, "bid", 99.0, 1.0),
        ("snapshot", T0, "ask", 101.0, 3.0),
        ("update", T0 + 1, "bid", -5.0, 0.0),
        ("update", T0 + 3, "bid", 101.5, 1.0),
        ("update", T0 + 2, "bid", 98.0, 1.0),
    ]
    file = table(tmp_path / "coinbase_btcusd_l2.csv", LEVELS, rows)
    report = import_source([file], tmp_path / "t")
    faults = [event for event in facts(report) if isinstance(event, DataFault)]
    assert [(fault.what, fault.ts - T0) for fault in faults] == [("garbage", 1), ("crossed", 3)]
    assert report.defects == {"crossed": 1, "garbage": 1, "gap": 1, "late": 1}
    assert "1 book updates of coinbase:BTC-USD before any snapshot" in report.tape.notes[0]


def test_an_import_that_begins_inside_a_book_begins_with_the_book_as_it_stood(tmp_path: Path) -> None:
    rows = [
        ("snapshot", T0, "bid", 99.0, 1.0),
        ("snapshot", T0, "ask", 101.0, 3.0),
        ("update", T0 + 5, "bid", 100.0, 2.0),
        ("update", T0 + 20, "ask", 101.0, 1.0),
    ]
    file = table(tmp_path / "coinbase_btcusd_l2.parquet", LEVELS, rows)
    events = facts(import_source([file], tmp_path / "t", start=T0 + 10))
    assert events[0] == BookSnapshot(
        T0 + 10, "coinbase:BTC-USD", T0 + 20, ((100.0, 2.0), (99.0, 1.0)), ((101.0, 3.0),), 0
    )
    assert len(events) == 2


def test_open_interest_in_contracts_but_not_in_dollars(tmp_path: Path) -> None:
    names = ("symbol", "ts_ms", "oi")
    rows = [("BTCUSDT", T0 + 1, 5.0), ("BTCUSDT", T0, 4.0), ("BTCUSDT", T0 + 2, -1.0)]
    report = import_source([table(tmp_path / "o.parquet", names, rows)], tmp_path / "t")
    assert facts(report)[:2] == [
        OpenInterest(T0, "binance:BTCUSDT", 4.0),
        OpenInterest(T0 + 1, "binance:BTCUSDT", 5.0),
    ]
    assert report.defects == {"garbage": 1}
    dollars = table(tmp_path / "d.parquet", ("symbol", "ts_ms", "oi_usd"), [("BTCUSDT", T0, 1e9)])
    with pytest.raises(TapeError, match="in dollars"):
        import_source([dollars], tmp_path / "u")


BAD: list[tuple[str, str, str]] = [
    ("c.csv", "symbol,ts_ms,open,high,low,close\nX,1,2,3,1,abc\n", r"row 1: close is 'abc', not a number"),
    ("c.csv", "symbol,ts_ms,open,high,low,close\nX,1,2,3,1,2\nX,,2,3,1,2\n", r"row 2: ts is"),
    ("c.csv", "symbol,ts_ms,open,high,low,close\nX,1,2,3,1,2\nX,1\n", "Expected 6 columns"),
    ("c.csv", "symbol,ts_ms,open,high,low,close\nBTCUSDT,1650000000000,1,1,1,1\n", "one row does not show"),
    ("c.csv", "a,b\n1,2\n", r"no importer knows this format \(columns: a, b\)"),
    ("1.csv", "1,2,3\n", "3 columns and no header"),
    ("t.csv", "symbol,ts,price,size,side\nBTCUSDT,1,2,3,up\n", "row 1: side is 'up'"),
    ("l.csv", "type,ts,side,price,size\nsnapshot,1,x,2,3\n", "row 1: side is 'x'|say which it is"),
    ("c.csv", "ts,open,high,low,close\n1,1,1,1,1\n2,1,1,1,1\n", "no column names the market"),
    ("c.parquet", "PAR1 not really", r"c\.parquet: "),
    ("c.xlsx", "x", "neither a table"),
    ("e.csv", "", r"e\.csv"),
]


@pytest.mark.parametrize(("name", "text", "problem"), BAD)
def test_bad_input_names_the_place_and_leaves_nothing(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TapeError, match=problem) as caught:
        import_source([tmp_path / name], tmp_path / "t")
    assert "say which it is" in str(caught.value) or name in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    file = table(tmp_path / "c.csv", CANDLES, [candle(0), candle(1)])
    with pytest.raises(TapeError, match="no source was named"):
        import_source([], tmp_path / "t")
    with pytest.raises(TapeError, match="there is no file"):
        import_source([tmp_path / "nowhere.csv"], tmp_path / "t")
    with pytest.raises(TapeError, match="no importer is called 'excel'"):
        import_source([file], tmp_path / "t", format="excel")
    with pytest.raises(TapeError, match="nothing to write"):
        import_source([file], tmp_path / "t", symbols=["okx:DOGE-USDT-SWAP"])
    import_source([file], tmp_path / "t", format="ohlcv")
    with pytest.raises(TapeError, match="exists already"):
        import_source([file], tmp_path / "t")


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    file = table(tmp_path / "c.csv", CANDLES, [candle(0), candle(1)])
    import_source([file], tmp_path / "t", progress=lambda name, count: seen.append((name, count)))
    assert seen == [("c.csv", 2)]


# --- instruments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "symbol"),
    [
        ("BTC-USDT-SWAP", "okx:BTC-USDT-SWAP"),
        ("BTC-USD-220527", "okx:BTC-USD-220527"),
        ("BTC-USDT", "okx:BTC-USDT"),
        ("BTC-USD", "coinbase:BTC-USD"),
        ("tBTCUSD", "bitfinex:tBTCUSD"),
        ("1000PEPEUSDT", "binance:1000PEPEUSDT"),
        ("bybit:BTCUSDT", "bybit:BTCUSDT"),
    ],
)
def test_the_venue_by_the_spelling(native: str, symbol: str) -> None:
    assert instruments.symbol_of(native) == symbol


def test_a_name_of_no_venue_is_asked_about() -> None:
    with pytest.raises(TapeError, match="which venue"):
        instruments.symbol_of("btc/usdt")
    assert instruments.symbol_of("btc/usdt", "kraken") == "kraken:btc/usdt"


def test_the_table_is_consistent() -> None:
    for symbol, row in instruments.TABLE.items():
        assert row.symbol == symbol
        assert row.tick > 0
        assert row.lot > 0
        assert row.min_qty >= row.lot or row.kind is Kind.SPOT
        assert row.maker_fee <= row.taker_fee
        sizes = [tier.max_qty for tier in row.tiers]
        assert sizes == sorted(sizes)
        assert [tier.maintenance for tier in row.tiers] == sorted(tier.maintenance for tier in row.tiers)
        assert bool(sizes) is row.derivative
        for tier in row.tiers:
            assert tier.maintenance * tier.max_leverage <= 1
            assert tier.max_qty % row.lot == 0
    assert instruments.TABLE["okx:BTC-USD-SWAP"].settle == "BTC"
    assert instruments.TABLE["binance:ENAUSDT"].funding_interval_ms == 4 * 3_600_000


def test_unknown_markets_get_the_grid_of_their_data(tmp_path: Path) -> None:
    rows = [candle(n, "NEW-USDT-SWAP", close=40_000.125) for n in range(3)]
    report = import_source([table(tmp_path / "c.csv", CANDLES, rows)], tmp_path / "t")
    (instrument,) = read_info(report.path).instruments
    assert report.inferred == ("okx:NEW-USDT-SWAP",)
    assert (instrument.tick, instrument.kind, instrument.base) == (Decimal("0.001"), Kind.LINEAR, "NEW")
    assert "its grid was read off the data" in report.tape.notes[0]
    assert instruments.infer("okx:X-USD-240628", [1.5], [1.0]).kind is Kind.INVERSE
    assert instruments.infer("kraken:XBTUSD", [1.5], [0.25]).lot == Decimal("0.01")


def test_an_older_finer_tick_is_taken_from_the_data_and_a_given_instrument_wins(tmp_path: Path) -> None:
    rows = [candle(n, close=40_000.25) for n in range(50)]
    file = table(tmp_path / "c.csv", CANDLES, rows)
    report = import_source([file], tmp_path / "t")
    assert report.tape.instruments[0].tick == Decimal("0.01")
    assert "tick 0.01 instead of 0.1" in report.tape.notes[0]
    mine: Instrument = instruments.TABLE["okx:BTC-USDT-SWAP"]
    report = import_source([file], tmp_path / "u", instruments={mine.symbol: mine})
    assert report.tape.instruments == (mine,)
    rows = [candle(n, close=40_000.5 if n else 40_000.25) for n in range(100)]
    file = table(tmp_path / "d.csv", CANDLES, rows)
    assert import_source([file], tmp_path / "v").tape.instruments == (mine,)
