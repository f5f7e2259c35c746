"""What the venue refuses, changes and answers."""

import msgspec
import pytest

from cockpit.core.events import AccountReport, AmendReject, Cancelled, CancelReject, Fill, OrderReport, Reject
from cockpit.core.intents import Query, ReadAccount
from cockpit.core.orders import OrderKind as K
from cockpit.core.types import InstrumentState, MarginTier, PositionMode, PosSide
from tests.core.matching.build import (
    BUY,
    LINEAR,
    SELL,
    SPOT,
    D,
    Desk,
    amend,
    book,
    cancel,
    names,
    only,
    place,
    trade,
)  # fmt: skip

STRICT = msgspec.structs.replace(
    LINEAR, min_qty=D(2), max_qty=D(500), min_notional=D(5), price_band=D("0.05"), lot=D("0.5"),
    tiers=(MarginTier(D(100), D("0.005"), D(50)), MarginTier(D(400), D("0.01"), D(20))),
)  # fmt: skip
BOOK = book({99.9: 50}, {100.1: 50})


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (place("a", BUY, 5, symbol="sim:NOPE"), "51001"),
        (place("a", BUY, "5.2"), "51121"),
        (place("a", BUY, -5), "51121"),
        (place("a", BUY, 1.5), "51020"),
        (place("a", BUY, 501), "51101"),
        (place("a", BUY, 4), "51120"),
        (place("a", BUY, 10, 99.95), "51000"),
        (place("a", BUY, 10, kind=K.LIMIT), "51000"),
        (place("a", BUY, 10, kind=K.STOP), "51000"),
        (place("a", BUY, 10, kind=K.OCO, trigger=90), "51000"),
        (place("a", BUY, 10, kind=K.TRAIL, callback=2), "51257"),
        (place("a", BUY, 10, 105.1), "51006"),
        (place("a", SELL, 10, 94.9), "51006"),
        (place("a", BUY, 401), "51004"),
        (place("a", BUY, 10, pos_side=PosSide.LONG), "51000"),
    ],
)
def test_refusals(request_: object, code: str) -> None:
    desk = Desk(STRICT)
    desk.see(BOOK)
    (said,) = desk.ask(request_, 2)
    assert isinstance(said, Reject)
    assert said.code == code
    assert said.reason
    assert desk.exchange.open_orders() == ()


def test_the_far_side_of_the_band_is_open() -> None:
    desk = Desk(STRICT)
    desk.see(BOOK)
    assert names(desk.ask(place("a", BUY, 10, 50), 2)) == ["Ack"]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (InstrumentState.SUSPENDED, "51022"),
        (InstrumentState.PREOPEN, "51021"),
        (InstrumentState.EXPIRED, "51027"),
    ],
)
def test_a_market_that_is_closed(state: InstrumentState, code: str) -> None:
    desk = Desk(msgspec.structs.replace(LINEAR, state=state))
    assert only(desk.ask(place("a", BUY, 1), 2), Reject)[0].code == code


def test_margin_counts_positions_orders_and_leverage() -> None:
    desk = Desk(cash={"USDT": 100}, leverage=D(2))
    desk.see(BOOK)
    assert only(desk.ask(place("a", BUY, 210, 99), 2), Reject)[0].code == "51008"
    assert names(desk.ask(place("b", BUY, 100, 99), 3)) == ["Ack"]
    assert only(desk.ask(place("c", BUY, 110, 99), 4), Reject)[0].code == "51008"
    assert names(desk.ask(place("d", SELL, 100, 101), 5)) == ["Ack"], "the two sides share the margin"
    assert only(desk.ask(amend("b", 99, 210), 6), AmendReject)[0].code == "51502"
    assert names(desk.ask(amend("b", 99, 150), 7)) == ["Amended"]


def test_closing_needs_no_margin() -> None:
    desk = Desk(cash={"USDT": 10}, leverage=D(10))
    desk.see(BOOK)
    desk.ask(place("a", BUY, 50), 2)
    assert desk.qty() == 50
    desk.see(book({99.9: 50}, {100.1: 50}, ts=3))
    assert "Reject" not in names(desk.ask(place("b", SELL, 50), 4))
    assert desk.qty() == 0


