"""Orders that wait: queue position, trades, the book coming to them. Queue numbers: quant reference 22.14."""

from math import log1p

import pytest

from cockpit.core.events import Fill
from cockpit.core.matching import queues
from cockpit.core.matching.books import Working
from cockpit.core.matching.rules import Rules
from cockpit.core.orders import OrderKind as K
from cockpit.core.types import PosSide, Side
from tests.core.matching.build import (
    BUY,
    LINEAR,
    SELL,
    Desk,
    amend,
    book,
    cancel,
    delta,
    only,
    place,
    touch,
    trade,
    trades,
)  # fmt: skip


def resting(front: float, shown: int, traded: int = 0) -> Working:
    order = Working("c", "1", LINEAR.symbol, Side.BUY, K.LIMIT, 10, 1000, False, PosSide.NET, 0)
    order.front, order.shown, order.traded = front, shown, traded
    return order


@pytest.mark.parametrize(
    ("queue", "front", "shown", "after", "expected"),
    [
        ("risk_averse", 50, 100, 80, 50),
        ("risk_averse", 50, 100, 30, 30),
        ("power", 50, 100, 80, 40),
        ("log", 50, 100, 80, 40),
        ("power", 50, 100, 120, 50),
        ("power", 80, 100, 90, 80 - 10 * (1 - 20**3 / (20**3 + 80**3))),
        # Behind us is little, so nearly all that left stood before us: more than there was is all.
        ("power", 75, 100, 10, 0),
        ("front", 0, 100, 80, 0),
        ("power2", 80, 100, 90, 80 - 10 * (1 - 20**3 / 100**3)),
        ("power3", 80, 100, 90, 80 - 10 * 80**3 / 100**3),
        ("log2", 80, 100, 90, 80 - 10 * (1 - log1p(20) / log1p(100))),
        ("power3", 0, 0, 0, 0),
    ],
)
def test_the_queue_after_a_depth_change(
    queue: str, front: float, shown: int, after: int, expected: float
) -> None:
    order = resting(front, shown)
    queues.resized(order, after, Rules(queue=queue))
    assert order.front == pytest.approx(expected)
    assert order.shown == after


def test_the_rest_that_cannot_have_left_behind_us_left_before_us() -> None:
    """Definition: min(q - (1 - p)d + min(back - p d, 0), new), with more leaving behind than stands there."""
    order = resting(20, 100)
    queues.resized(order, 5, Rules(queue="power"))
    p = 80**3 / (80**3 + 20**3)
    assert order.front == pytest.approx(max(0, min(20 - (1 - p) * 95 + min(80 - p * 95, 0), 5)))


def test_trades_are_not_counted_twice() -> None:
    order = resting(50, 100)
    assert queues.traded(order, 20) == 0
    assert order.front == 30
    queues.resized(order, 80, Rules(queue="power"))
    assert order.front == 30, "the smaller level is the trade that we have seen"


def test_at_the_front_the_trade_is_ours() -> None:
    order = resting(3, 10)
    assert queues.traded(order, 5) == 2


