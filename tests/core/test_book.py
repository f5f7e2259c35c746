"""The order book: what it shows, and when it says that it may not be trusted."""

from math import isnan, nan

import pytest

from cockpit.core.book import Book
from cockpit.core.types import Side

BIDS = ((100.0, 1.0), (99.0, 2.0), (98.0, 4.0))
ASKS = ((101.0, 3.0), (102.0, 5.0))


def whole(seq: int = 10) -> Book:
    book = Book()
    assert book.apply_snapshot(BIDS, ASKS, seq, 1_000)
    return book


def test_a_new_book_knows_nothing() -> None:
    book = Book()
    assert not book.ok
    assert book.ts == 0
    assert isnan(book.best_bid)
    assert isnan(book.best_ask_qty)
    assert book.levels(Side.BUY, 5) == []
    assert isnan(book.imbalance(5))
    assert isnan(book.walk(Side.BUY, 1.0)[0])


def test_a_snapshot_makes_it_whole_in_any_order_of_levels() -> None:
    book = Book()
    assert book.apply_snapshot(reversed(BIDS), reversed(ASKS), 10, 1_000)
    assert book.ok
    assert (book.best_bid, book.best_bid_qty, book.best_ask, book.best_ask_qty) == (100.0, 1.0, 101.0, 3.0)
    assert book.levels(Side.BUY, 2) == [(100.0, 1.0), (99.0, 2.0)]
    assert book.levels(Side.SELL, 9) == list(ASKS)
    assert book.depth(Side.BUY, 2) == 3.0
    assert book.imbalance(2) == pytest.approx((3 - 8) / 11)
    assert book.size_at(98.0) == 4.0
    assert book.size_at(97.0) == 0.0
    assert (book.seq, book.ts) == (10, 1_000)


def test_okx_chain_with_keep_alive_and_maintenance_reset() -> None:
    book = whole(10)
    assert book.apply_delta(((100.0, 0.0),), ((100.5, 7.0),), 15, 10, 1_100)
    assert (book.best_bid, book.best_ask, book.best_ask_qty) == (99.0, 100.5, 7.0)
    assert book.apply_delta((), (), 15, 15, 1_200)
    assert book.ts == 1_200
    assert book.apply_delta(((99.5, 1.0),), (), 3, 15, 1_300)
    assert book.apply_delta((), ((100.5, 0.0),), 5, 3, 1_400)
    assert book.ok
    assert book.gaps == 0
    assert (book.best_bid, book.best_ask) == (99.5, 101.0)


def test_a_broken_chain_changes_nothing_until_the_next_snapshot() -> None:
    book = whole(10)
    assert not book.apply_delta(((100.5, 9.0),), (), 20, 12, 1_100)
    assert not book.ok
    assert book.gaps == 1
    assert book.best_bid == 100.0
    assert not book.apply_delta(((100.5, 9.0),), (), 11, 10, 1_200)
    assert book.gaps == 1
    assert book.ts == 1_000
    assert book.apply_snapshot(BIDS, ASKS, 30, 1_300)
    assert book.ok


def test_a_source_without_a_chain_is_taken_at_its_word() -> None:
    book = whole(0)
    assert book.apply_delta(((97.0, 1.0),), (), 0, -1, 1_100)
    assert book.depth(Side.BUY, 9) == 8.0


def test_a_delta_before_any_snapshot_is_refused() -> None:
    book = Book()
    assert not book.apply_delta(BIDS, ASKS, 5, -1, 1_000)
    assert not book.ok
    assert book.gaps == 0


@pytest.mark.parametrize("bid", [101.0, 101.5])
def test_a_crossed_or_locked_book_is_not_repaired_by_guessing(bid: float) -> None:
    book = whole(10)
    assert not book.apply_delta(((bid, 1.0),), (), 11, 10, 1_100)
    assert (book.ok, book.crossed) == (False, 1)
    assert not book.apply_delta(((bid, 0.0),), (), 12, 11, 1_200)
    assert not book.ok
    assert not book.apply_snapshot(((5.0, 1.0),), ((4.0, 1.0),), 13, 1_300)
    assert book.crossed == 2
    assert book.apply_snapshot(BIDS, ASKS, 14, 1_400)


