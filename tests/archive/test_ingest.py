"""An exchange's past over real sockets: page by page, cut off anywhere, gone on with, never asked twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from cockpit.adapters.archive.archive import Archive
from cockpit.adapters.archive.layout import Series
from cockpit.adapters.connectivity.history import Page
from cockpit.adapters.okx.history import INTEREST_STEP, MARK_STEP
from cockpit.adapters.okx_exchange import Running
from cockpit.app.data.ingest import Done, fill, plan, samples
from cockpit.app.data.quality import check
from cockpit.app.data.sources import by_venue, open_history
from cockpit.core.config import Config, ExchangeConfig, OkxConfig
from cockpit.core.errors import ConfigError, Transient, VenueError
from cockpit.core.events import AnyEvent, Bar, BookSnapshot, FundingRate, Mark, OpenInterest
from tests.archive.rows import HOUR, START, SYMBOL, bar
from tests.contract.fake_binance import FakeBinance
from tests.contract.fake_bybit import FakeBybit
from tests.okx_exchange.clients import exchange

MINUTE = 60_000
DAY = 24 * HOUR
SPOT = "okx:BTC-USDT"
ONES, QUARTERS = Series("bars", SYMBOL, MINUTE), Series("bars", SYMBOL, 15 * MINUTE)


def quiet(*_: object) -> None:
    """Nobody looks at the progress here."""


def config(running: Running) -> Config:
    return Config(okx=OkxConfig(rest=running.rest, socket=running.ws))


@asynccontextmanager
async def market() -> AsyncIterator[Running]:
    async with exchange(history=1_441, symbols=("BTC-USDT-SWAP", "BTC-USDT")) as running:
        yield running


def test_the_local_exchange_is_read_whole_and_only_once(tmp_path: Path) -> None:
    kinds = ("funding", "marks", "oi", "trades")
    wanted = [ONES, QUARTERS, Series("bars", SPOT, MINUTE), *(Series(kind, SYMBOL) for kind in kinds)]

    async def story(archive: Archive) -> None:
        async with market() as running:
            floor = running.server.venue.floors["BTC-USDT-SWAP"]
            floor.apply(FundingRate(running.server.venue.clock.now(), SYMBOL, 0.0003, START, settled=True))
            history = await open_history(config(running), "okx", [SYMBOL, SPOT])
            try:
                now = await history.look()
                jobs = plan(archive, wanted, now - 2 * DAY, now, incremental=False)
                first = {one.series: one for one in await fill(archive, history, jobs, now, quiet)}
                assert first[ONES].took.new >= 1_440
                assert first[ONES].pages >= 5
                assert first[QUARTERS].took.new >= 95
                assert not any(history.offers(kind, SPOT, 0) for kind in ("funding", "marks", "oi"))
                assert first[Series("oi", SYMBOL)].took.new >= 23
                again = await history.look()
                jobs = plan(archive, wanted, again - 2 * DAY, again, incremental=True)
                second = {one.series: one for one in await fill(archive, history, jobs, again, quiet)}
                assert second[ONES].pages == 1
                assert second[ONES].took.rows <= 4
                seen = await samples(archive, history, [Series("oi", SYMBOL), Series("books", SYMBOL)])
                assert [one.took.new for one in seen] == [1, 1]
            finally:
                await history.close()

    with Archive(tmp_path, write=True) as archive:
        asyncio.run(story(archive))
        for kind, step in (("marks", MARK_STEP), ("oi", INTEREST_STEP)):
            times = [one.ts for one in archive.events(Series(kind, SYMBOL))]
            assert max(times) <= time.time() * 1000  # nothing is known before its time is over
            assert sum(b - a == step for a, b in pairwise(times)) >= len(times) - 3
        quality = {h.series: check(archive, h, {}) for h in archive.holdings()}
        assert quality[ONES].sound
        assert quality[QUARTERS].sound
        bars = archive.events(QUARTERS)
        parts = {one.ts: one for one in archive.events(ONES) if isinstance(one, Bar)}
        for whole in bars[1:]:
            assert isinstance(whole, Bar)
            within = [parts[whole.ts - k * MINUTE] for k in range(14, -1, -1)]
            assert (whole.open, whole.close) == (within[0].open, within[-1].close)
            assert (whole.high, whole.low) == (max(b.high for b in within), min(b.low for b in within))
        marks = archive.events(Series("marks", SYMBOL))
        assert all(isinstance(m, Mark) and m.ts % MARK_STEP == 0 and m.mark > 0 for m in marks)
        (book,) = archive.events(Series("books", SYMBOL))
        assert isinstance(book, BookSnapshot)
        assert book.bids[0][0] < book.asks[0][0]
        interest = archive.events(Series("oi", SYMBOL))[-1]
        assert isinstance(interest, OpenInterest)


class Past:
    """An exchange of hourly candles that can fail, and counts what it is asked."""

    paged = frozenset(("bars",))
    sampled: frozenset[str] = frozenset()

    def __init__(self, hours: range, page: int = 10) -> None:
        self.hours = [bar(hour) for hour in hours]
        self.size = page
        self.told: list[int] = []
        self.fail: list[Exception] = []

    async def page(self, kind: str, symbol: str, tf: int, lo: int, hi: int) -> Page:
        if self.fail:
            raise self.fail.pop()
        rows = [one for one in self.hours if one.ts - HOUR < hi][-self.size :]
        rows = [one for one in rows if one.ts - HOUR >= lo]
        self.told += [one.ts for one in rows]
        facts: list[AnyEvent] = [*rows]
        whole = len(rows) < self.size
        return Page(facts, lo if whole else rows[0].ts - HOUR, hi)


HOURLY = Series("bars", SYMBOL, HOUR)
NOW = START + 96 * HOUR + 5


def filled(archive: Archive, past: Past, *, incremental: bool = False, now: int = NOW) -> list[Done]:
    jobs = plan(archive, [HOURLY], START, now, incremental=incremental)
    return asyncio.run(fill(archive, past, jobs, now, quiet, pause=quiet))  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [1, 4, 9])
def test_cut_off_anywhere_it_goes_on_where_it_was(tmp_path: Path, cut: int) -> None:
    past = Past(range(96))
    real = past.page

    async def dying(kind: str, symbol: str, tf: int, lo: int, hi: int) -> Page:
        if len(past.told) >= cut * 10:
            raise KeyboardInterrupt
        return await real(kind, symbol, tf, lo, hi)

    past.page = dying  # type: ignore[method-assign]
    with Archive(tmp_path, write=True) as archive, pytest.raises(KeyboardInterrupt):
        filled(archive, past)
    past.page = real  # type: ignore[method-assign]
    with Archive(tmp_path, write=True) as archive:
        filled(archive, past)
        assert archive.events(HOURLY) == past.hours
    # Only the last candle, which lies within the lag, was asked for twice.
    assert len(past.told) <= 97


def test_a_later_run_asks_for_what_is_new_and_fills_what_was_cut_off(tmp_path: Path) -> None:
    past = Past(range(40))
    with Archive(tmp_path, write=True) as archive:
        filled(archive, past, now=START + 40 * HOUR)
        past.hours = [bar(hour) for hour in range(96)]
        past.told.clear()
        past.fail = [VenueError("no"), *[Transient("busy")] * 3]
        with pytest.raises(VenueError, match="no"):
            filled(archive, past, incremental=True)
        (done,) = filled(archive, past, incremental=True)
        assert archive.events(HOURLY) == past.hours
        assert done.took.new == 56
        assert min(past.told) >= bar(39).ts


def test_an_exchange_that_stays_away_is_given_up(tmp_path: Path) -> None:
    past = Past(range(96))
    past.fail = [Transient("busy")] * 6
    with Archive(tmp_path, write=True) as archive:
        with pytest.raises(Transient, match="busy"):
            filled(archive, past)
        assert archive.holdings() == []
        past.fail = [Transient("busy")] * 5
        assert filled(archive, past)[0].took.new == 96


def test_symbols_are_sorted_by_exchange() -> None:
    found = by_venue(["okx:A", "binance:B", "okx:A", "okx:C"])
    assert found == {"okx": ["okx:A", "okx:C"], "binance": ["binance:B"]}
    for wrong, why in (("BTC-USDT", "not a symbol"), ("kraken:X", "okx, binance, bybit")):
        with pytest.raises(ConfigError, match=why):
            by_venue([wrong])


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_exchanges_behind_ccxt_tell_their_candles(tmp_path: Path, venue: str) -> None:
    """Pages of 30 candles, overlapping nowhere and leaving nothing out."""
    symbol = f"{venue}:BTCUSDT"
    minutes = Series("bars", symbol, MINUTE)

    async def story(archive: Archive) -> None:
        fake = FakeBinance() if venue == "binance" else FakeBybit()
        async with fake.running():
            where = ExchangeConfig(rest=fake.rest, socket=fake.socket)
            settings = Config(binance=where) if venue == "binance" else Config(bybit=where)
            history = await open_history(settings, venue, [symbol])
            try:
                now = await history.look() // MINUTE * MINUTE + 5
                jobs = plan(archive, [minutes], now - 4 * HOUR, now, incremental=False)
                (done,) = await fill(archive, history, jobs, now, quiet)
                assert 8 <= done.pages <= 10
                assert done.took.rows == done.took.new == 239
                paid = Series("funding", symbol)
                jobs = plan(archive, [paid], now - 60 * DAY, now, incremental=False)
                (done,) = await fill(archive, history, jobs, now, quiet)
                assert 179 <= done.took.new <= 180
                assert done.pages == (3 if venue == "binance" else 8)
                marks = Series("marks", symbol)
                jobs = plan(archive, [marks], now - 20 * HOUR, now, incremental=False)
                (done,) = await fill(archive, history, jobs, now, quiet)
                assert 239 <= done.took.new == done.took.rows <= 241
                interest = Series("oi", symbol)
                jobs = plan(archive, [interest], now - 60 * DAY, now, incremental=False)
                (done,) = await fill(archive, history, jobs, now, quiet)
                kept = 29 * 24 if venue == "binance" else 60 * 24
                assert kept - 2 <= done.took.new <= kept
                jobs = plan(archive, [marks, interest], now - 60 * DAY, now, incremental=True)
                again = await fill(archive, history, jobs, now, quiet)
                assert [one.took.new for one in again] == [0, 0]
                seen = await samples(archive, history, [Series("books", symbol)])
                assert seen[0].took.new == 1
            finally:
                await history.close()

    with Archive(tmp_path, write=True) as archive:
        asyncio.run(story(archive))
        found = {h.series.kind: check(archive, h, {}) for h in archive.holdings()}
        assert all(quality.sound for quality in found.values())
        assert (found["bars"].rows, found["funding"].step_ms) == (239, 8 * HOUR)