def test_risk_averse_queue_end_to_end() -> None:
    desk = Desk()
    desk.see(book({99.9: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    assert desk.see(delta(3, {99.9: 8}, {})) == [], "who comes later stands behind us"
    assert desk.see(trade(4, 99.9, 3, SELL)) == []
    assert desk.see(trade(5, 99.9, 9, BUY)) == [], "a buyer does not trade with a bid"
    said = desk.see(trade(6, 99.9, 4, SELL))
    assert trades(said) == [("99.9", "2")]
    fill = only(said, Fill)[0]
    assert fill.maker
    assert fill.note == "queue"
    assert trades(desk.see(trade(7, 99.9, 1, SELL))) == [("99.9", "1")]


def test_a_trade_beyond_our_price_fills_all() -> None:
    desk = Desk()
    desk.see(book({99.9: 50}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    assert trades(desk.see(trade(3, 99.8, 1, SELL))) == [("99.9", "4")]


def test_the_best_ask_coming_to_our_price_fills_all() -> None:
    desk = Desk()
    desk.see(book({99.9: 50}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    assert trades(desk.see(delta(3, {99.9: 0}, {99.9: 1}))) == [("99.9", "4")]


def test_a_crossed_book_is_not_a_trade() -> None:
    desk = Desk()
    desk.see(book({99.9: 50}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    assert desk.see(delta(3, {}, {99.9: 1})) == []


def test_two_of_ours_share_one_trade() -> None:
    desk = Desk()
    desk.see(book({99.9: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 2, 99.9), 2)
    desk.ask(place("b", BUY, 4, 99.9), 2)
    said = desk.see(trade(3, 99.9, 8, SELL))
    assert [(f.cid, f.qty) for f in only(said, Fill)] == [("a", 2), ("b", 1)]
    assert trades(desk.see(trade(4, 99.9, 1, SELL))) == [("99.9", "1")]


def test_only_a_smaller_size_keeps_the_place() -> None:
    desk = Desk()
    desk.see(book({99.9: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    desk.see(trade(3, 99.9, 4, SELL))
    desk.ask(amend("a", 99.9, 2), 4)
    assert trades(desk.see(trade(5, 99.9, 2, SELL))) == [("99.9", "1")]
    desk.ask(amend("a", 99.9, 4), 6)
    assert desk.see(trade(7, 99.9, 4, SELL)) == [], "back to the end of the queue"


def test_inside_the_spread_nobody_is_before_us() -> None:
    desk = Desk()
    desk.see(book({99.9: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 100.0), 2)
    assert trades(desk.see(trade(3, 100.0, 2, SELL))) == [("100.0", "2")]


def test_below_what_the_book_shows_the_queue_is_unknown() -> None:
    desk = Desk()
    desk.see(book({99.9: 5, 99.8: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.7), 2)
    assert desk.see(trade(3, 99.7, 100, SELL)) == []
    desk.see(delta(4, {99.7: 6}, {}))
    assert trades(desk.see(trade(5, 99.7, 7, SELL))) == [("99.7", "1")]


def test_touch_shows_the_queue_when_it_reaches_us() -> None:
    desk = Desk()
    desk.see(touch(1, 99.9, 5, 100.1, 5))
    desk.ask(place("a", BUY, 4, 99.8), 2)
    assert desk.see(trade(3, 99.8, 9, SELL)) == []
    desk.see(touch(4, 99.8, 3, 100.1, 5))
    assert trades(desk.see(trade(5, 99.8, 4, SELL))) == [("99.8", "1")]
    desk.see(touch(6, 99.7, 3, 100.1, 5))
    assert trades(desk.see(trade(7, 99.8, 1, SELL))) == [("99.8", "1")], "everybody else has left"
    assert trades(desk.see(touch(8, 99.6, 3, 99.8, 5))) == [("99.8", "2")]


def test_with_trades_alone_only_a_trade_beyond_fills() -> None:
    desk = Desk()
    desk.see(trade(1, 100.0, 5, SELL))
    desk.ask(place("a", BUY, 4, 99.8), 2)
    assert desk.see(trade(3, 99.8, 99, SELL)) == []
    assert trades(desk.see(trade(4, 99.7, 1, SELL))) == [("99.8", "4")]


def test_a_cancelled_order_is_gone() -> None:
    desk = Desk()
    desk.see(book({99.9: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    desk.ask(cancel("a"), 3)
    assert desk.see(trade(4, 99.0, 5, SELL)) == []


def test_the_front_model_is_the_best_case() -> None:
    desk = Desk(queue="front")
    desk.see(book({99.9: 500}, {100.1: 5}))
    desk.ask(place("a", BUY, 4, 99.9), 2)
    assert trades(desk.see(trade(3, 99.9, 3, SELL))) == [("99.9", "3")]


def test_an_amended_order_also_stands_behind_our_own() -> None:
    desk = Desk()
    desk.see(book({99.9: 5}, {100.1: 5}))
    desk.ask(place("a", BUY, 2, 99.9), 2)
    desk.ask(place("b", BUY, 2, 99.9), 2)
    desk.ask(amend("a", 99.9, 3), 3)
    said = desk.see(trade(4, 99.9, 7, SELL))
    assert [(f.cid, f.qty) for f in only(said, Fill)] == [("b", 2)]
