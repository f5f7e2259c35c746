"""Book and trades: numbers worked out by hand."""

from math import isnan, nan

import pytest

from cockpit.core.book import Book
from cockpit.core.types import Side
from cockpit.indicators.batch import batch
from cockpit.indicators.book_depth import BookDepth
from cockpit.indicators.book_imbalance import BookImbalance
from cockpit.indicators.cvd import Cvd
from cockpit.indicators.impact_cost import ImpactCost
from cockpit.indicators.microprice import Microprice
from cockpit.indicators.order_flow_imbalance import OrderFlowImbalance
from cockpit.indicators.queue_length import QueueLength
from cockpit.indicators.spread import Spread
from cockpit.indicators.trade_imbalance import TradeImbalance

BIDS = [(99.9, 4.0), (99.8, 6.0), (99.0, 50.0)]
ASKS = [(100.1, 2.0), (100.3, 8.0), (101.0, 10.0)]


def whole() -> Book:
    book = Book()
    book.apply_snapshot(BIDS, ASKS, 1, 1)
    return book


def broken() -> Book:
    book = whole()
    book.apply_delta([], [], 9, 5, 2)
    assert not book.ok
    return book


def test_impact_is_the_walk_against_the_middle() -> None:
    cost = ImpactCost(5.0)
    assert cost.update(whole()) == pytest.approx(22.0)
    assert cost.buy == pytest.approx((2 * 100.1 + 3 * 100.3) / 5 * 100 - 1e4)
    assert cost.sell == pytest.approx(1e4 - (4 * 99.9 + 1 * 99.8) / 5 * 100)
    thin = ImpactCost(30.0)
    assert isnan(thin.update(whole())), "20 are shown: no price for 30"
    assert isnan(thin.buy)
    assert thin.sell > 0
    assert isnan(ImpactCost(1.0).update(broken()))
    assert isnan(ImpactCost(1.0).update(Book()))


def test_depth_within_reach() -> None:
    depth = BookDepth(25.0)
    assert depth.update(whole()) == 2.0
    assert (depth.bid, depth.ask) == (10.0, 2.0)
    assert BookDepth(100.0).update(whole()) == 20.0, "a level exactly at the reach belongs to it"
    assert isnan(BookDepth(25.0).update(broken()))
    assert isnan(BookDepth(25.0).update(Book()))


def test_depth_to_a_price_follows_a_newer_touch() -> None:
    book = whole()
    assert book.depth_to(Side.BUY, 99.8) == 10.0
    assert book.depth_to(Side.SELL, 100.2) == 2.0
    assert book.depth_to(Side.SELL, 99.0) == 0.0
    book.set_touch(99.8, 5.0, 100.1, 2.0, 2)
    assert book.depth_to(Side.BUY, 99.0) == 55.0
    assert 20.0 <= book.depth_to(Side.BUY, 99.0, 20.0) <= 55.0  # counted no further than it takes
    assert book.depth_to(Side.BUY, 99.0, 60.0) == 55.0


def test_imbalance_of_the_book() -> None:
    assert BookImbalance(2).update(whole()) == pytest.approx(0.0)
    assert BookImbalance(1).update(whole()) == pytest.approx((4 - 2) / 6)
    assert isnan(BookImbalance(1).update(broken()))


def test_microprice_leans_to_the_thin_side() -> None:
    micro = Microprice()
    assert micro.update(99.0, 3.0, 101.0, 1.0) == pytest.approx((101 * 3 + 99 * 1) / 4)
    assert micro.tilt == pytest.approx(0.5)
    assert isnan(micro.update(nan, nan, 101.0, 1.0))
    assert isnan(micro.update(99.0, 0.0, 101.0, 0.0))


def test_spread_is_in_basis_points_of_the_middle() -> None:
    assert Spread().update(99.9, 100.1) == pytest.approx(20.0)
    for bid, ask in ((nan, 1.0), (1.0, nan), (2.0, 1.0), (0.0, 1.0)):
        assert isnan(Spread().update(bid, ask))


def test_aggression() -> None:
    qty, side = [3.0, 2.0, 4.0, 1.0], [1.0, -1.0, -1.0, 1.0]
    assert batch(Cvd(), qty, side) == [3.0, 1.0, -3.0, -2.0]
    assert batch(TradeImbalance(3), qty, side)[2:] == pytest.approx([-3 / 9, -5 / 7])
    assert isnan(batch(TradeImbalance(1), [0.0], [1.0])[0])


def test_order_flow_counts_what_came_and_went() -> None:
    flow = OrderFlowImbalance(2)
    touches = [
        (100.0, 5.0, 101.0, 5.0),
        (100.0, 8.0, 101.0, 5.0),  # 3 more bid
        (100.5, 2.0, 101.0, 4.0),  # a better bid of 2; 1 less offered
        (100.0, 9.0, 101.5, 7.0),  # the better bid gone; the whole ask of 4 gone
    ]
    got = [flow.update(*touch) for touch in touches]
    assert isnan(got[0])
    assert isnan(got[1])
    assert got[2:] == [3.0 + 3.0, 3.0 + (-2.0 + 4.0)]


def test_queues_are_averaged_and_an_empty_side_is_none() -> None:
    queue = QueueLength(2)
    assert isnan(queue.update(4.0, 2.0))
    assert queue.update(nan, 6.0) == 4.0
    assert (queue.bid, queue.ask) == (2.0, 4.0)


def test_refusals_name_the_number() -> None:
    for wrong in (
        lambda: ImpactCost(0.0),
        lambda: BookDepth(-1.0),
        lambda: BookImbalance(0),
        lambda: TradeImbalance(0),
        lambda: OrderFlowImbalance(0),
        lambda: QueueLength(0),
    ):
        with pytest.raises(ValueError, match=r"\d"):
            wrong()