def test_spot_needs_the_money_and_the_coins() -> None:
    desk = Desk(SPOT, cash={"USDT": 1000, "BTC": 1})
    desk.see(book({99.9: 50}, {100.1: 50}, inst=SPOT))
    s = SPOT.symbol
    assert only(desk.ask(place("a", BUY, 11, 99.9, symbol=s), 2), Reject)[0].code == "51008"
    assert only(desk.ask(place("b", SELL, "1.001", 101, symbol=s), 3), Reject)[0].code == "51008"
    assert names(desk.ask(place("c", SELL, "0.6", 101, symbol=s), 4)) == ["Ack"]
    assert only(desk.ask(place("d", SELL, "0.5", 101, symbol=s), 5), Reject)[0].code == "51008"


def test_a_client_id_lives_once() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 1, 99), 2)
    assert only(desk.ask(place("a", BUY, 1), 3), Reject)[0].code == "51016"
    desk.ask(cancel("a"), 4)
    assert only(desk.ask(place("a", BUY, 1), 5), Reject)[0].code == "51016"
    desk.ask(place("b", BUY, 1), 6)
    assert only(desk.ask(place("b", BUY, 1), 7), Reject)[0].code == "51016"
    assert desk.qty() == 1


def test_cancel_tells_what_had_filled() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 60, 100.1), 2)
    (end,) = desk.ask(cancel("a"), 3)
    assert isinstance(end, Cancelled)
    assert end.filled == 50
    (no,) = desk.ask(cancel("a"), 4)
    assert isinstance(no, CancelReject)
    assert no.code == "51400"


def test_a_busy_venue_refuses_cancels_by_chance_and_by_seed() -> None:
    def story(chance: float) -> list[str]:
        desk = Desk(cancel_failure=chance)
        desk.see(BOOK)
        found = []
        for n in range(40):
            desk.ask(place(f"a{n}", BUY, 1, 99), 2)
            found += names(desk.ask(cancel(f"a{n}"), 3))
        return found

    assert story(0.5) == story(0.5)
    assert 8 < story(0.5).count("CancelReject") < 32
    assert set(story(0)) == {"Cancelled"}


def test_amend_refusals() -> None:
    desk = Desk()
    desk.see(BOOK)
    assert only(desk.ask(amend("x", 99, 1), 2), AmendReject)[0].code == "51503"
    desk.ask(place("a", BUY, 5, 99, K.POST_ONLY), 3)
    assert only(desk.ask(amend("a", 99.05, 5), 4), AmendReject)[0].code == "51000"
    assert only(desk.ask(amend("a", 99, "5.5"), 5), AmendReject)[0].code == "51121"
    assert only(desk.ask(amend("a", 100.1, 5), 6), AmendReject)[0].code == "51511"
    (row,) = desk.exchange.open_orders()
    assert (row.price, row.qty) == (D("99.0"), 5)


def test_amending_to_what_has_filled_ends_the_order() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 60, 100.1), 2)
    said = desk.ask(amend("a", 100.1, 40), 3)
    assert names(said) == ["Amended", "Cancelled"]
    assert only(said, Cancelled)[0].filled == 50


def test_the_venue_answers_about_every_order_it_ever_saw() -> None:
    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("full", SELL, 1), 2)
    desk.ask(place("live", BUY, 1, 99), 3)
    desk.ask(place("part", BUY, 60, 100.1), 4)
    desk.ask(place("gone", BUY, 1, 98), 5)
    desk.ask(cancel("gone"), 5)
    desk.ask(place("bad", BUY, 1, 99.05), 6)

    def state(cid: str) -> tuple[bool, str, object]:
        report = desk.ask(Query(cid, LINEAR.symbol), 9)[-1]
        assert isinstance(report, OrderReport)
        return report.found, report.state, report.filled

    assert state("live") == (True, "live", 0)
    assert state("part") == (True, "partial", 50)
    assert state("full") == (True, "filled", 1)
    assert state("gone") == (True, "cancelled", 0)
    assert state("bad") == (True, "rejected", 0)
    assert state("never") == (False, "", 0)


