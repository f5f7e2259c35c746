"""What quoting brings is measured against the middle of the book, then and some seconds later."""

from __future__ import annotations

from math import inf, nan

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.frames import FRAME_DECODER, FRAME_ENCODER
from cockpit.core.making import HORIZONS
from cockpit.core.past import Past
from tests.core.stand import places
from tests.core.test_project import Watched


def filled(stand: Watched, qty: int, price: float, *, maker: bool = True) -> None:
    """A wish for ``qty`` more, filled at ``price``."""
    (place,) = places(stand.want(qty))
    stand.fill(place.cid, price=price, maker=maker)


@pytest.fixture
def stand() -> Watched:
    stand = Watched()
    stand.book([(99.0, 50.0)], [(101.0, 50.0)])
    return stand


def quoting(stand: Watched) -> None:
    """The sleeve's wish becomes quotes, so that its row is drawn."""
    assert stand.eye is not None
    stand.eye._quoting.add("p1")


def test_the_half_spread_is_earned_and_what_is_left_of_it_is_measured_later(stand: Watched) -> None:
    quoting(stand)
    filled(stand, 5, 99.0)
    (row,) = stand.frame().makers
    assert (row.buys, row.sells, row.bought, row.makers) == (1, 0, 5.0, 1)
    assert row.edge / row.edged == pytest.approx(100 / 99 - 1)
    assert [count for _, _, count in row.marks] == [0, 0, 0]
    for wait, middle in zip((1_000, 4_000, 25_000), (100.0, 99.0, 97.0), strict=True):
        stand.now += wait
        stand.book([(middle - 1, 50.0)], [(middle + 1, 50.0)])
    (row,) = stand.frame().makers
    assert [(ms, count) for ms, _, count in row.marks] == [(ms, 1) for ms in HORIZONS]
    left = [left for _, left, _ in row.marks]
    assert left == pytest.approx([100 / 99 - 1, 0.0, 97 / 99 - 1])
    assert FRAME_DECODER.decode(FRAME_ENCODER.encode(stand.frame())).makers == stand.frame().makers


def test_a_sale_earns_below_the_middle(stand: Watched) -> None:
    quoting(stand)
    filled(stand, -5, 101.0)
    (row,) = stand.frame().makers
    assert row.edge / row.edged == pytest.approx(1 - 100 / 101)
    assert (row.sells, row.sold) == (1, 5.0)


def test_a_taker_earns_no_spread_and_pays_its_fee(stand: Watched) -> None:
    quoting(stand)
    filled(stand, 5, 101.0, maker=False)
    (row,) = stand.frame().makers
    assert (row.buys, row.makers, row.edge, row.edged) == (1, 0, 0.0, 0.0)
    assert row.fees > 0
    assert row.turnover > 0


def test_while_the_book_is_broken_or_silent_nothing_is_measured(stand: Watched) -> None:
    quoting(stand)
    filled(stand, 5, 99.0)
    stand.now += 20_000  # the answer for 1 s and 5 s comes far too late
    stand.book([(98.0, 50.0)], [(100.0, 50.0)])
    stand.now += 20_000
    stand.tell(ev.BookDelta(stand.now, stand.symbol, 0, ((98.0, 1.0),), (), 9, 8))  # a gap
    (row,) = stand.frame().makers
    assert [count for _, _, count in row.marks] == [0, 0, 0]
    assert stand.eye is not None
    assert stand.eye.past.makers.due == inf


def test_what_was_measured_is_there_after_a_restart(stand: Watched) -> None:
    quoting(stand)
    filled(stand, 5, 99.0)
    assert stand.eye is not None
    again = Past(stand.state, lambda _: nan)
    assert again.restore(stand.eye.past.save())
    assert msgspec.to_builtins(again.makers.tallies) == msgspec.to_builtins(stand.eye.past.makers.tallies)
    assert again.makers.tallies["p1"].buys == 1


def test_only_who_quotes_has_a_row(stand: Watched) -> None:
    filled(stand, 5, 99.0)
    assert stand.frame().makers == ()
    stand.quote(98.0, 1.0, 102.0, 1.0)
    (row,) = stand.frame().makers
    assert row.sleeve == "p1"
    worth = float(stand.instrument.contract_value) * 5 * stand.state.price(stand.symbol)
    assert row.held == pytest.approx(worth)
    assert float(stand.state.instruments[stand.symbol].maker_fee) == row.maker_fee
