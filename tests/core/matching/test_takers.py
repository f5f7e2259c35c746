"""Orders that take, on depth and on trades with a touch."""

import pytest

from cockpit.core.events import Ack, Cancelled, Fill, Reject
from cockpit.core.orders import OrderKind as K
from tests.core.matching.build import (
    BUY,
    SELL,
    D,
    Desk,
    amend,
    book,
    delta,
    names,
    only,
    place,
    touch,
    trade,
    trades,
)  # fmt: skip

BOOK = book({99.9: 5, 99.8: 5}, {100.1: 3, 100.2: 4, 100.5: 10})


def test_a_market_order_walks_the_book_from_its_best_price() -> None:
    desk = Desk()
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, 9), 2)
    assert names(said) == ["Ack", "Fill", "Fill", "Fill"]
    assert trades(said) == [("100.1", "3"), ("100.2", "4"), ("100.5", "2")]
    assert not any(f.maker for f in only(said, Fill))
    assert desk.qty() == 9


def test_what_we_ate_is_gone_until_the_level_is_shown_again() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 3), 2)
    assert trades(desk.ask(place("b", BUY, 1), 3)) == [("100.2", "1")]
    desk.see(delta(4, {}, {100.5: 9}))
    assert trades(desk.ask(place("c", BUY, 1), 5)) == [("100.2", "1")]
    desk.see(delta(6, {}, {100.1: 2}))
    assert trades(desk.ask(place("d", BUY, 3), 7)) == [("100.1", "2"), ("100.2", "1")]


def test_a_whole_book_leaves_eaten_what_has_not_changed() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 3), 2)
    desk.see(book({99.9: 5}, {100.1: 3, 100.2: 4}, ts=3))
    assert trades(desk.ask(place("b", BUY, 1), 4)) == [("100.2", "1")]
    desk.see(book({99.9: 5}, {100.1: 6, 100.2: 4}, ts=5))
    assert trades(desk.ask(place("c", BUY, 1), 6)) == [("100.1", "1")]


def test_more_than_the_book_shows_is_cancelled() -> None:
    desk = Desk()
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, 20), 2)
    (end,) = only(said, Cancelled)
    assert (end.filled, end.reason) == (17, "no liquidity")


def test_a_market_order_stops_at_the_price_band() -> None:
    desk = Desk(msgspec_replace(price_band=D("0.003")))
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, 9), 2)
    assert trades(said) == [("100.1", "3"), ("100.2", "4")]
    assert only(said, Cancelled)[0].reason == "price band"


def test_a_limit_takes_what_it_may_and_rests() -> None:
    desk = Desk()
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, 9, 100.2), 2)
    assert trades(said) == [("100.1", "3"), ("100.2", "4")]
    (row,) = desk.exchange.open_orders()
    assert (row.price, row.qty, row.filled) == (D("100.2"), 9, 7)
    # The levels it ate are still in the last book shown; they must not fill the rest.
    assert desk.see(delta(3, {99.9: 4}, {})) == []


def test_ioc_never_rests() -> None:
    desk = Desk()
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, 9, 100.1, K.IOC), 2)
    assert trades(said) == [("100.1", "3")]
    assert only(said, Cancelled)[0].filled == 3
    assert desk.exchange.open_orders() == ()


@pytest.mark.parametrize(("qty", "filled"), [(7, 7), (8, 0)])
def test_fok_is_all_or_nothing(qty: int, filled: int) -> None:
    desk = Desk()
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, qty, 100.2, K.FOK), 2)
    assert desk.qty() == filled
    assert [c.reason for c in only(said, Cancelled)] == ([] if filled else ["fok"])


def test_post_only_is_taken_and_then_cancelled_if_it_would_take() -> None:
    desk = Desk()
    desk.see(BOOK)
    said = desk.ask(place("a", BUY, 1, 100.1, K.POST_ONLY), 2)
    assert names(said) == ["Ack", "Cancelled"]
    assert only(said, Cancelled)[0].reason == "post_only"
    assert names(desk.ask(place("b", BUY, 1, 100.0, K.POST_ONLY), 3)) == ["Ack"]


def test_touch_fills_its_size_and_the_rest_slips() -> None:
    desk = Desk(slippage_ticks=3)
    desk.see(touch(1, 99.9, 5, 100.1, 4))
    assert trades(desk.ask(place("a", BUY, 6), 2)) == [("100.1", "4"), ("100.4", "2")]
    assert trades(desk.ask(place("b", SELL, 7), 3)) == [("99.9", "5"), ("99.6", "2")]
    desk.see(touch(4, 99.9, 5, 100.1, 4))
    assert trades(desk.ask(place("c", BUY, 1), 5)) == [("100.4", "1")], "the same touch is still eaten"
    desk.see(touch(6, 99.9, 5, 100.1, 3))
    assert trades(desk.ask(place("d", BUY, 1), 7)) == [("100.1", "1")]