def test_questions_repeat_the_fills_first() -> None:
    desk = Desk()
    desk.see(BOOK)
    first = desk.ask(place("a", BUY, 3), 2)
    said = desk.ask(Query("a", LINEAR.symbol), 5)
    assert said[:-1] == only(first, Fill)
    said = desk.ask(ReadAccount("r7", "test"), 6)
    assert said[:-1] == only(first, Fill)
    report = said[-1]
    assert isinstance(report, AccountReport)
    assert report.request_id == "r7"
    assert [(p.symbol, p.qty, p.entry) for p in report.positions] == [(LINEAR.symbol, 3, D("100.1"))]
    assert names(desk.ask(ReadAccount("r8", "test", since=3), 7)) == ["AccountReport"]


def test_hedge_mode_keeps_two_positions() -> None:
    desk = Desk(position_mode=PositionMode.HEDGE)
    desk.see(BOOK)
    assert only(desk.ask(place("x", BUY, 1), 2), Reject)[0].code == "51000"
    desk.ask(place("l", BUY, 5, pos_side=PosSide.LONG), 2)
    desk.ask(place("s", SELL, 3, pos_side=PosSide.SHORT), 3)
    assert (desk.qty(PosSide.LONG), desk.qty(PosSide.SHORT)) == (5, -3)
    said = desk.ask(place("c", SELL, 9, pos_side=PosSide.LONG), 4)
    assert (desk.qty(PosSide.LONG), desk.qty(PosSide.SHORT)) == (0, -3)
    assert only(said, Cancelled)[0].reason == "reduce_only"
    assert only(desk.ask(place("d", SELL, 1, pos_side=PosSide.LONG), 5), Reject)[0].code == "51169"


def test_a_new_tick_takes_the_orders_away() -> None:
    from cockpit.core.events import Listing

    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("a", BUY, 5, 99), 2)
    said = desk.see(Listing(3, msgspec.structs.replace(LINEAR, tick=D("0.5"))))
    assert [c.reason for c in only(said, Cancelled)] == ["instrument changed"]
    desk.see(trade(4, 100.0, 1, BUY))
    assert only(desk.ask(place("b", BUY, 1, 99.1), 5), Reject)[0].code == "51000"


def test_a_listing_opens_a_market() -> None:
    from cockpit.core.events import Listing

    fresh = msgspec.structs.replace(LINEAR, symbol="sim:NEW-USDT-SWAP")
    desk = Desk()
    desk.see(Listing(1, fresh), trade(2, 100.0, 1, BUY, fresh))
    assert names(desk.ask(place("a", BUY, 1, symbol=fresh.symbol), 3)) == ["Ack", "Fill"]


def test_two_exits_of_one_position_lock_nothing() -> None:
    desk = Desk(cash={"USDT": 40}, leverage=D(2))
    desk.see(BOOK)
    desk.ask(place("in", BUY, 40), 2)
    desk.ask(place("x", SELL, 40, 110, reduce_only=True), 3)
    desk.ask(place("y", SELL, 40, 120, reduce_only=True), 4)
    assert names(desk.ask(place("more", BUY, 20, 99), 5)) == ["Ack"]


def test_a_position_above_the_tiers_may_still_be_closed() -> None:
    from cockpit.core.events import Listing

    desk = Desk()
    desk.see(BOOK)
    desk.ask(place("in", BUY, 40), 2)
    tiers = (MarginTier(D(10), D("0.01"), D(10)),)
    desk.see(Listing(3, msgspec.structs.replace(LINEAR, tiers=tiers)))
    assert only(desk.ask(place("a", BUY, 1, 99), 4), Reject)[0].code == "51004"
    assert names(desk.ask(place("b", SELL, 20), 5)) == ["Ack", "Fill"]
