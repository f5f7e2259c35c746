"""News about our own orders: late, doubled, out of order, missing, contradictory."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.events import (
    Amended,
    AmendReject,
    CancelReject,
    Listing,
    OrderReport,
    Request,
    Sent,
    Unknown,
)
from cockpit.core.intents import Amend, Cancel, Query
from cockpit.core.orders import Change, OrderState
from cockpit.core.types import InstrumentState, PositionMode, Side
from cockpit.text import say
from tests.core.stand import LINEAR, D, Stand, kinds, places

NAN = float("nan")


def bid(stand: Stand, qty: float = 5) -> str:
    """A quote that rests."""
    (place,) = places(stand.quote(99.0, qty, NAN, 0))
    stand.ack(place.cid)
    return place.cid


def test_a_fill_counts_once() -> None:
    stand = Stand()
    (place,) = places(stand.want(5))
    stand.ack(place.cid)
    stand.fill(place.cid, 2, trade_id="same")
    money = dict(stand.state.ledger.balances)
    assert stand.fill(place.cid, 2, trade_id="same") == ()
    assert stand.have == 2
    assert stand.state.fills == 1
    assert stand.state.ledger.balances == money
    assert stand.puppets[0].fills == 1


def test_a_fill_before_the_ack_and_the_ack_after_the_end() -> None:
    stand = Stand()
    (place,) = places(stand.want(5))
    stand.fill(place.cid, 2)
    assert stand.order(place.cid).state is OrderState.PARTIAL
    stand.ack(place.cid)
    assert stand.order(place.cid).state is OrderState.PARTIAL
    stand.fill(place.cid)
    stand.ack(place.cid)
    assert stand.order(place.cid).state is OrderState.FILLED
    assert stand.have == 5
    assert stand.state.illegal == 0


def test_a_fill_after_the_cancel_is_money_and_the_wish_is_looked_at_again() -> None:
    stand = Stand()
    cid = bid(stand)
    stand.quote(NAN, 0, NAN, 0)
    stand.cancelled(cid)
    stand.fill(cid, 2)
    assert stand.have == 2
    assert stand.order(cid).state is OrderState.CANCELLED
    assert stand.state.illegal == 0


def test_cancelled_with_more_filled_than_we_heard_asks_before_it_believes() -> None:
    stand = Stand()
    cid = bid(stand)
    (query,) = stand.cancelled(cid, "user", filled=2)
    assert query == Query(cid, stand.symbol)
    assert stand.order(cid).open
    stand.fill(cid, 2)
    stand.tell(OrderReport(stand.now, cid, True, True, "cancelled", filled=D(2), qty=D(5)))
    assert stand.order(cid).state is OrderState.CANCELLED
    assert stand.have == 2


def test_a_report_with_unheard_fills_asks_again_until_they_have_arrived() -> None:
    stand = Stand()
    cid = bid(stand)
    stand.now += 10_000
    report = OrderReport(stand.now, cid, True, True, "filled", filled=D(5), qty=D(5))
    assert kinds(stand.tell(report)) == ["Query"]
    assert stand.order(cid).open
    assert kinds(stand.wait(2_000)) == ["Query"]
    stand.fill(cid, 5)
    assert stand.order(cid).state is OrderState.FILLED
    assert stand.have == 5


@pytest.mark.parametrize("proof", [False, True])
def test_not_found_ends_an_order_only_with_proof(proof: bool) -> None:
    stand = Stand()
    (place,) = places(stand.want(5))
    stand.tell(Unknown(stand.now, place.cid, Request.PLACE, "timeout"))
    stand.tell(OrderReport(stand.now, place.cid, False, proof=proof))
    assert stand.order(place.cid).open is not proof


def test_an_order_without_an_answer_is_asked_about_for_ever_and_never_resent() -> None:
    stand = Stand()
    (place,) = places(stand.want(5))
    stand.tell(Sent(stand.now, place.cid, Request.PLACE))
    found = stand.wait(60_000)
    assert set(found) == {Query(place.cid, stand.symbol)}
    assert 20 <= len(found) <= 30
    assert stand.state.next_order == 2


def test_a_refused_cancel_proves_nothing() -> None:
    stand = Stand()
    cid = bid(stand)
    stand.quote(NAN, 0, NAN, 0)
    assert stand.order(cid).cancelling
    assert kinds(stand.tell(CancelReject(stand.now, cid, "51400", "gone"))) == ["Query"]
    assert stand.order(cid).open
    stand.fill(cid)
    assert stand.order(cid).state is OrderState.FILLED


def test_an_amend_that_is_refused_again_and_again_does_not_become_a_storm() -> None:
    stand = Stand()
    cid = bid(stand)
    sent = list(stand.quote(100.5, 5, NAN, 0))
    amends = 0
    end = stand.now + 20_000
    while stand.now < end:
        for action in sent:
            amends += isinstance(action, Amend)
        if any(isinstance(a, Amend) for a in sent):
            sent = list(stand.tell(AmendReject(stand.now, cid, "51511", "would take")))
        elif any(isinstance(a, Query) for a in sent):
            report = OrderReport(stand.now, cid, True, True, "live", qty=D(5), price=D(99))
            sent = list(stand.tell(report))
        else:
            sent = list(stand.wait(10))
    assert 5 <= amends <= 21


def test_an_answer_from_before_the_amend_does_not_say_that_it_was_not_done() -> None:
    stand = Stand()
    cid = bid(stand)
    stand.tell(Unknown(stand.now, cid, Request.CANCEL, "timeout"))  # asked about at this instant
    stand.now += 50
    (amend,) = stand.quote(98.0, 5, NAN, 0)
    assert isinstance(amend, Amend)
    stand.now += 50
    late = OrderReport(stand.now, cid, True, True, "live", qty=D(5), price=D(99))
    assert stand.tell(late) == (), "the amend is still on its way"
    assert stand.order(cid).amending == Change(D(98), D(5))
    stand.tell(Amended(stand.now, cid, D(98), D(5)))
    assert stand.order(cid).price == 98


def test_an_old_amend_told_again_does_not_make_the_order_smaller() -> None:
    """News of a size that nobody asked for is asked about (seed 14001516)."""
    stand = Stand()
    cid = bid(stand)
    stand.quote(98.0, 5, NAN, 0)
    assert stand.tell(Amended(stand.now, cid, D(99), D(2))) == (Query(cid, stand.symbol),)
    assert stand.order(cid).amending == Change(D(98), D(5)), "it is still on its way"
    stand.tell(Amended(stand.now, cid, D(98), D(5)))
    assert stand.order(cid).amending is None
    stand.now += 5_000
    assert stand.tell(Amended(stand.now, cid, D(99), D(2))) == (Query(cid, stand.symbol),)
    assert stand.order(cid).remaining == 5
    stand.tell(OrderReport(stand.now, cid, True, True, "live", qty=D(4), price=D(98)))
    assert stand.order(cid).qty == 4, "the venue itself has made it smaller"


def test_amending_below_what_has_filled_ends_the_order() -> None:
    stand = Stand()
    cid = bid(stand)
    stand.quote(99.0, 2, NAN, 0)
    stand.fill(cid, 3)
    stand.tell(Amended(stand.now, cid, D(99), D(2)))
    assert stand.order(cid).state is OrderState.FILLED
    assert stand.have == 3


def test_news_about_strangers_is_said_and_does_nothing() -> None:
    stand = Stand()
    assert stand.ack("byhand") == ()
    assert stand.notes() == ["order.foreign"]
    assert stand.reject("byhand") == ()
    assert stand.state.illegal == 0


def test_impossible_news_is_counted_and_shown() -> None:
    stand = Stand()
    cid = bid(stand)
    stand.reject(cid)
    assert stand.order(cid).state is OrderState.LIVE
    assert stand.state.illegal == 1
    assert "order.illegal" in stand.notes()


def test_a_quote_that_would_have_crossed_waits_for_the_market() -> None:
    stand = Stand()
    (place,) = places(stand.quote(99.0, 5, NAN, 0))
    stand.ack(place.cid)
    assert stand.cancelled(place.cid, "post_only") == ()
    assert stand.wait(249) == ()
    assert len(places(stand.wait(1))) == 1
    assert not stand.sleeve.benched
    assert stand.sleeve.rejects == 0


def test_the_same_price_that_crosses_again_waits_longer_and_a_new_one_does_not() -> None:
    """A grid level behind the market was sent four times a second until the next bar."""
    stand = Stand()
    (place,) = places(stand.quote(99.0, 5, NAN, 0))
    for wait in (250, 500, 1_000, 2_000, 4_000, 4_000):
        stand.ack(place.cid)
        assert stand.cancelled(place.cid, "post_only") == ()
        assert stand.wait(wait - 1) == ()
        (place,) = places(stand.wait(1))
    stand.ack(place.cid)
    assert len(stand.quote(98.0, 5, NAN, 0)) == 1
    stand.tell(Amended(stand.now, place.cid, D(98), D(5)))
    assert stand.cancelled(place.cid, "post_only") == ()
    assert stand.wait(249) == ()
    assert len(places(stand.wait(1))) == 1


def test_a_quote_that_crossed_does_not_shorten_the_wait_after_a_refusal() -> None:
    """Both quotes went out together: one was refused, the other crossed (I22)."""
    stand = Stand()
    bid, ask = places(stand.quote(99.0, 5, 101.0, 5))
    stand.ack(ask.cid)
    stand.reject(bid.cid)
    assert stand.cancelled(ask.cid, "post_only") == ()
    assert places(stand.wait(999)) == []
    assert len(places(stand.wait(1))) == 2


def test_a_closing_quote_that_would_have_crossed_waits_too() -> None:
    stand = Stand()
    stand.holding(5)
    stand.wish(lambda _view, want: want.release())
    (ask,) = places(stand.quote(NAN, 0, 101.0, 5))
    stand.ack(ask.cid)
    assert stand.cancelled(ask.cid, "post_only") == ()
    assert stand.wait(249) == ()
    assert len(places(stand.wait(1))) == 1


def test_entries_that_find_no_liquidity_do_not_loop() -> None:
    stand = Stand()
    sent = 0
    actions = stand.want(5)
    while places(actions) and sent < 50:
        (place,) = places(actions)
        sent += 1
        stand.ack(place.cid)
        actions = (*stand.cancelled(place.cid, "no liquidity"), *stand.wait(120_000))
    assert sent == 6
    assert stand.sleeve.benched == "no liquidity"


def test_our_own_refusals_bench_nobody() -> None:
    stand = Stand()
    actions = stand.want(5)
    for _ in range(20):
        (place,) = places(actions)
        stand.reject(place.cid, "transient")
        actions = stand.wait(5_000)
    assert not stand.sleeve.benched


def test_a_second_cancel_is_not_sent_while_one_is_on_its_way() -> None:
    stand = Stand()
    cid = bid(stand)
    (cancel,) = stand.quote(NAN, 0, NAN, 0)
    assert isinstance(cancel, Cancel)
    assert stand.quote(98.0, 1, NAN, 0) == ()
    assert stand.order(cid).cancelling


def test_a_refusal_by_the_venue_after_many_of_our_own_is_one_refusal() -> None:
    stand = Stand()
    actions = stand.want(5)
    for code in ("transient",) * 7 + ("51000",):
        (place,) = places(actions)
        stand.reject(place.cid, code)
        actions = stand.wait(70_000)
    assert not stand.sleeve.benched


def test_an_exit_that_has_nothing_to_close_has_the_books_read() -> None:
    """The venue took the position and its fill was lost: six refusals must not bench the sleeve for it."""
    stand = Stand()
    stand.holding(5)
    (place,) = places(stand.want(0))
    reads = [kinds(stand.reject(place.cid, "51169"))]
    for _ in range(3):
        (place,) = places(stand.wait(1_000))
        stand.state.read_at = 0
        reads.append(kinds(stand.reject(place.cid, "51169")))
    assert [("ReadAccount" in row) for row in reads] == [True, True, False, True]


def test_a_refusal_that_is_told_twice_counts_once() -> None:
    """The sixth in a row takes a sleeve off: one too early where the venue told one of them twice."""
    stand = Stand()
    (place,) = places(stand.want(5))
    stand.reject(place.cid)
    stand.tell(Unknown(stand.now, place.cid, Request.PLACE, "no answer"))
    assert (stand.sleeve.rejects, stand.sleeve.faulted) == (1, 1)
    again = stand.sleeve.retry_at
    stand.now += 400
    assert stand.reject(place.cid) == ()
    assert (stand.sleeve.rejects, stand.sleeve.faulted) == (1, 1)
    assert stand.sleeve.retry_at == again
    assert "order.rejected" not in stand.notes()
    assert "order.illegal" not in stand.notes()


def test_a_market_that_the_venue_has_suspended_benches_nobody_and_is_tried_each_second() -> None:
    """Its refusals are no fault of the strategy, and the exit must go the moment trading begins again."""
    stand = Stand()
    stand.holding(5)
    stand.tell(Listing(stand.now, msgspec.structs.replace(LINEAR, state=InstrumentState.SUSPENDED)))
    actions = stand.want(0)
    for _ in range(20):
        (place,) = places(actions)
        stand.reject(place.cid, "51022")
        actions = stand.wait(1_000)
    assert not stand.sleeve.benched


def test_refusals_by_a_market_that_trades_take_the_sleeve_off() -> None:
    stand = Stand()
    stand.holding(5)
    actions = stand.want(0)
    for _ in range(6):
        (place,) = places(actions)
        stand.reject(place.cid, "51022")
        actions = stand.wait(1_000)
    assert stand.sleeve.benched


def test_quotes_that_other_sleeves_run_into_take_nobody_off() -> None:
    """The venue cancels what would trade with ourselves; in a day of quotes more than six in a row."""
    stand = Stand(sleeves=2)
    stand.quote(99.0, 1, float("nan"), 0)
    for _ in range(10):
        (order,) = stand.alive()
        stand.ack(order.cid)
        stand.cancelled(order.cid, "self_trade")
        stand.wait(10_000)
    assert not stand.sleeve.benched


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ({"price": D(0)}, "fact.no_price"),
        ({"qty": D(0)}, "fact.no_price"),
        ({"trade_id": ""}, "fact.no_id"),
        ({"bill_id": ""}, "fact.no_id"),
        ({"ccy": "EUR"}, "fact.other_money"),
    ],
)
def test_half_a_fact_is_said_and_books_nothing(fact: dict[str, Any], said: str) -> None:
    """It ended the process, and the next one read it again: the account could not be managed any more."""
    stand = Stand()
    stand.holding(2)
    before = dict(stand.state.ledger.balances), stand.have
    if fact.keys() & {"bill_id", "ccy"}:
        paid = ev.FundingPaid(stand.now, stand.symbol, D(1), stand.instrument.settle, D("0.0001"), "b1")
        stand.tell(msgspec.structs.replace(paid, **fact))
    else:
        one = D(1)
        fill = ev.Fill(stand.now, "", "v", "x", stand.symbol, Side.BUY, one, one, D(0), "USDT", False)
        stand.tell(msgspec.structs.replace(fill, **fact))
    assert said in stand.notes()
    assert (dict(stand.state.ledger.balances), stand.have) == before
    for lang in ("en", "zh"):
        note = next(note for note in stand.outcome.notes if note.message == said)
        assert stand.symbol in say(note.message, note.args, lang)


def test_a_transfer_without_an_id_and_a_fill_without_its_side() -> None:
    stand = Stand()
    stand.tell(ev.Transfer(stand.now, "USDT", D(5), ""))
    assert "fact.no_id" in stand.notes()
    hedged = Stand(mode=PositionMode.HEDGE)
    hedged.fill("", 1, side=Side.BUY)
    assert "fact.no_side" in hedged.notes()
    assert not hedged.state.ledger.held()


@pytest.mark.parametrize("relisted", [True, False])
def test_refusals_under_old_terms_bench_nobody_under_new_ones(relisted: bool) -> None:
    """Ticks changed again and again while quotes travelled: six refusals in all, and the sleeve was off."""
    stand = Stand()
    for count in range(6):
        stand.now += 100_000
        (place,) = places(stand.quote(99.0 - count, 5, NAN, 0))
        stand.reject(place.cid)
        if relisted and count == 3:
            tick = stand.instrument.tick * 5
            stand.tell(Listing(stand.now, msgspec.structs.replace(stand.instrument, tick=tick)))
    assert bool(stand.sleeve.benched) is not relisted
