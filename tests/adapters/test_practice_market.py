"""What the practice market tells is consistent: books, trades, candles and the clock agree."""

from collections import defaultdict
from itertools import pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.adapters.practice import DEFAULT, PracticeSpec, instruments, stream
from cockpit.adapters.practice.history import history
from cockpit.adapters.practice.mood import MOODS, Walk
from cockpit.adapters.practice.spec import BTC, PROFILES, WIF_SWAP
from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.types import Kind, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.strategies.ema_trend import EmaTrend
from cockpit.strategies.ema_trend import Params as EmaParams

SEEDS = st.integers(min_value=0, max_value=2**64 - 1)


def told(spec: PracticeSpec, seconds: int) -> list[ev.AnyEvent]:
    end = spec.start_ms + seconds * 1_000
    return list(takewhile(lambda event: event.ts <= end, stream(spec)))


class Reader:
    """Follows the stream as a suspicious subscriber: every message must agree with the ones before."""

    def __init__(self, spec: PracticeSpec) -> None:
        self.spec = spec
        self.instruments = instruments(spec)
        self.books: dict[str, Book] = {}
        self.now = spec.start_ms
        self.eaten: dict[str, dict[tuple[Side, float], float]] = defaultdict(dict)
        self.printed: dict[str, list[ev.Trade]] = defaultdict(list)
        self.spreads: dict[str, list[float]] = defaultdict(list)
        self.bars: list[ev.Bar] = []

    def read(self, event: ev.AnyEvent) -> None:
        assert event.ts >= self.now
        self.now = event.ts
        hook = getattr(self, f"on_{type(event).__name__.lower()}", None)
        if hook is not None:
            hook(event)

    def on_booksnapshot(self, event: ev.BookSnapshot) -> None:
        book = self.books[event.symbol] = Book()
        assert book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        self.check_levels(event)

    def on_bookdelta(self, event: ev.BookDelta) -> None:
        book = self.books[event.symbol]
        assert event.bids or event.asks
        assert book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
        assert book.ok
        self.check_levels(event)
        for side in (Side.BUY, Side.SELL):
            assert 20 <= len(book.levels(side, 100)) <= 40
        for (side, price), left in self.eaten.pop(event.symbol, {}).items():
            assert dict(book.levels(side, 100)).get(price, 0.0) <= left + 1e-9
        self.spreads[event.symbol].append((book.best_ask - book.best_bid) / book.best_bid)

    def check_levels(self, event: ev.BookSnapshot | ev.BookDelta) -> None:
        instrument = self.instruments[event.symbol]
        for levels, descending in ((event.bids, True), (event.asks, False)):
            prices = [price for price, _ in levels]
            assert prices == sorted(prices, reverse=descending)
            for price, size in levels:
                assert price == float(instrument.price(price))
                assert size == 0.0 or size == float(instrument.qty(size)) > 0.0

    def on_trade(self, event: ev.Trade) -> None:
        """It happens at the best price still there, and no more than what is there."""
        instrument = self.instruments[event.symbol]
        assert event.qty == float(instrument.qty(event.qty)) > 0.0
        eaten = self.eaten[event.symbol]
        side = event.side.opposite
        levels = self.books[event.symbol].levels(side, 100)
        left = [(price, eaten.get((side, price), size)) for price, size in levels]
        price, there = next((price, size) for price, size in left if size > 1e-9)
        assert event.price == price
        assert event.qty <= there + 1e-9
        eaten[side, price] = there - event.qty
        self.printed[event.symbol].append(event)

    def on_bar(self, event: ev.Bar) -> None:
        self.bars.append(event)
        assert event.ts % event.tf == 0
        assert event.low <= min(event.open, event.close) <= max(event.open, event.close) <= event.high

    def on_mark(self, event: ev.Mark) -> None:
        assert abs(event.mark / event.index - 1.0) < 0.002
        book = self.books[event.symbol]
        assert abs((book.best_bid + book.best_ask) / 2 / event.index - 1.0) < 0.01


@settings(max_examples=12)
@given(SEEDS, st.sampled_from((0.5, 1.0, 8.0)))
def test_a_suspicious_reader_finds_nothing(seed: int, rate: float) -> None:
    spec = PracticeSpec(seed=seed, rate=rate)
    reader = Reader(spec)
    for event in told(spec, 6):
        reader.read(event)
    assert set(reader.printed) == set(DEFAULT)