def test_removing_an_unknown_level_and_garbage_sizes_do_no_harm() -> None:
    book = whole(10)
    assert book.apply_delta(((55.0, 0.0), (100.0, -1.0), (99.0, nan)), (), 11, 10, 1_100)
    assert book.levels(Side.BUY, 9) == [(98.0, 4.0)]


def test_one_side_may_be_empty() -> None:
    book = Book()
    assert book.apply_snapshot((), ASKS, 1, 1_000)
    assert isnan(book.best_bid)
    assert book.ok
    assert book.imbalance(3) == -1.0
    assert book.size_at(50.0) == 0.0
    assert book.size_at(102.0) == 5.0


def test_walk_is_what_a_market_order_meets() -> None:
    book = whole()
    assert book.walk(Side.BUY, 2.0) == (101.0, 2.0, 101.0)
    average, filled, worst = book.walk(Side.BUY, 6.0)
    assert average == pytest.approx((3 * 101 + 3 * 102) / 6)
    assert (filled, worst) == (6.0, 102.0)
    average, filled, worst = book.walk(Side.SELL, 100.0)
    assert average == pytest.approx((100 + 2 * 99 + 4 * 98) / 7)
    assert (filled, worst) == (7.0, 98.0)
    assert book.walk(Side.SELL, 0.0)[1] == 0.0


def test_a_touch_alone_is_a_book_of_one_level() -> None:
    book = Book()
    assert book.set_touch(10.0, 1.0, 11.0, 2.0, 500)
    assert book.ok
    assert book.levels(Side.SELL, 5) == [(11.0, 2.0)]
    assert book.walk(Side.SELL, 3.0) == (10.0, 1.0, 10.0)
    assert book.size_at(11.0) == 2.0
    assert not book.set_touch(12.0, 1.0, 11.0, 1.0, 600)
    assert (book.ok, book.crossed, book.ts) == (False, 1, 500)
    assert book.set_touch(0.0, 0.0, 11.0, 1.0, 700)
    assert book.ok
    assert isnan(book.best_bid)
    assert book.levels(Side.BUY, 5) == []


def test_a_touch_beside_depth_is_newer_news_about_the_first_level_only() -> None:
    book = whole(10)
    assert book.set_touch(99.0, 1.5, 101.0, 2.5, 1_050)
    assert (book.best_bid, book.best_bid_qty, book.best_ask_qty) == (99.0, 1.5, 2.5)
    assert book.levels(Side.BUY, 9) == [(99.0, 1.5), (98.0, 4.0)]
    assert book.levels(Side.SELL, 9) == [(101.0, 2.5), (102.0, 5.0)]
    assert book.size_at(100.0) == 0.0
    assert book.size_at(98.0) == 4.0
    assert book.size_at(102.0) == 5.0
    assert book.apply_delta((), (), 11, 10, 1_100)
    assert book.levels(Side.BUY, 9) == list(BIDS)


def test_a_crossed_touch_does_not_spoil_the_depth() -> None:
    book = whole(10)
    assert not book.set_touch(102.0, 1.0, 101.0, 1.0, 1_050)
    assert book.ok
    assert book.best_bid == 100.0
    assert book.crossed == 1


def test_a_touch_does_not_heal_a_gap() -> None:
    book = whole(10)
    book.apply_delta((), (), 20, 12, 1_100)
    assert book.set_touch(99.5, 1.0, 100.5, 1.0, 1_200)
    assert not book.ok
    assert book.best_ask == 100.5


def test_clear_forgets_levels_and_keeps_the_count() -> None:
    book = whole(10)
    book.apply_delta((), (), 20, 12, 1_100)
    book.clear()
    assert (book.ok, book.ts, book.gaps) == (False, 0, 1)
    assert isnan(book.best_bid)
    assert book.set_touch(1.0, 1.0, 2.0, 1.0, 5)
    assert book.ok
