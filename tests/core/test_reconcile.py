"""Want minus have: what is sent, in which order, and what is never sent."""

from __future__ import annotations

from decimal import Decimal
from math import nan
from typing import Any

import msgspec
import pytest

from cockpit.core.closing import Closing
from cockpit.core.desk import Desk
from cockpit.core.events import Amended, FillKind, Listing, OrderReport, Request, Triggered, Unknown
from cockpit.core.intents import Amend, Cancel, Place, Query
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.types import Instrument, Kind, PositionMode, PosSide, Side
from tests.core.stand import LINEAR, SPOT, D, Stand, kinds, places

SMALL = Instrument(
    "sim:ALT-USDT", Kind.SPOT, "ALT", "USDT", "USDT", D("0.1"), D("0.01"), D("0.01"),
    min_notional=D(5), max_qty=D(40),
)  # fmt: skip


def test_a_wish_becomes_one_entry_and_repeating_it_nothing() -> None:
    stand = Stand()
    (place,) = stand.want(5)
    assert isinstance(place, Place)
    assert (place.side, place.kind, place.qty, place.role) == (Side.BUY, OrderKind.MARKET, D(5), Role.ENTRY)
    assert not place.reduce_only
    assert stand.want(5) == ()
    assert stand.ack(place.cid) == ()
    assert stand.fill(place.cid) == ()
    assert stand.have == 5


def test_a_flip_is_an_exit_first_and_an_entry_when_it_is_filled() -> None:
    stand = Stand()
    stand.holding(5)
    (leave,) = places(stand.want(-3))
    assert (leave.side, leave.qty, leave.role, leave.reduce_only) == (Side.SELL, D(5), Role.EXIT, True)
    assert stand.ack(leave.cid) == ()
    assert stand.fill(leave.cid, 2) == ()
    (enter,) = places(stand.fill(leave.cid))
    assert (enter.side, enter.qty, enter.role, enter.reduce_only) == (Side.SELL, D(3), Role.ENTRY, False)


def test_reducing_is_an_exit_of_the_difference() -> None:
    stand = Stand()
    stand.holding(5)
    (leave,) = places(stand.want(2))
    assert (leave.side, leave.qty, leave.role) == (Side.SELL, D(3), Role.EXIT)


def test_refused_entries_wait_longer_each_time_and_exits_are_not_held_up() -> None:
    stand = Stand()
    stand.holding(2)
    (more,) = places(stand.want(5))
    stand.reject(more.cid)
    assert stand.wait(999) == ()
    (again,) = places(stand.wait(1))
    stand.reject(again.cid)
    assert stand.wait(1_999) == ()
    assert stand.sleeve.retry_at > stand.now
    (leave,) = places(stand.want(0))
    assert leave.role is Role.EXIT
    stand.reject(leave.cid)
    assert stand.wait(999) == ()
    (leave,) = places(stand.wait(1))
    assert leave.role is Role.EXIT


def test_six_refusals_bench_the_sleeve_and_its_exit_goes_on() -> None:
    stand = Stand()
    actions = stand.want(5)
    for _ in range(6):
        (place,) = places(actions)
        stand.reject(place.cid)
        actions = stand.wait(70_000)
    assert stand.sleeve.benched == "no"
    assert actions == ()
    assert stand.sleeve.verdicts[0].rule == "sleeve"


def test_an_unknown_entry_blocks_entries_but_not_the_exit_of_what_is_proven_held() -> None:
    stand = Stand()
    stand.holding(3)
    (more,) = places(stand.want(5))
    (query,) = stand.tell(Unknown(stand.now, more.cid, Request.PLACE, "timeout"))
    assert query == Query(more.cid, stand.symbol)
    assert stand.want(6) == ()
    (leave,) = places(stand.want(0))
    assert (leave.role, leave.qty, leave.side) == (Role.EXIT, D(3), Side.SELL)
    stand.ack(leave.cid)
    assert stand.fill(leave.cid) == ()
    # The unknown one was executed after all: what it bought is sold too.
    (rest,) = places(stand.fill(more.cid))
    assert (rest.role, rest.qty) == (Role.EXIT, D(2))


