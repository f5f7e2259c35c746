"""Orders that wait for a price, on trades, touch and marks (bars have their own file)."""

import pytest

from cockpit.core.events import Cancelled, Fill, Triggered
from cockpit.core.orders import OrderKind as K
from tests.core.matching.build import (
    BUY,
    SELL,
    D,
    Desk,
    amend,
    mark,
    names,
    only,
    place,
    touch,
    trade,
    trades,
)  # fmt: skip


def long_two(*, marked: bool = False) -> Desk:
    """Long 2 at 100.1; last trade 100, touch 99.9/100.1."""
    desk = Desk()
    desk.see(trade(1, 100.0, 1, BUY), touch(1, 99.9, 50, 100.1, 50))
    if marked:
        desk.see(mark(1, 100.0))
    desk.ask(place("in", BUY, 2), 2)
    return desk


def test_a_stop_becomes_a_market_order_with_the_same_id() -> None:
    desk = long_two()
    assert names(desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 3)) == ["Ack"]
    assert desk.see(trade(4, 97.1, 1, SELL)) == []
    desk.see(touch(5, 96.8, 50, 97.2, 50))
    said = desk.see(trade(6, 97.0, 1, SELL))
    assert names(said) == ["Triggered", "Fill"]
    assert (only(said, Triggered)[0].leg, only(said, Triggered)[0].price) == ("stop", D("97.0"))
    assert (only(said, Fill)[0].cid, trades(said)) == ("s", [("96.8", "2")])


def test_a_stop_with_a_price_becomes_a_limit() -> None:
    desk = long_two()
    desk.ask(place("s", SELL, 2, 97.5, K.STOP, trigger=98, reduce_only=True), 3)
    desk.see(touch(4, 97.0, 50, 97.2, 50))
    assert names(desk.see(trade(5, 97.9, 1, SELL))) == ["Triggered"]
    assert trades(desk.see(trade(6, 97.6, 1, BUY))) == [("97.5", "2")]


def test_where_marks_exist_only_the_mark_triggers() -> None:
    desk = long_two(marked=True)
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 3)
    assert desk.see(trade(4, 96.0, 1, SELL)) == []
    assert names(desk.see(mark(5, 97.0))) == ["Triggered", "Fill"]


def test_a_stop_goes_off_by_the_price_that_it_names_and_no_other() -> None:
    for watch, quiet, fires in (
        ("last", mark(5, 90.0), trade(6, 97.0, 1, SELL)),
        ("index", mark(5, 90.0, index=98.0), mark(6, 99.0, index=97.0)),
        ("mark", mark(5, 98.0, index=90.0), mark(6, 97.0, index=99.0)),
    ):
        desk = long_two(marked=True)
        desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True, watch=watch), 3)
        assert names(desk.see(quiet)) == [], watch
        if watch != "last":
            assert names(desk.see(trade(5, 90.0, 1, SELL))) == [], watch
        assert names(desk.see(fires)) == ["Triggered", "Fill"], watch


def test_a_stop_on_the_last_price_looks_at_the_touch_until_there_is_a_trade() -> None:
    desk = Desk()
    desk.see(mark(1, 100.0), touch(1, 99.9, 50, 100.1, 50))
    desk.ask(place("in", BUY, 2), 2)
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True, watch="last"), 3)
    assert names(desk.see(mark(4, 90.0))) == []
    assert names(desk.see(touch(5, 96.9, 50, 97.2, 50))) == ["Triggered", "Fill"]


def test_without_marks_and_trades_a_sell_looks_at_the_bid() -> None:
    desk = Desk()
    desk.see(touch(1, 99.9, 50, 100.1, 50))
    desk.ask(place("in", BUY, 2), 2)
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 3)
    assert desk.see(touch(4, 97.1, 5, 97.3, 5)) == []
    assert names(desk.see(touch(5, 97.0, 5, 97.3, 5))) == ["Triggered", "Fill"]


def test_a_stop_whose_price_is_there_already_goes_off_at_once() -> None:
    desk = long_two()
    said = desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=101, reduce_only=True), 3)
    assert names(said) == ["Ack", "Triggered", "Fill"]