def test_a_long_session_stays_consistent_through_all_moods_and_droughts() -> None:
    spec = PracticeSpec(seed=5, symbols=(WIF_SWAP, DEFAULT[3]), rate=1.0)
    reader = Reader(spec)
    for event in told(spec, 600):
        reader.read(event)
    assert len(reader.bars) == 2 * (600 // 5 + 10)


def units(trade: ev.Trade, spec: PracticeSpec) -> float:
    instrument = instruments(spec)[trade.symbol]
    amount = trade.qty * float(instrument.contract_value)
    return amount / trade.price if instrument.kind is Kind.INVERSE else amount


def test_candles_are_the_trades_and_nothing_else() -> None:
    spec = PracticeSpec(seed=3, start_ms=1_700_000_040_000, bar_ms=(5_000, 15_000, 60_000))
    assert spec.start_ms % 60_000 == 0
    reader = Reader(spec)
    for event in told(spec, 60):
        reader.read(event)
    assert len(reader.bars) == len(DEFAULT) * (12 + 4 + 1)
    for bar in reader.bars:
        inside = [t for t in reader.printed[bar.symbol] if bar.ts - bar.tf <= t.ts < bar.ts]
        prices = [trade.price for trade in inside]
        assert (bar.open, bar.close) == (prices[0], prices[-1])
        assert (bar.high, bar.low) == (max(prices), min(prices))
        assert bar.volume == pytest.approx(sum(units(trade, spec) for trade in inside), rel=1e-9)


def test_a_candle_is_told_before_anything_else_of_the_next_one() -> None:
    spec = PracticeSpec(seed=3)
    latest: dict[str, int] = {}
    for event in told(spec, 20):
        if isinstance(event, ev.Bar):
            assert latest[event.symbol] < event.ts
        elif isinstance(event, ev.Trade):
            latest[event.symbol] = event.ts


def test_a_candle_without_trades_repeats_the_last_close() -> None:
    spec = PracticeSpec(seed=3, symbols=(DEFAULT[3],), rate=0.05)
    bars = [event for event in told(spec, 300) if isinstance(event, ev.Bar) and event.tf == 5_000]
    empty = [i for i in range(1, len(bars)) if bars[i].volume == 0.0]
    assert empty
    for i in empty:
        assert {bars[i].open, bars[i].high, bars[i].low, bars[i].close} == {bars[i - 1].close}


def test_it_opens_with_listings_then_books_then_what_the_venue_publishes() -> None:
    spec = PracticeSpec(seed=9)
    first = [type(event).__name__ for event in told(spec, 0)]
    assert first[:12] == ["Listing"] * 6 + ["BookSnapshot"] * 6
    assert first[12:].count("Mark") == 6
    assert first[12:].count("FundingRate") == first[12:].count("OpenInterest") == 5


def test_funding_is_predicted_every_minute_and_settled_on_the_hour() -> None:
    hour = 3_600_000
    spec = PracticeSpec(seed=9, symbols=(WIF_SWAP,), start_ms=472_222 * hour - 65_000, rate=0.1)
    rates = [event for event in told(spec, 130) if isinstance(event, ev.FundingRate)]
    settled = [event for event in rates if event.settled]
    assert [(event.ts, event.settle_ts) for event in settled] == [(472_222 * hour, 472_222 * hour)]
    before = [event for event in rates if not event.settled and event.ts < settled[0].ts]
    after = [event for event in rates if not event.settled and event.ts >= settled[0].ts]
    assert settled[0].rate == before[-1].rate
    assert {event.settle_ts for event in before} == {472_222 * hour}
    assert {event.settle_ts for event in after} == {472_223 * hour}
    assert all(abs(event.rate) <= 0.0075 / 8 for event in rates)


def test_spot_has_no_funding_and_no_open_interest() -> None:
    spec = PracticeSpec(seed=9, symbols=(DEFAULT[5],))
    kinds = {type(event) for event in told(spec, 12)}
    assert ev.FundingRate not in kinds
    assert ev.OpenInterest not in kinds
    assert {ev.Mark, ev.Bar, ev.Trade, ev.BookDelta} <= kinds


def test_the_thin_market_is_wide_and_the_thick_one_is_not() -> None:
    spec = PracticeSpec()
    reader = Reader(spec)
    for event in told(spec, 60):
        reader.read(event)
    middle = {symbol: sorted(spreads)[len(spreads) // 2] for symbol, spreads in reader.spreads.items()}
    assert 0.001 <= middle[WIF_SWAP] <= 0.002
    assert all(spread < 0.0003 for symbol, spread in middle.items() if symbol != WIF_SWAP)
    instrument = instruments(spec)[DEFAULT[0]]
    assert middle[DEFAULT[0]] < 3 * float(instrument.tick) / 60_000


def autocorrelation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    spread = sum((value - mean) ** 2 for value in values)
    return sum((a - mean) * (b - mean) for a, b in pairwise(values)) / spread


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_volatility_comes_in_clusters_and_returns_do_not(seed: int) -> None:
    walk = Walk(seed, BTC, "walk")
    returns, moods, jumps = [], set(), 0
    for _ in range(4_000):
        total = 0.0
        for _ in range(20):
            total += walk.step()
            jumps += walk.jumped
        returns.append(total)
        moods.add(walk.mood)
    assert autocorrelation([abs(value) for value in returns]) > 0.05
    assert abs(autocorrelation(returns)) < 0.15
    assert len(moods) >= len(MOODS) - 2
    assert jumps >= 1


def test_prices_stay_positive_and_in_sight_for_months() -> None:
    for seed in range(3):
        walk = Walk(seed, PROFILES[WIF_SWAP].coin, "past", 300_000, -1)
        prices = []
        for _ in range(90 * 288):
            walk.step()
            prices.append(walk.price)
        assert 0.2 < min(prices) < max(prices) < 20.0


@settings(max_examples=15)
@given(SEEDS, st.sampled_from(DEFAULT), st.integers(min_value=0, max_value=25))
def test_history_of_all_lengths_tells_one_story(seed: int, symbol: str, later: int) -> None:
    spec = PracticeSpec(seed=seed, start_ms=1_700_000_040_000 + later * 5_000)
    minutes = history(spec, symbol, 60_000, 10)
    small = history(spec, symbol, 5_000, 200)
    assert [bar.ts for bar in minutes] == [
        spec.start_ms // 60_000 * 60_000 - i * 60_000 for i in reversed(range(10))
    ]
    for bar in minutes:
        parts = [part for part in small if bar.ts - 60_000 < part.ts <= bar.ts]
        assert len(parts) == 12
        assert (bar.open, bar.close) == (parts[0].open, parts[-1].close)
        assert (bar.high, bar.low) == (max(p.high for p in parts), min(p.low for p in parts))
        assert bar.volume == pytest.approx(sum(part.volume for part in parts))
    assert history(spec, symbol, 5_000, 50) == small[-50:]


@settings(max_examples=15)
@given(SEEDS)
def test_history_ends_where_the_stream_begins(seed: int) -> None:
    spec = PracticeSpec(seed=seed)
    books = [event for event in told(spec, 0) if isinstance(event, ev.BookSnapshot)]
    for book in books:
        last = history(spec, book.symbol, 5_000, 1)[0]
        bid, ask = book.bids[0][0], book.asks[0][0]
        assert last.ts == spec.start_ms
        assert abs(last.close / ((bid + ask) / 2) - 1.0) <= PROFILES[book.symbol].spread + 0.0001


def test_a_candle_open_at_the_start_has_its_past() -> None:
    """Started in mid-minute, the first minute candle holds what history knows of it and the trades since."""
    minute = 1_700_000_040_000
    spec = PracticeSpec(seed=6, start_ms=minute + 40_000)
    symbol = DEFAULT[0]
    past = history(spec, symbol, 5_000, 8)
    seen = told(spec, 20)
    bar = next(e for e in seen if isinstance(e, ev.Bar) and e.tf == 60_000 and e.symbol == symbol)
    trades = [e for e in seen if isinstance(e, ev.Trade) and e.symbol == symbol and e.ts < bar.ts]
    assert bar.ts == minute + 60_000
    assert bar.open == past[0].open
    assert bar.high == max([p.high for p in past] + [t.price for t in trades])
    volume = sum(p.volume for p in past) + sum(units(t, spec) for t in trades)
    assert bar.volume == pytest.approx(volume, rel=1e-9)


def test_the_default_session_gives_both_built_in_strategies_something_to_do() -> None:
    """ema_trend, warmed by history, enters at the first 5 s candle; a quote on the wide market is reached."""
    spec = PracticeSpec()
    symbol = DEFAULT[0]
    trend, pen = EmaTrend.create(EmaParams()), Want()
    view = View(instruments(spec)[symbol], Book())
    for bar in history(spec, symbol, 5_000, 300):
        trend.on_bar(bar, view, pen)
    assert trend.attempt.side == 0
    seen = told(spec, 5)
    bar = next(e for e in seen if isinstance(e, ev.Bar) and e.symbol == symbol and e.tf == 5_000)
    trend.on_bar(bar, view, pen)
    assert trend.attempt.side != 0
    book = next(e for e in seen if isinstance(e, ev.BookSnapshot) and e.symbol == WIF_SWAP)
    beyond = []
    for (price, size), side in ((book.bids[0], Side.SELL), (book.asks[0], Side.BUY)):
        through = [
            trade.qty
            for trade in seen
            if isinstance(trade, ev.Trade) and trade.symbol == WIF_SWAP and trade.side is side
            if (price - trade.price) * side.sign <= 0
        ]
        beyond.append(sum(through) - size)
    assert max(beyond) > 10.0