def test_an_unknown_exit_is_never_doubled() -> None:
    stand = Stand()
    stand.holding(3)
    (leave,) = places(stand.want(0))
    stand.tell(Unknown(stand.now, leave.cid, Request.PLACE, "timeout"))
    assert places(stand.wait(30_000)) == []
    stand.tell(OrderReport(stand.now, leave.cid, False, proof=False))
    assert places(stand.wait(30_000)) == []
    (again,) = places(stand.tell(OrderReport(stand.now, leave.cid, False, proof=True)))
    assert again.cid != leave.cid
    assert again.role is Role.EXIT


# --- protection ---------------------------------------------------------------------------------------


def test_a_stop_covers_what_is_filled_and_grows_with_it_one_at_a_time() -> None:
    stand = Stand()
    (enter,) = places(stand.want(5, stop=90.0))
    stand.ack(enter.cid)
    (first,) = places(stand.fill(enter.cid, 1))
    assert (first.kind, first.qty, first.trigger, first.side) == (OrderKind.STOP, D(1), D(90), Side.SELL)
    assert first.reduce_only
    assert first.role is Role.PROTECT
    assert stand.fill(enter.cid, 1) == (), "one stop in flight is enough"
    assert stand.fill(enter.cid) == ()
    (whole,) = stand.ack(first.cid)
    assert isinstance(whole, Place)
    assert whole.qty == 5
    # The new one must be proven before the old one is taken away.
    assert stand.order(first.cid).state is OrderState.LIVE
    (gone,) = stand.ack(whole.cid)
    assert gone == Cancel(first.cid, stand.symbol, "replaced")
    assert stand.cancelled(first.cid) == ()


def test_stops_that_wait_for_another_price_than_the_settings_say_now_are_placed_anew() -> None:
    stand = Stand()
    (guard,) = places(stand.holding(5, stop=90.0))
    stand.ack(guard.cid)
    assert guard.watch == "mark"
    stand.state.stop_price = "index"
    (fresh,) = places(stand.want(5.0000001, stop=90.0))
    assert (fresh.watch, fresh.trigger, fresh.qty) == ("index", guard.trigger, D(5))
    assert [o.cid for o in stand.alive() if o.cancelling] == [], (
        "the old one covers until the new one is there"
    )
    assert kinds(stand.ack(fresh.cid)) == ["Cancel"]
    spot = Stand(SPOT)
    (only,) = places(spot.holding(5, stop=90.0))
    assert only.watch == "last"


def test_a_moving_stop_leaves_no_trail() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    assert stop.role is Role.PROTECT
    for step in range(1, 20):
        # Every stop is confirmed only after the wish has moved on: none ever becomes the good one.
        stand.want(5, stop=90.0 + step / 2)
        for order in stand.alive(OrderState.PENDING):
            for action in stand.ack(order.cid):
                if isinstance(action, Cancel):
                    stand.cancelled(action.cid)
    living = [o for o in stand.alive() if o.role is Role.PROTECT and not o.cancelling]
    assert len(living) <= 2


def unseen(stand: Stand, cid: str) -> tuple[Any, ...]:
    """No answer came, and the venue does not know it, which proves nothing yet."""
    stand.tell(Unknown(stand.now, cid, Request.PLACE, "timeout"))
    return stand.tell(OrderReport(stand.now, cid, False, proof=False))


def test_beside_a_stop_that_the_venue_does_not_know_another_one_is_placed() -> None:
    """That it never arrived is proven in half a minute; two reduce-only stops close no more than there is."""
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    (second,) = places(unseen(stand, stop.cid))
    assert (second.role, second.reduce_only, second.trigger, second.qty) == (Role.PROTECT, True, D(90), D(5))
    assert stand.tell(OrderReport(stand.now, stop.cid, False, proof=False)) == ()
    assert not places(stand.want(5, stop=90.0))
    assert stand.ack(second.cid) == ()
    # The first turns out to rest after all: one of them goes.
    actions = stand.ack(stop.cid)
    assert [type(action) for action in actions] == [Cancel]
    stand.cancelled(actions[0].cid)
    assert sum(o.remaining for o in stand.alive() if o.role is Role.PROTECT) == 5
    assert stand.want(5, stop=90.0) == ()


