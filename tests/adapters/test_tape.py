"""Tapes: what goes in comes out, in one order; damage and cuts are handled by rule."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.adapters.store import tape_columns, tape_writer
from cockpit.adapters.store.tape import TapeInfo, TapeWriter, batches, read, read_info, verify
from cockpit.core.book import Book
from cockpit.core.errors import TapeError
from cockpit.core.events import (
    Ack,
    Bar,
    BookDelta,
    BookSnapshot,
    DataFault,
    Event,
    FundingRate,
    Listing,
    Mark,
    MarketEvent,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Instrument, Kind, MarginTier, Side

A = Instrument(
    symbol="okx:BTC-USDT-SWAP",
    kind=Kind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.1"),
    lot=Decimal("0.01"),
    min_qty=Decimal("0.01"),
    contract_value=Decimal("0.01"),
    tiers=(MarginTier(Decimal(500), Decimal("0.004"), Decimal(100)),),
)
B = Instrument(
    symbol="coinbase:BTC-USD",
    kind=Kind.SPOT,
    base="BTC",
    quote="USD",
    settle="USD",
    tick=Decimal("0.01"),
    lot=Decimal("0.00000001"),
    min_qty=Decimal("0.001"),
)
ORDER = {DataFault: 0, FundingRate: 1, Mark: 2, OpenInterest: 3, BookSnapshot: 4, BookDelta: 4}
ORDER |= {Touch: 5, Trade: 6, Bar: 7}

times = st.integers(1_600_000_000_000, 1_600_000_000_040)
symbols = st.sampled_from((A.symbol, B.symbol))
numbers = st.floats(1e-9, 1e9)
levels = st.lists(st.tuples(numbers, numbers), max_size=4).map(tuple)
words = st.text(max_size=6)
EVENTS = st.one_of(
    st.builds(Bar, times, symbols, st.just(60_000), numbers, numbers, numbers, numbers, numbers),
    st.builds(Trade, times, symbols, times, numbers, numbers, st.sampled_from(Side), words),
    st.builds(BookSnapshot, times, symbols, times, levels, levels, st.integers(0, 1 << 40)),
    st.builds(BookDelta, times, symbols, times, levels, levels, st.integers(0, 9), st.integers(-1, 9)),
    st.builds(Touch, times, symbols, times, numbers, numbers, numbers, numbers),
    st.builds(Mark, times, symbols, numbers, numbers),
    st.builds(FundingRate, times, symbols, st.floats(-0.1, 0.1), times, st.booleans()),
    st.builds(OpenInterest, times, symbols, numbers),
    st.builds(DataFault, times, symbols, st.just("gap"), words),
)


def record(path: Path, events: Sequence[Event], source: str = "test") -> TapeInfo:
    writer = TapeWriter(path, source=source)
    writer.instrument(A)
    writer.instrument(B)
    for event in events:
        writer.add(event)
    return writer.close()


def in_order(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e.ts, ORDER[type(e)]))


def bar(ts: int, symbol: str = A.symbol, close: float = 2.0) -> Bar:
    return Bar(ts, symbol, 60_000, 1.0, 3.0, 0.5, close, 10.0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, min_size=1, max_size=40), st.sampled_from((2, 3, 100)))
def test_what_goes_in_comes_out_in_one_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: list[MarketEvent], group: int
) -> None:
    monkeypatch.setattr(tape_writer, "ROWS", group)
    monkeypatch.setattr(tape_writer, "ROW_GROUP", {"books": group})
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.tape"
    info = record(path, events)
    assert info.rows == len(events)
    assert read_info(path) == info
    out = list(read(path))
    assert out[:2] == [Listing(info.start_ms, B), Listing(info.start_ms, A)]
    assert out[2:] == in_order(events)
    assert verify(path) == []
    ours = [event for event in in_order(events) if event.symbol == A.symbol]
    if ours:
        assert list(read(path, symbols=[A.symbol])) == [Listing(info.start_ms, A), *ours]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, min_size=1, max_size=40), times, times)
def test_a_cut_is_half_open_and_begins_with_the_books_as_they_stood(
    tmp_path: Path, events: list[MarketEvent], one: int, two: int
) -> None:
    start, end = sorted((one, two))
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.tape"
    record(path, events)
    out = list(read(path, start_ms=start, end_ms=end + 1))
    expected = [event for event in in_order(events) if start <= event.ts <= end]
    got = [event for event in out if not isinstance(event, Listing)]
    assert got[len(got) - len(expected) :] == expected
    whole, cut = fold(in_order(events), end), fold(got, end)
    assert {s: b for s, b in whole.items() if b[0]} == {s: b for s, b in cut.items() if b[0]}


def fold(events: Sequence[Event], until: int) -> dict[str, tuple[bool, object, object]]:
    """Books after ``until``. What was already broken at the cut has nothing to show in either."""
    books: dict[str, Book] = {}
    for event in events:
        if isinstance(event, BookSnapshot) and event.ts <= until:
            book = books.setdefault(event.symbol, Book())
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif isinstance(event, BookDelta) and event.symbol in books and event.ts <= until:
            book = books[event.symbol]
            book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
    return {s: (b.ok, b.levels(Side.BUY, 99), b.levels(Side.SELL, 99)) for s, b in books.items()}


def test_nanoseconds_keep_the_order_inside_a_millisecond(tmp_path: Path) -> None:
    trade = Trade(5, A.symbol, 5, 1.0, 1.0, Side.BUY, "1")
    touch = Touch(5, A.symbol, 5, 1.0, 1.0, 2.0, 1.0)
    writer = TapeWriter(tmp_path / "t", source="test")
    writer.instrument(A)
    writer.add(touch, 5_000_900)
    writer.add(trade, 5_000_100)
    writer.close()
    assert list(read(tmp_path / "t"))[1:] == [trade, touch]


def test_the_index_counts_what_is_there_and_what_was_wrong(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path / "t", source="two exchanges")
    writer.instrument(A)
    writer.add(Listing(0, B))
    writer.add_bars(A.symbol, 60_000, [60_000, 120_000], [[1.0, 2.0]] * 5)
    writer.add_bars(A.symbol, 300_000, [300_000], [[1]] * 5)
    writer.fault(A.symbol, "gap", 120_000_000_000, "3 bars")
    writer.count(A.symbol, "duplicate", 2)
    writer.note("clock off")
    writer.note("clock off")
    info = writer.close()
    assert (info.start_ms, info.end_ms, info.rows) == (60_000, 300_000, 4)
    assert info.symbols == {A.symbol: {"faults": 1, "bars": 3}}
    assert info.bar_lengths == {A.symbol: (60_000, 300_000)}
    assert info.defects == {"duplicate": {A.symbol: 2}, "gap": {A.symbol: 1}}
    assert info.notes == ("clock off",)
    assert info.source == "two exchanges"
    events = list(read(tmp_path / "t"))
    assert events[3] == DataFault(120_000, A.symbol, "gap", "3 bars")
    assert events[2] == Bar(60_000, A.symbol, 60_000, 1.0, 1.0, 1.0, 1.0, 1.0)


def test_the_same_facts_make_the_same_bytes(tmp_path: Path) -> None:
    events = [bar(60_000 * i) for i in range(1, 50)]
    one, two = record(tmp_path / "a", events), record(tmp_path / "b", events)
    assert one == two
    assert (tmp_path / "a" / "tape.json").read_bytes() == (tmp_path / "b" / "tape.json").read_bytes()


def test_only_market_data_goes_on_a_tape(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path / "t", source="test")
    with pytest.raises(TapeError, match="not Ack"):
        writer.add(Ack(1, "c", "v"))
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_symbol_or_nothing_at_all_leaves_no_folder(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path / "t", source="test")
    writer.add(bar(60_000))
    with pytest.raises(TapeError, match="no instrument is known for okx:BTC-USDT-SWAP"):
        writer.close()
    with pytest.raises(TapeError, match="nothing to write"):
        TapeWriter(tmp_path / "t", source="test").close()
    with TapeWriter(tmp_path / "t", source="test") as writer:
        writer.add(bar(60_000))
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "t", [bar(60_000)])
    with pytest.raises(TapeError, match="exists already"):
        TapeWriter(tmp_path / "t", source="test")
    (tmp_path / "file").write_text("x")
    with pytest.raises(TapeError, match="cannot write"):
        TapeWriter(tmp_path / "file" / "t", source="test")


def test_missing_foreign_and_newer_folders_say_so(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="no tape at"):
        read_info(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TapeError, match="not a tape"):
        read_info(tmp_path / "empty")
    record(tmp_path / "t", [bar(60_000)])
    index = tmp_path / "t" / "tape.json"
    good = index.read_text()
    index.write_text(json.dumps({**json.loads(good), "version": 9}))
    with pytest.raises(TapeError, match="version 9, this cockpit reads 1"):
        read_info(tmp_path / "t")
    index.write_text(good[: len(good) // 2])
    with pytest.raises(TapeError, match=r"tape\.json is damaged"):
        read_info(tmp_path / "t")
    assert len(verify(tmp_path / "t")) == 1
    index.write_text(good.replace('"bars": {\n   "rows"', '"birds": {\n   "rows"'))
    with pytest.raises(TapeError, match="unknown parts: birds"):
        read_info(tmp_path / "t")


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    record(tmp_path / "t", [bar(60_000 * i, close=float(i)) for i in range(1, 500)])
    part = tmp_path / "t" / "bars.parquet"
    good = part.read_bytes()
    part.write_bytes(good[:-10])
    with pytest.raises(TapeError, match=r"bars\.parquet is damaged"):
        read_info(tmp_path / "t")
    flipped = bytearray(good)
    flipped[2_000] ^= 0xFF
    part.write_bytes(flipped)
    assert read_info(tmp_path / "t").rows == 499
    with pytest.raises(TapeError, match=r"bars\.parquet is damaged"):
        list(read(tmp_path / "t"))
    assert [text.split(":")[1][:10] for text in verify(tmp_path / "t")] == [" sha256 is"]
    part.unlink()
    with pytest.raises(TapeError, match="cannot be read"):
        read_info(tmp_path / "t")
    assert "No such file" in verify(tmp_path / "t")[0]


def test_verify_sees_an_index_that_lies(tmp_path: Path) -> None:
    record(tmp_path / "t", [bar(60_000), bar(120_000)])
    index = tmp_path / "t" / "tape.json"
    index.write_text(index.read_text().replace('"rows": 2', '"rows": 3').replace(A.symbol, "okx:X"))
    problems = verify(tmp_path / "t")
    assert len(problems) == 2
    assert "2 rows where 3 were recorded" in problems[0]
    assert "without an instrument: okx:BTC-USDT-SWAP" in problems[1]


def test_asking_for_a_symbol_that_is_not_there(tmp_path: Path) -> None:
    record(tmp_path / "t", [bar(60_000)])
    with pytest.raises(TapeError, match="does not hold okx:X; it holds coinbase:BTC-USD, okx"):
        list(read(tmp_path / "t", symbols=["okx:X"]))


def test_memory_is_bounded_by_row_groups(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path / "t", source="test")
    writer.instrument(A)
    count = tape_columns.ROWS * 2 + 5
    column = [1.0] * count
    writer.add_bars(A.symbol, 60_000, range(60_000, 60_000 * (count + 1), 60_000), [column] * 5)
    writer.close()
    sizes = [len(batch) for batch in batches(tmp_path / "t")]
    assert sizes == [1, tape_columns.ROWS, tape_columns.ROWS, 5]
    late = list(batches(tmp_path / "t", start_ms=60_000 * count))
    assert [len(batch) for batch in late] == [1, 1]