@pytest.mark.parametrize(("trigger", "before", "at"), [(103, 102.9, 103.0), (97, 97.1, 96.5)])
def test_a_trigger_waits_from_either_side(trigger: float, before: float, at: float) -> None:
    desk = Desk()
    desk.see(trade(1, 100.0, 1, BUY))
    desk.ask(place("e", BUY, 1, kind=K.TRIGGER, trigger=trigger), 2)
    assert desk.see(trade(3, before, 1, BUY)) == []
    assert names(desk.see(trade(4, at, 1, BUY))) == ["Triggered", "Fill"]


@pytest.mark.parametrize(("price", "leg"), [(97.0, "stop"), (103.0, "take")])
def test_oco_one_leg_removes_the_other(price: float, leg: str) -> None:
    desk = long_two()
    desk.ask(place("o", SELL, 2, kind=K.OCO, trigger=97, take=103, reduce_only=True), 3)
    said = desk.see(trade(4, price, 1, SELL))
    assert only(said, Triggered)[0].leg == leg
    assert desk.exchange.open_orders() == ()
    assert desk.qty() == 0


def test_a_trailing_stop_follows_only_the_better_price() -> None:
    desk = long_two()
    desk.ask(place("t", SELL, 2, kind=K.TRAIL, callback="0.02", reduce_only=True), 3)
    for ts, price in enumerate((105.0, 104.0, 110.0, 107.9), start=4):
        assert desk.see(trade(ts, price, 1, BUY)) == []
    said = desk.see(trade(9, 107.8, 1, SELL))
    assert only(said, Triggered)[0].leg == "trail"


def test_a_trailing_stop_sleeps_until_its_activation_price() -> None:
    desk = long_two()
    desk.ask(place("t", SELL, 2, kind=K.TRAIL, trigger=105, callback="0.02", reduce_only=True), 3)
    assert desk.see(trade(4, 90.0, 1, SELL)) == []
    assert desk.see(trade(5, 105.0, 1, SELL)) == []
    assert names(desk.see(trade(6, 102.9, 1, SELL))) == ["Triggered", "Fill"]


def test_a_short_is_protected_from_above() -> None:
    desk = Desk()
    desk.see(trade(1, 100.0, 1, BUY), touch(1, 99.9, 50, 100.1, 50))
    desk.ask(place("in", SELL, 2), 2)
    desk.ask(place("t", BUY, 2, kind=K.TRAIL, callback="0.02", reduce_only=True), 3)
    assert desk.see(trade(4, 90.0, 1, BUY)) == []
    assert names(desk.see(trade(5, 91.8, 1, BUY))) == ["Triggered", "Fill"]
    assert desk.qty() == 0


def test_protection_is_clipped_to_the_position() -> None:
    desk = long_two()
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 3)
    desk.ask(place("out", SELL, 1), 4)
    said = desk.see(trade(5, 97.0, 1, SELL))
    assert [f.qty for f in only(said, Fill)] == [1]
    (end,) = only(said, Cancelled)
    assert (end.cid, end.filled, end.reason) == ("s", 1, "reduce_only")
    assert desk.qty() == 0


def test_algo_orders_lock_no_margin_and_are_checked_when_they_go_off() -> None:
    desk = Desk(cash={"USDT": 10})
    desk.see(trade(1, 100.0, 1, BUY))
    assert names(desk.ask(place("e", BUY, 1000, kind=K.TRIGGER, trigger=103), 2)) == ["Ack"]
    said = desk.see(trade(3, 103.0, 1, BUY))
    assert names(said) == ["Triggered", "Cancelled"]
    assert only(said, Cancelled)[0].reason == "51008"


def test_an_amend_moves_the_trigger() -> None:
    desk = long_two()
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 3)
    assert names(desk.ask(amend("s", 98, 2), 4)) == ["Amended"]
    assert names(desk.see(trade(5, 98.0, 1, SELL))) == ["Triggered", "Fill"]