def test_where_two_stops_could_both_go_off_the_proof_is_waited_for() -> None:
    for stand in (Stand(SPOT), Stand(sleeves=2)):
        if len(stand.puppets) > 1:
            stand.place_and_fill(stand.want(3, sleeve=2))
        (stop,) = places(stand.holding(5, stop=90.0))
        assert not places(unseen(stand, stop.cid))
        (again,) = places(stand.tell(OrderReport(stand.now, stop.cid, False)))
        assert again.role is Role.PROTECT


def test_stops_do_not_pile_up_on_a_line_that_takes_and_tells_nothing() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    count = 1
    for _ in range(20):
        found = places(unseen(stand, stop.cid))
        if found:
            (stop,) = found
            count += 1
        stand.wait(2_000)
    assert count == 3


def test_stop_and_take_are_one_order_and_a_take_alone_is_a_trigger() -> None:
    stand = Stand()
    (oco,) = places(stand.holding(5, stop=90.0, take=120.0))
    assert (oco.kind, oco.trigger, oco.take) == (OrderKind.OCO, D(90), D(120))
    stand = Stand()
    (take,) = places(stand.holding(-5, take=80.0))
    assert (take.kind, take.trigger, take.take, take.side) == (OrderKind.TRIGGER, D(80), None, Side.BUY)


def test_a_stop_that_went_off_is_not_bought_back() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    stand.tell(Triggered(stand.now, stop.cid, "stop", D(90)))
    assert stand.fill(stop.cid, 2) == ()
    assert stand.fill(stop.cid) == ()
    assert stand.have == 0
    assert stand.wait(60_000) == ()
    assert stand.sleeve.intent is not None
    assert stand.sleeve.intent.target == 0


def test_the_stop_of_a_position_that_is_being_turned_round_leaves_the_new_wish_alone() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    (leave,) = places(stand.want(-2))
    stand.ack(leave.cid)
    stand.fill(stop.cid)  # the stop was faster
    assert stand.have == 0
    assert stand.sleeve.intent is not None
    assert stand.sleeve.intent.target == -2
    (enter,) = places(stand.cancelled(leave.cid, "reduce_only"))
    assert (enter.role, enter.side, enter.qty) == (Role.ENTRY, Side.SELL, D(2))


def test_nothing_is_entered_on_the_side_of_a_stop_that_may_still_go_off() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    (leave,) = places(stand.want(-2))
    stand.ack(leave.cid)
    (cancel,) = stand.fill(leave.cid)
    assert cancel == Cancel(stop.cid, stand.symbol, "position closed")
    assert stand.wait(4_000) == ()
    (enter,) = places(stand.cancelled(stop.cid))
    assert (enter.role, enter.side, enter.qty) == (Role.ENTRY, Side.SELL, D(2))


def test_reduce_only_is_not_asked_when_another_sleeve_holds_the_other_side() -> None:
    stand = Stand(sleeves=2)
    stand.place_and_fill(stand.want(5))
    stand.place_and_fill(stand.want(-4, sleeve=2))
    (leave,) = places(stand.want(0))
    assert (leave.qty, leave.reduce_only) == (D(5), False)
    stand.ack(leave.cid)
    stand.fill(leave.cid)
    (other,) = places(stand.want(0, sleeve=2))
    assert (other.side, other.qty, other.reduce_only) == (Side.BUY, D(4), True)


def test_a_stop_that_the_venue_throws_out_is_placed_again_but_not_at_road_speed() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    assert stand.cancelled(stop.cid, "51008") == ()
    assert stand.wait(999) == ()
    (again,) = places(stand.wait(1))
    assert again.role is Role.PROTECT
    assert not stand.sleeve.benched


