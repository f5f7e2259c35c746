"""The archive keeps each fact once, hot or cold, whatever happens between."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.adapters.archive.archive import Archive, Took
from cockpit.adapters.archive.index import joined, missing
from cockpit.adapters.archive.layout import Series, month_of, month_span
from cockpit.core.errors import StoreError, TapeError
from cockpit.core.events import Ack, Bar, BookSnapshot
from tests.archive.rows import HOUR, START, SYMBOL, TERMS, bar, bars, others

HOURLY = Series("bars", SYMBOL, HOUR)
MARCH = month_span("2024-03")[0]
LATER = month_span("2024-02")[1] + 1


def test_told_twice_is_kept_once_and_a_correction_counts(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        assert archive.put(bars(*range(5))) == Took(5, 5, 0, 0)
        assert archive.put(bars(*range(3, 7))) == Took(4, 2, 0, 0)
        assert archive.put([bar(4, 555.0)]) == Took(1, 0, 1, 0)
        assert archive.put([bar(9, float("nan"))]) == Took(1, 0, 0, 1)
        found = archive.events(HOURLY)
        assert found == [*bars(0, 1, 2, 3), bar(4, 555.0), *bars(5, 6)]
        assert archive.index.changes() == {HOURLY: (1, 1)}


def test_months_that_are_over_settle_and_nothing_is_lost(tmp_path: Path) -> None:
    facts = [*bars(*range(60)), *(fact for hour in range(60) for fact in others(hour))]
    book = BookSnapshot(START, SYMBOL, START, ((99.0, 1.0), (98.0, 2.0)), ((101.0, 3.0),), 7)
    with Archive(tmp_path, write=True) as archive:
        archive.define([TERMS])
        archive.put([*facts, book])
        before = {h.series: archive.events(h.series) for h in archive.holdings()}
        assert archive.settle(START) == 0
        assert archive.settle(LATER) == len(facts) + 1
        assert {h.series: archive.events(h.series) for h in archive.holdings()} == before
        assert before[Series("books", SYMBOL)] == [book]
        held = {h.series: h for h in archive.holdings()}
        assert (held[HOURLY].rows, held[HOURLY].hot, held[HOURLY].months) == (60, 0, 2)
        # A late word about a settled month is merged when that settles again.
        archive.put([bar(3, 7.0), bar(60)])
        assert archive.settle(LATER) == 2
        assert archive.events(HOURLY) == [*bars(0, 1, 2), bar(3, 7.0), *bars(*range(4, 61))]
        assert len(list((tmp_path / HOURLY.folder).glob("*.parquet"))) == 2
    with Archive(tmp_path) as reader:
        assert reader.index.markets() == {SYMBOL: TERMS}
        assert reader.events(HOURLY, START + 2 * HOUR, START + 4 * HOUR) == bars(1, 2)


def test_a_crash_between_file_and_index_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(tmp_path, write=True) as archive:
        archive.put(bars(*range(60)))

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(archive.index, "drop_hot", die)
            with pytest.raises(KeyboardInterrupt):
                archive.settle(LATER)
    with Archive(tmp_path, write=True) as archive:
        assert archive.events(HOURLY) == bars(*range(60))
        archive.settle(LATER)
        assert archive.events(HOURLY) == bars(*range(60))
        assert len(list((tmp_path / HOURLY.folder).glob("*.parquet"))) == 2


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(1, 3), st.booleans()), max_size=12),
    st.integers(0, 80),
    st.integers(1, 30),
)
def test_any_order_of_putting_and_settling_is_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]], cut: int, count: int
) -> None:
    """What is read is what a plain dictionary by close time would hold; the tail is its newest rows."""
    model: dict[int, Bar] = {}
    with Archive(tmp_path_factory.mktemp("any"), write=True) as archive:
        for hour, value, settle in steps:
            fresh = [bar(hour + k, 100.0 * value) for k in range(3)]
            archive.put(fresh)
            model.update({one.ts: one for one in fresh})
            if settle:
                archive.settle(LATER)
        rows = [model[ts] for ts in sorted(model)]
        assert archive.events(HOURLY) == rows
        end = START + cut * HOUR
        known = [one for one in rows if one.ts < end]
        tail = archive.tail(HOURLY, end, count)
        assert [ts // 1_000_000 for ts in tail.column("ts_ns").to_pylist()] == [o.ts for o in known][-count:]


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8)


@given(spans, st.integers(0, 50), st.integers(0, 50))
def test_spans_are_sets_of_instants(told: list[tuple[int, int]], lo: int, hi: int) -> None:
    inside = {t for a, b in told for t in range(a, b)}
    assert {t for a, b in joined(told) for t in range(a, b)} == inside
    open_ones = missing(told, lo, hi)
    assert {t for a, b in open_ones for t in range(a, b)} == set(range(lo, hi)) - inside
    assert open_ones == joined(open_ones)


def test_one_writer_many_readers_and_plain_refusals(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="no archive"):
        Archive(tmp_path / "none")
    with Archive(tmp_path, write=True) as archive:
        with pytest.raises(StoreError, match="another command"):
            Archive(tmp_path, write=True)
        with Archive(tmp_path) as reader:
            archive.put(bars(1))
            assert reader.events(HOURLY) == bars(1)
        with pytest.raises(TapeError, match="market data only"):
            archive.put([*bars(2), Ack(1, "x", "y")])
        assert archive.events(HOURLY) == bars(1)
        archive.index.db.execute("PRAGMA user_version = 99")
    with pytest.raises(TapeError, match="version 99"):
        Archive(tmp_path)
    with pytest.raises(TapeError, match="not a symbol"):
        Series("oi", "../../etc")
    assert ".." not in Series("oi", "x:../../../etc").folder.parts


def test_months_are_cut_in_utc() -> None:
    assert month_of(MARCH) == "2024-03"
    assert month_of(MARCH - 1) == "2024-02"
    assert month_span("2024-12")[1] == month_span("2025-01")[0]
