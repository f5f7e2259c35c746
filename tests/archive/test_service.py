"""The one door shows what could be known at an instant, and nothing of what came later."""

from math import isnan, log, sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.adapters.archive.archive import Archive
from cockpit.app.data.service import DataService
from cockpit.core.errors import ConfigError, TapeError
from cockpit.core.events import BookSnapshot, FundingRate
from tests.archive.rows import HOUR, START, SYMBOL, TERMS, bar, bars, others

NOW = START + 100 * HOUR
MONTH_LATER = START + 40 * 24 * HOUR
AWAY = {5, 6, 40, 41, 42}
HELD = [hour for hour in range(80) if hour not in AWAY]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January in Parquet, February hot, with holes."""
    folder = tmp_path_factory.mktemp("archive")
    with Archive(folder, write=True) as archive:
        archive.define([TERMS])
        archive.put(bars(*HELD[:40]))
        for hour in (8, 16, 24):
            archive.put(others(hour))
        archive.settle(MONTH_LATER)
        archive.put(bars(*HELD[40:]))
        archive.put([FundingRate(START + 30 * HOUR, SYMBOL, 0.009, START + 32 * HOUR)])
    return folder


def door(root: Path, now: int = NOW) -> DataService:
    return DataService(Archive(root), lambda: now)


@settings(max_examples=60, deadline=None)
@given(st.integers(-2 * HOUR, 90 * HOUR), st.integers(1, 50), st.integers(-5, 85), st.integers(0, 60))
def test_nothing_is_seen_before_it_could_be_known(
    root: Path, after: int, limit: int, first: int, hours: int
) -> None:
    """Against a list: what is shown had closed, and all that had closed and was asked for is shown."""
    as_of = START + after
    with door(root) as data:
        shown = data.get_ohlcv(SYMBOL, "1h", limit, as_of=as_of)
        assert shown == [bar(h) for h in HELD if START + (h + 1) * HOUR <= as_of][-limit:]
        lo, hi = START + first * HOUR, START + (first + hours) * HOUR
        ranged = data.get_candles_range(SYMBOL, "1h", lo, hi, as_of=as_of)
        whole = [h for h in HELD if first <= h and h + 1 <= first + hours]
        assert ranged == [bar(h) for h in whole if START + (h + 1) * HOUR <= as_of]
        rate = data.get_latest_funding(SYMBOL, as_of=as_of)
        known = [t for t in (8, 16, 24, 30) if START + t * HOUR <= as_of]
        assert (rate.ts if rate else 0) == (START + known[-1] * HOUR if known else 0)
        prices = data.get_latest_prices(SYMBOL, as_of=as_of)
        assert max(prices.last_ts, prices.mark_ts, prices.touch_ts) <= max(0, as_of)


def test_the_clock_bounds_what_is_asked(root: Path) -> None:
    """A question about the future is answered with the present."""
    with door(root, START + 10 * HOUR) as data:
        assert data.get_ohlcv(SYMBOL, "1h", 1, as_of=NOW) == [bar(9)]
        assert data.get_ohlcv(SYMBOL, "1h", 1) == [bar(9)]
        assert data.get_trades(SYMBOL, START, NOW) == [others(8)[4]]


def test_latest_prices_and_the_other_series(root: Path) -> None:
    with door(root) as data:
        prices = data.get_latest_prices(SYMBOL)
        assert (prices.last, prices.last_ts) == (bar(79).close, bar(79).ts)
        assert (prices.bid, prices.ask, prices.mark, prices.index) == (99.5, 100.5, 124.0, 123.0)
        old = data.get_latest_prices(SYMBOL, as_of=others(8)[4].ts)
        assert old.mark == 108.0
        span = (START, START + 16 * HOUR)
        assert data.get_funding(SYMBOL, *span) == [others(8)[0], others(16)[0]]
        assert data.get_marks(SYMBOL, *span) == [others(8)[1], others(16)[1]]
        assert data.get_open_interest(SYMBOL, *span, as_of=START + 9 * HOUR) == [others(8)[2]]
        assert data.get_books(SYMBOL, *span) == []
        assert data.timeframes(SYMBOL) == ["1h"]
        assert data.instruments() == {SYMBOL: TERMS}


def test_a_sampled_book_stands_in_for_a_touch(tmp_path: Path) -> None:
    book = BookSnapshot(START, SYMBOL, START, ((9.0, 1.0),), ((11.0, 1.0),))
    with Archive(tmp_path, write=True) as archive:
        archive.put([book])
    with door(tmp_path) as data:
        prices = data.get_latest_prices(SYMBOL)
        assert (prices.bid, prices.ask, prices.touch_ts, prices.last_ts) == (9.0, 11.0, START, 0)


def test_volatility_leaves_impossible_candles_out(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        broken = bar(2)
        archive.put([*bars(0, 1), type(broken)(broken.ts, SYMBOL, HOUR, 1.0, 1000.0, 1.0, 1.0, 0.0), bar(3)])
    good = bars(0, 1, 3)
    with door(tmp_path) as data:
        assert len(data.get_ohlcv(SYMBOL, "1h", 10)) == 4
        assert data.get_ohlcv(SYMBOL, "1h", 10, sound=True) == good
        year = 365 * 24
        ranges = sum(log(b.high / b.low) ** 2 for b in good) / 3 / (4 * log(2))
        assert data.get_volatility(SYMBOL, "1h", 10, method="parkinson") == pytest.approx(sqrt(ranges * year))
        assert data.get_volatility(SYMBOL, "1h", 10) > 0.0
        assert isnan(data.get_volatility(SYMBOL, "1h", 1))
        with pytest.raises(ConfigError, match="ewma, parkinson"):
            data.get_volatility(SYMBOL, "1h", 10, method="guess")


def test_wrong_questions_are_told_what_there_is(root: Path) -> None:
    with door(root) as data:
        with pytest.raises(TapeError, match=r"no 4h candles .*; there are 1h"):
            data.get_ohlcv(SYMBOL, "4h", 10)
        with pytest.raises(TapeError, match="nothing of okx:X"):
            data.get_latest_prices("okx:X")
        with pytest.raises(ConfigError, match="not a timeframe"):
            data.get_ohlcv(SYMBOL, "hourly", 10)
        with pytest.raises(ConfigError, match="limit = 0"):
            data.get_ohlcv(SYMBOL, "1h", 0)
        with pytest.raises(ConfigError, match="ends"):
            data.get_candles_range(SYMBOL, "1h", NOW, START)
        assert data.get_latest_funding("okx:X") is None


def test_nobody_opens_the_archive_but_its_own_package(repo: Path) -> None:
    """Business code asks the door: no other module names the archive, and SQL of it stands in one file."""
    sources = {
        file.relative_to(repo / "cockpit").as_posix(): file.read_text("utf-8")
        for file in sorted((repo / "cockpit").rglob("*.py"))
    }
    naming = {name for name, text in sources.items() if "adapters.archive" in text}
    assert {name for name in naming if not name.startswith(("adapters/archive/", "app/data/"))} <= {
        "app/reference.py"
    }
    speaking = {name for name, text in sources.items() if "hot_{" in text or "FROM months" in text}
    assert speaking == {"adapters/archive/index.py"}