def test_a_benched_sleeve_keeps_its_protection() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)

    def broken(_view: object, _want: object) -> None:
        raise RuntimeError("boom")

    assert stand.wish(broken) == ()
    assert stand.sleeve.benched.startswith("RuntimeError: boom (stand.py:")
    assert stand.alive() == [stand.order(stop.cid)]
    (again,) = places((*stand.cancelled(stop.cid, "venue"), *stand.wait(1_000)))
    assert again.role is Role.PROTECT
    assert again.qty == 5


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_a_wish_that_is_no_number_benches_the_strategy_not_the_machine(number: float) -> None:
    stand = Stand()
    assert stand.want(number) == ()
    assert stand.sleeve.benched
    assert "sleeve.benched" in stand.notes()


# --- too small, too large ---------------------------------------------------------------------------


def test_dust_of_a_base_fee_is_neither_sold_nor_stopped_nor_waited_for() -> None:
    stand = Stand(SPOT)
    (buy,) = places(stand.want(1, stop=90.0))
    stand.ack(buy.cid)
    (stop,) = places(stand.fill(buy.cid, fee=D("0.0005"), fee_ccy="BTC"))
    assert stand.have == D("0.9995")
    assert stop.qty == D("0.999")
    assert stand.ack(stop.cid) == ()
    assert kinds(stand.want(0)) == ["Cancel"], "a stop beside the sale could sell it all once more"
    (leave,) = places(stand.cancelled(stop.cid))
    assert leave.qty == D("0.999")
    stand.ack(leave.cid)
    assert stand.fill(leave.cid) == ()
    assert stand.have == D("0.0005")
    assert stand.wait(600_000) == ()
    assert stand.want(0) == ()
    assert stand.state.next_order == 4


def test_a_residue_below_the_minimum_amount_is_left_alone() -> None:
    stand = Stand(SMALL)
    stand.holding(1)
    (leave,) = places(stand.want(0))
    stand.ack(leave.cid)
    stand.fill(leave.cid, "0.99")
    assert stand.cancelled(leave.cid, "ioc") == (), "0.01 at 100 is worth less than 5"
    assert stand.wait(600_000) == ()
    stand.see(600.0)
    (rest,) = places(stand.want(0.001))
    assert rest.qty == D("0.01"), "at 600 it is worth 6"


def test_an_entry_below_the_minimum_amount_is_not_sent_to_be_refused() -> None:
    stand = Stand(SMALL)
    assert stand.want(0.04) == ()
    assert stand.wait(600_000) == ()


def test_an_order_above_the_maximum_goes_in_pieces() -> None:
    stand = Stand(SMALL)
    sizes = []
    actions = stand.want(100)
    while places(actions):
        (place,) = places(actions)
        sizes.append(place.qty)
        stand.ack(place.cid)
        actions = stand.fill(place.cid)
    assert sizes == [D(40), D(40), D(20)]
    assert stand.have == 100


# --- quotes -------------------------------------------------------------------------------------------


def test_a_quote_whose_fills_are_off_a_coarser_lot_is_replaced_not_changed() -> None:
    """Seed 11002108: 0.29 filled, then lots of 0.1: the amend was for 1.99, which no venue takes."""
    stand = Stand()
    stand.tell(Listing(stand.now, msgspec.structs.replace(LINEAR, lot=D("0.1"))))
    (bid,) = places(stand.quote(99.0, 2, nan, 0))
    stand.ack(bid.cid)
    (more,) = stand.fill(bid.cid, 0.3)
    assert more == Amend(bid.cid, stand.symbol, D(99), D("2.3"), "q")
    stand.tell(Amended(stand.now, bid.cid, D(99), D("2.3")))
    stand.tell(Listing(stand.now, msgspec.structs.replace(LINEAR, lot=D("0.2"))))
    assert kinds(stand.quote(98.0, 2, nan, 0)) == ["Cancel"]


def test_quotes_are_posted_moved_and_pulled() -> None:
    stand = Stand()
    bid, ask = places(stand.quote(99.0, 2, 101.0, 2))
    assert (bid.kind, bid.side, bid.price, bid.role) == (OrderKind.POST_ONLY, Side.BUY, D(99), Role.ENTRY)
    stand.ack(bid.cid)
    stand.ack(ask.cid)
    (moved,) = stand.quote(98.0, 2, 101.0, 2)
    assert moved == Amend(bid.cid, stand.symbol, D(98), D(2), "q")
    assert stand.quote(97.0, 2, 101.0, 2) == (), "one change at a time"
    assert set(kinds(stand.quote(nan, 0, nan, 0))) == {"Cancel"}


