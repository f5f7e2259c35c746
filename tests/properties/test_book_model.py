"""After any sequence of messages the book shows what a naive dictionary would."""

from math import isnan
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import book as book_module
from cockpit.core.book import Book
from cockpit.core.types import Side

prices = st.integers(1, 60).map(lambda i: i / 2)
sizes = st.sampled_from((0.0, 0.0, 1.0, 2.5, 4.0))
sides = st.lists(st.tuples(prices, sizes), max_size=8)
messages = st.one_of(
    st.tuples(st.just("snapshot"), sides, sides),
    st.tuples(st.just("delta"), sides, sides),
    st.tuples(st.just("gap"), sides, sides),
    st.tuples(st.just("keepalive"), st.just([]), st.just([])),
)


class Naive:
    """The whole law in its slowest form."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.ok = False
        self.gaps = 0
        self.crossed = 0

    def put(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> None:
        for known, levels in ((self.bids, bids), (self.asks, asks)):
            known.update(levels)
            for price in [p for p, q in known.items() if q <= 0]:
                del known[price]
        self.ok = not (self.bids and self.asks and max(self.bids) >= min(self.asks))
        self.crossed += not self.ok


def play(script: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]]]]) -> None:
    book, naive, seq = Book(), Naive(), 0
    for ts, (word, bids, asks) in enumerate(script, 1):
        before, seq = seq, seq + (word != "keepalive")
        if word == "snapshot":
            naive.bids, naive.asks = {}, {}
            naive.put(bids, asks)
            assert book.apply_snapshot(bids, asks, seq, ts) is naive.ok
        elif word == "gap":
            naive.gaps += naive.ok
            naive.ok = False
            assert not book.apply_delta(bids, asks, seq, before + 1_000, ts)
        else:
            if naive.ok:
                naive.put(bids, asks)
            assert book.apply_delta(bids, asks, seq, before, ts) is naive.ok
        assert_equal(book, naive)


def assert_equal(book: Book, naive: Naive) -> None:
    bids = sorted(naive.bids.items(), reverse=True)
    asks = sorted(naive.asks.items())
    assert (book.ok, book.gaps, book.crossed) == (naive.ok, naive.gaps, naive.crossed)
    assert book.levels(Side.BUY, 99) == bids
    assert book.levels(Side.SELL, 99) == asks
    assert book.levels(Side.SELL, 2) == asks[:2]
    assert (book.best_bid, book.best_bid_qty) == bids[0] if bids else isnan(book.best_bid)
    assert (book.best_ask, book.best_ask_qty) == asks[0] if asks else isnan(book.best_ask)
    if book.ok:
        for price, size in bids + asks:
            assert book.size_at(price) == size
        wanted = 3.0
        average, filled, worst = book.walk(Side.BUY, wanted)
        assert filled == min(wanted, sum(size for _, size in asks))
        if asks:
            assert asks[0][0] <= average <= worst


@given(st.lists(messages, max_size=30))
def test_the_book_equals_a_naive_model(
    script: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]]]],
) -> None:
    play(script)


@given(st.lists(messages.filter(lambda m: m[0] in ("snapshot", "delta")), max_size=30))
def test_the_book_equals_a_naive_model_on_an_unbroken_chain(
    script: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]]]],
) -> None:
    play([("snapshot", [(1.0, 1.0)], [(30.0, 1.0)]), *script])


@given(st.lists(messages, max_size=30), st.integers(0, 6))
def test_sweeping_removed_levels_out_at_any_time_changes_nothing(
    script: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]]]], dead: int
) -> None:
    with patch.object(book_module, "DEAD", dead):
        play(script)


@given(st.lists(messages, max_size=30), st.integers(0, 29))
def test_a_recalled_book_goes_on_as_the_one_that_was_kept(
    script: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]]]], at: int
) -> None:
    book, seq = Book(), 0
    twin = book
    for ts, (word, bids, asks) in enumerate(script, 1):
        before, seq = seq, seq + 1
        if ts == at:
            twin = Book()
            twin.recall(book.kept())
        for one in (book, twin) if twin is not book else (book,):
            if word == "snapshot":
                one.apply_snapshot(bids, asks, seq, ts)
            else:
                one.apply_delta(bids, asks, seq, before if word != "gap" else before + 1_000, ts)
        assert repr(twin.kept()) == repr(book.kept())