def test_trades_alone_give_the_last_price_with_slippage() -> None:
    desk = Desk()
    desk.see(trade(1, 100.0, 2, BUY))
    assert trades(desk.ask(place("a", BUY, 6), 2)) == [("100.1", "6")]
    assert trades(desk.ask(place("b", SELL, 6, 99.9, K.IOC), 3)) == [("99.9", "6")]


def test_an_order_before_any_price_meets_the_first_one() -> None:
    desk = Desk()
    assert names(desk.ask(place("a", BUY, 1), 1)) == ["Ack"]
    assert trades(desk.see(touch(2, 99.9, 5, 100.1, 4))) == [("100.1", "1")]


def msgspec_replace(**changes: object):
    import msgspec

    from tests.core.matching.build import LINEAR

    return msgspec.structs.replace(LINEAR, **changes)


# --- reduce only ------------------------------------------------------------------------------------


def test_reduce_only_never_turns_the_position() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 3), 2)
    said = desk.ask(place("b", SELL, 5, reduce_only=True), 3)
    assert trades(said) == [("99.9", "3")]
    (end,) = only(said, Cancelled)
    assert (end.cid, end.filled, end.reason) == ("b", 3, "reduce_only")
    assert desk.qty() == 0


def test_reduce_only_without_a_position_is_refused() -> None:
    desk = Desk()
    desk.see(BOOK)
    assert only(desk.ask(place("a", SELL, 1, reduce_only=True), 2), Reject)[0].code == "51169"
    desk.ask(place("b", BUY, 1), 3)
    assert only(desk.ask(place("c", BUY, 1, reduce_only=True), 4), Reject)[0].code == "51169"


def test_resting_reduce_only_orders_go_with_the_position() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 3), 2)
    desk.ask(place("t", SELL, 3, 101, reduce_only=True), 3)
    desk.ask(place("s", SELL, 3, kind=K.STOP, trigger=95, reduce_only=True), 3)
    said = desk.ask(place("b", SELL, 4), 4)
    assert {(c.cid, c.reason) for c in only(said, Cancelled)} == {("t", "reduce_only"), ("s", "reduce_only")}
    assert desk.qty() == -1


# --- self-trade prevention ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "filled", "ended"),
    [
        ("cancel_maker", [("100.1", "3"), ("100.2", "3")], [("m", "self_trade")]),
        ("cancel_taker", [("100.1", "3")], [("t", "self_trade")]),
        ("cancel_both", [("100.1", "3")], [("m", "self_trade"), ("t", "self_trade")]),
    ],
)
def test_self_trade(mode: str, filled: list[tuple[str, str]], ended: list[tuple[str, str]]) -> None:
    desk = Desk(self_trade=mode)
    desk.see(BOOK)
    desk.ask(place("m", SELL, 2, 100.2), 2)
    said = desk.ask(place("t", BUY, 6), 3)
    assert trades(said) == filled
    assert [(c.cid, c.reason) for c in only(said, Cancelled)] == ended


def test_a_taker_that_ends_before_our_own_order_leaves_it_alone() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("m", SELL, 2, 100.2), 2)
    assert names(desk.ask(place("t", BUY, 3), 3)) == ["Ack", "Fill"]
    assert [o.cid for o in desk.exchange.open_orders()] == ["m"]


def test_a_post_only_order_against_our_own_is_cancelled() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("m", SELL, 2, 100.0), 2)
    said = desk.ask(place("p", BUY, 2, 100.0, K.POST_ONLY), 3)
    assert [(c.cid, c.reason) for c in only(said, Cancelled)] == [("p", "post_only")]


def test_ids_are_counted_not_drawn() -> None:
    desk = Desk()
    desk.see(BOOK)
    first, second = desk.ask(place("a", BUY, 1), 2), desk.ask(place("b", BUY, 1), 3)
    assert [a.venue_id for a in only(first + second, Ack)] == ["1001", "1002"]
    assert [f.trade_id for f in only(first + second, Fill)] == ["1", "2"]


def test_an_amend_through_the_book_takes() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 2, 99), 2)
    said = desk.ask(amend("a", 100.1, 2), 3)
    assert names(said) == ["Amended", "Fill"]
    assert trades(said) == [("100.1", "2")]