def test_a_quote_that_closes_is_an_exit_and_one_that_goes_through_zero_is_not() -> None:
    stand = Stand()
    stand.holding(5)
    stand.wish(lambda _view, want: want.release())
    (ask,) = places(stand.quote(nan, 0, 101.0, 5))
    assert (ask.role, ask.reduce_only) == (Role.EXIT, True)
    stand.ack(ask.cid)
    (cancel,) = stand.quote(nan, 0, 101.0, 7)
    assert cancel == Cancel(ask.cid, stand.symbol, "no longer an exit")
    (through,) = places(stand.cancelled(ask.cid))
    assert (through.role, through.reduce_only, through.qty) == (Role.ENTRY, False, D(7))


def test_a_market_entry_waits_until_a_quote_of_its_side_is_dead() -> None:
    stand = Stand()
    (bid,) = places(stand.quote(99.0, 5, nan, 0))
    stand.ack(bid.cid)

    def change(_view: object, want: object) -> None:
        want.pull()  # type: ignore[attr-defined]
        want.position(5.0)  # type: ignore[attr-defined]

    actions = stand.wish(change)
    assert kinds(actions) == ["Cancel"], "together they could buy ten"
    (rest,) = places(stand.cancelled(bid.cid))
    assert rest.qty == 5


def test_a_refused_cancel_is_asked_about_and_repeated_at_a_walk() -> None:
    from cockpit.core.events import CancelReject

    stand = Stand()
    (bid,) = places(stand.quote(99.0, 5, nan, 0))
    stand.ack(bid.cid)
    sent = list(stand.quote(nan, 0, nan, 0))
    began = stand.now
    while stand.now < began + 10_000:
        if any(isinstance(a, Cancel) for a in sent):
            sent = list(stand.tell(CancelReject(stand.now, bid.cid, "50013", "busy")))
        if any(isinstance(a, Query) for a in sent):
            report = OrderReport(stand.now, bid.cid, True, True, "live", qty=D(5), price=D(99))
            sent = list(stand.tell(report))
        else:
            sent = list(stand.wait(1))
    cancels = stand.state.seq
    assert cancels < 150
    assert stand.order(bid.cid).open


# --- long and short side by side --------------------------------------------------------------------


def test_long_short_account_names_the_position_it_means() -> None:
    stand = Stand(mode=PositionMode.HEDGE)
    (enter,) = places(stand.want(5, stop=90.0))
    assert enter.pos_side is PosSide.LONG
    stand.ack(enter.cid)
    (stop,) = places(stand.fill(enter.cid))
    assert (stop.pos_side, stop.side) == (PosSide.LONG, Side.SELL)
    stand.ack(stop.cid)
    (leave,) = places(stand.want(-5))
    assert (leave.pos_side, leave.role) == (PosSide.LONG, Role.EXIT)
    stand.ack(leave.cid)
    stand.cancelled(stop.cid, "reduce_only")
    (short,) = places(stand.fill(leave.cid))
    assert (short.pos_side, short.side, short.role) == (PosSide.SHORT, Side.SELL, Role.ENTRY)


def test_spot_on_a_long_short_account_has_no_side() -> None:
    stand = Stand(SPOT, mode=PositionMode.HEDGE)
    (buy,) = places(stand.want(1))
    assert buy.pos_side is PosSide.NET


