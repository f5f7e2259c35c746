"""The window: numbers a strategy may rely on, and equity that moves once a second."""

from __future__ import annotations

import pytest

from cockpit.core.book import Book
from cockpit.core.view import View
from tests.core.stand import INVERSE, LINEAR, SPOT


def test_it_starts_knowing_nothing() -> None:
    view = View(LINEAR, Book())
    assert (view.position, view.now, view.touch_ts, view.resting, view.latency) == (0.0, 0, 0, 0, 0.0)
    for number in (view.entry, view.last, view.mark, view.bid, view.ask, view.mid):
        assert number != number
    assert not view.book_ok
    assert view.equity == 0.0


def test_spot_cannot_be_short() -> None:
    assert View(LINEAR, Book()).can_short
    assert not View(SPOT, Book()).can_short


@pytest.mark.parametrize(
    ("instrument", "worth"), [(LINEAR, 3 * 0.01 * 200), (INVERSE, 3 * 100), (SPOT, 3 * 200)]
)
def test_notional_and_back(instrument: object, worth: float) -> None:
    view = View(instrument, Book())  # type: ignore[arg-type]
    assert view.notional(-3, 200.0) == pytest.approx(worth)
    assert view.qty_for(worth, 200.0) == pytest.approx(3)


def test_prices_are_the_books() -> None:
    book = Book()
    view = View(LINEAR, book)
    book.set_touch(99.0, 2.0, 101.0, 3.0, 5)
    assert (view.bid, view.bid_qty, view.ask, view.ask_qty, view.mid) == (99.0, 2.0, 101.0, 3.0, 100.0)
    assert view.book_ok


def test_equity_is_looked_up_once_a_second() -> None:
    view = View(LINEAR, Book())
    asked = []
    view.equity_of = lambda: float(asked.append(1) or len(asked))
    view.now = 5_000
    assert [view.equity, view.equity] == [1.0, 1.0]
    view.now = 5_999
    assert view.equity == 1.0
    view.now = 6_000
    assert view.equity == 2.0
    view.equity_at = -1
    assert view.equity == 3.0