def test_both_quotes_filled_leave_no_long_and_short_for_ever() -> None:
    stand = Stand(mode=PositionMode.HEDGE)
    bid, ask = places(stand.quote(99.0, 5, 101.0, 5))
    assert (bid.pos_side, ask.pos_side) == (PosSide.LONG, PosSide.SHORT)
    for place in (bid, ask):
        stand.ack(place.cid)
    (again,) = places(stand.fill(bid.cid))
    assert again.pos_side is PosSide.LONG, "as far as known nothing is short"
    stand.fill(ask.cid)
    assert stand.state.legs("p1") == (D(5), D(5))
    (cancel,) = stand.ack(again.cid)
    assert cancel == Cancel(again.cid, stand.symbol, "other position")
    (back,) = places(stand.cancelled(again.cid))
    assert (back.side, back.role, back.pos_side) == (Side.BUY, Role.EXIT, PosSide.SHORT)
    # A wish to be flat closes both.
    closing = stand.wish(lambda _view, want: want.flat("out"))
    for _ in range(12):
        actions: list[object] = []
        for action in closing:
            if isinstance(action, Cancel):
                actions += stand.cancelled(action.cid)
            elif isinstance(action, Place):
                stand.ack(action.cid)
                if action.kind is OrderKind.MARKET:
                    actions += stand.fill(action.cid)
        for order in stand.alive(OrderState.PENDING):
            actions += stand.ack(order.cid)
        closing = tuple(actions)  # type: ignore[assignment]
    assert stand.state.legs("p1") == (D(0), D(0))
    assert stand.alive() == []


def test_liquidation_is_divided_over_the_sleeves_and_fees_add_up() -> None:
    stand = Stand(sleeves=3)
    for number, qty in ((1, 3), (2, 4), (3, -2)):
        stand.place_and_fill(stand.want(qty, sleeve=number))
    fee = D("0.1")
    stand.fill("", 5, side=Side.SELL, kind=FillKind.LIQUIDATION, fee=fee, price=90)
    held = [stand.state.position(f"p{n}") for n in (1, 2, 3)]
    assert held == [D(0), D(2), D(-2)]
    assert stand.state.ledger.discrepancies() == []
    assert [stand.state.sleeves[f"p{n}"].intent.target for n in (1, 2, 3)] == [D(0), D(2), D(-2)]  # type: ignore[union-attr]
    paid = sum((b.fees for b in stand.state.ledger.sleeves.values()), Decimal(0))
    assert paid == sum((p.fees for p in stand.state.ledger.positions.values()), Decimal(0))
    assert stand.wait(60_000) == ()


def test_split_fees_add_up_even_when_they_do_not_divide() -> None:
    stand = Stand(sleeves=3)
    for number in (1, 2, 3):
        stand.place_and_fill(stand.want(1, sleeve=number))
    before = stand.state.ledger.balances["USDT"]
    stand.fill("", 3, side=Side.SELL, kind=FillKind.LIQUIDATION, fee=D("0.1"), price=100)
    assert before - stand.state.ledger.balances["USDT"] == D("0.1")
    assert stand.state.ledger.discrepancies() == []


def test_a_hand_trade_is_nobodys() -> None:
    stand = Stand()
    stand.holding(5)
    stand.fill("", 2, side=Side.SELL, kind=FillKind.EXTERNAL)
    assert stand.have == 5
    assert stand.state.ledger.net_qty(LINEAR.symbol) == 3


def test_a_fill_of_a_forgotten_order_of_ours_finds_its_sleeve() -> None:
    stand = Stand(sleeves=2)
    stand.fill("ckt002000000777", 3)
    assert stand.state.position("p2") == 3
    assert stand.have == 0


@pytest.mark.parametrize(
    ("have", "buy", "sell"), [("-0.4", True, False), ("0", True, False), ("1.7", True, True)]
)
def test_a_quote_waits_for_the_stop_of_a_position_that_is_no_more(have: str, buy: bool, sell: bool) -> None:
    """Where quotes beside a stop count as entries, too: both could still sell (seed 17004758).

    What closes the position that the stop is for was judged beside it.
    """
    stop = Order("s1", "p1", LINEAR.symbol, Side.SELL, OrderKind.STOP, D("1.7"), role=Role.PROTECT)
    desk = Desk(LINEAR, D(have), D(5), [stop], PositionMode.NET, lambda **_: None)  # type: ignore[arg-type]
    desk.closing = Closing.COUNTED
    assert desk.may_show(Role.ENTRY, Side.BUY, True) is buy
    assert desk.may_show(Role.ENTRY, Side.SELL, True) is sell
