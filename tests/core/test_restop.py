"""A stop that rests is changed where it rests: never without cover, and never two that could both go off."""

from __future__ import annotations

import pytest

from cockpit.core.events import AccountReport, Amended, AmendReject, OrderReport, Request, Unknown, VenueOrder
from cockpit.core.intents import Amend, Cancel, Place, Query
from cockpit.core.orders import Change, OrderKind, Role
from tests.core.stand import LINEAR, SPOT, D, Stand, kinds, places

SHARED, COINS = "shared", "coins"


def holding(where: str, qty: float = 5, **wish: float) -> tuple[Stand, Place]:
    """A sleeve with a stop that rests, where two of them could both go off."""
    stand = Stand(LINEAR, sleeves=2) if where == SHARED else Stand(SPOT)
    if where == SHARED:
        stand.place_and_fill(stand.want(5, sleeve=2))
    (stop,) = places(stand.holding(qty, **{"stop": 90.0, **wish}))
    stand.ack(stop.cid)
    return stand, stop


def only(actions: tuple[object, ...]) -> object:
    (action,) = actions
    return action


@pytest.mark.parametrize("where", [SHARED, COINS])
def test_a_stop_that_moves_is_amended_and_covers_all_the_time(where: str) -> None:
    stand, stop = holding(where)
    assert only(stand.want(5, stop=95.0)) == Amend(stop.cid, stand.symbol, D(95), D(5), "want5")
    order = stand.order(stop.cid)
    assert (order.amending, order.trigger, order.sure) == (Change(D(95), D(5)), D(90), D(5))
    assert stand.want(5, stop=95.0) == ()
    assert stand.tell(Amended(stand.now, stop.cid, D(95), D(5))) == ()
    assert (order.trigger, order.qty, order.amending, order.tag) == (D(95), D(5), None, "want5")


@pytest.mark.parametrize("where", [SHARED, COINS])
def test_it_grows_with_the_position_and_counts_as_the_larger_until_it_is_sure(where: str) -> None:
    stand, stop = holding(where)
    (enter,) = places(stand.want(7, stop=90.0))
    stand.ack(enter.cid)
    assert only(stand.fill(enter.cid, 1)) == Amend(stop.cid, stand.symbol, D(90), D(6), "want7")
    order = stand.order(stop.cid)
    assert (order.remaining, order.sure) == (D(6), D(5))
    assert stand.fill(enter.cid) == ()  # one at a time: its answer is on the way
    again = only(stand.tell(Amended(stand.now, stop.cid, D(90), D(6))))
    assert again == Amend(stop.cid, stand.symbol, D(90), D(7), "want7")


@pytest.mark.parametrize("where", [SHARED, COINS])
def test_an_exit_of_a_part_leaves_the_rest_covered(where: str) -> None:
    stand, stop = holding(where)
    shrunk = only(stand.want(2, stop=90.0))
    assert shrunk == Amend(stop.cid, stand.symbol, D(90), D(2))
    assert stand.want(2, stop=90.0) == ()  # both together could still close more than there is
    leave = only(stand.tell(Amended(stand.now, stop.cid, D(90), D(2))))
    assert isinstance(leave, Place)
    assert (leave.role, leave.qty) == (Role.EXIT, D(3))
    stand.ack(leave.cid)
    assert stand.fill(leave.cid) == ()
    assert stand.order(stop.cid).sure == stand.have == 2


@pytest.mark.parametrize("where", [SHARED, COINS])
def test_an_exit_of_all_waits_for_the_stop_to_be_dead(where: str) -> None:
    stand, stop = holding(where)
    assert only(stand.want(0)) == Cancel(stop.cid, stand.symbol, "leaving")
    assert places(stand.cancelled(stop.cid))[0].role is Role.EXIT


def test_stop_and_take_move_together() -> None:
    stand, stop = holding(SHARED, take=120.0)
    assert stop.kind is OrderKind.OCO
    amend = only(stand.want(5, stop=95.0, take=118.0))
    assert amend == Amend(stop.cid, stand.symbol, D(95), D(5), "want5", D(118))
    stand.tell(Amended(stand.now, stop.cid, D(95), D(5), D(118)))
    order = stand.order(stop.cid)
    assert (order.trigger, order.take) == (D(95), D(118))


def test_a_take_that_comes_makes_another_order_of_it() -> None:
    stand, stop = holding(SHARED)
    assert only(stand.want(5, stop=90.0, take=120.0)) == Cancel(stop.cid, stand.symbol, "replaced")
    (both,) = places(stand.cancelled(stop.cid))
    assert both.kind is OrderKind.OCO


def test_where_overlap_is_safe_the_new_one_still_comes_first() -> None:
    stand = Stand(LINEAR)
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    (new,) = places(stand.want(5, stop=95.0))
    assert stand.ack(new.cid) == (Cancel(stop.cid, stand.symbol, "replaced"),)


@pytest.mark.parametrize("where", [SHARED, COINS])
def test_a_refused_amend_leaves_the_old_stop_and_it_is_replaced(where: str) -> None:
    stand, stop = holding(where)
    stand.want(5, stop=95.0)
    found = stand.tell(AmendReject(stand.now, stop.cid, "51506", "not for this order"))
    assert kinds(found) == ["Query"]  # has it gone off meanwhile?
    assert "order.not_amended" in stand.notes()
    assert stand.order(stop.cid).sure == 5
    found = stand.tell(OrderReport(stand.now, stop.cid, True, True, "live", D(0), D(90), D(5)))
    assert found == (Cancel(stop.cid, stand.symbol, "replaced"),)
    (new,) = places(stand.cancelled(stop.cid))
    assert (new.trigger, new.qty) == (D(95), D(5))
    stand.ack(new.cid)
    assert isinstance(only(stand.want(5, stop=96.0)), Amend)  # the next one may be changed again


def test_a_venue_without_amends_is_asked_once() -> None:
    stand, stop = holding(SHARED)
    stand.want(5, stop=95.0)
    assert kinds(stand.tell(AmendReject(stand.now, stop.cid, "not offered", "no"))) == ["Cancel"]
    (new,) = places(stand.cancelled(stop.cid))
    stand.ack(new.cid)
    assert only(stand.want(5, stop=96.0)) == Cancel(new.cid, stand.symbol, "replaced")


def test_an_amend_that_never_left_is_tried_again_at_a_walk() -> None:
    stand, stop = holding(SHARED)
    stand.want(5, stop=95.0)
    assert kinds(stand.tell(AmendReject(stand.now, stop.cid, "transient", "no road"))) == ["Query"]
    assert [a for a in stand.wait(999) if not isinstance(a, Query)] == []
    assert [a for a in stand.wait(1) if not isinstance(a, Query)] == [
        Amend(stop.cid, stand.symbol, D(95), D(5), "want5")
    ]


def test_an_amend_without_an_answer_is_asked_about_and_never_sent_again() -> None:
    stand, stop = holding(SHARED)
    stand.want(5, stop=95.0)
    assert only(stand.tell(Unknown(stand.now, stop.cid, Request.AMEND, "no answer"))) == Query(
        stop.cid, stand.symbol
    )
    assert stand.want(6, stop=96.0) != ()  # the entry goes on
    assert [a for a in stand.outcome.actions if isinstance(a, Amend | Cancel)] == []
    # It was not done; it may still come, so the stop is not changed but replaced: late, it finds no order.
    found = stand.tell(OrderReport(stand.now, stop.cid, True, True, "live", D(0), D(90), D(5)))
    assert found == (Cancel(stop.cid, stand.symbol, "replaced"),)


def test_an_amend_without_an_answer_that_was_done_is_done() -> None:
    stand, stop = holding(SHARED)
    stand.want(5, stop=95.0)
    stand.tell(Unknown(stand.now, stop.cid, Request.AMEND, "no answer"))
    assert stand.tell(OrderReport(stand.now, stop.cid, True, True, "live", D(0), D(95), D(5))) == ()
    assert isinstance(only(stand.want(5, stop=96.0)), Amend)


def test_an_answer_that_was_lost_is_asked_for() -> None:
    stand, stop = holding(SHARED)
    stand.want(5, stop=95.0)
    assert only(stand.wait(5_000)) == Query(stop.cid, stand.symbol)
    assert stand.tell(OrderReport(stand.now, stop.cid, True, True, "live", D(0), D(95), D(5))) == ()
    assert stand.order(stop.cid).trigger == 95


def test_a_stop_that_goes_off_under_the_amend_is_done_and_the_rest_gets_a_new_one() -> None:
    stand, stop = holding(SHARED)
    (enter,) = places(stand.want(7, stop=90.0))
    stand.ack(enter.cid)
    stand.fill(enter.cid)  # the stop grows to 7: under way
    assert stand.fill(stop.cid, 5, 90) == ()
    assert stand.have == 2
    assert kinds(stand.tell(AmendReject(stand.now, stop.cid, "51503", "filled"))) == ["Query"]
    found = stand.tell(OrderReport(stand.now, stop.cid, True, True, "filled", D(5), D(0), D(5)))
    (new,) = places(found)
    assert (new.role, new.qty) == (Role.PROTECT, D(2))


def test_a_stop_that_the_venue_lists_otherwise_is_asked_about() -> None:
    """A late amend took effect, and its push was lost."""
    stand, stop = holding(SHARED)
    stand.wait(1_000)

    def listed(qty: str, price: str) -> list[Query]:
        row = VenueOrder(stop.cid, "v", stand.symbol, stop.side, D(price), D(qty), D(0))
        stand.tell(AccountReport(stand.now, {}, (), (row,)))
        return [a for a in stand.outcome.actions if isinstance(a, Query)]

    assert listed("5", "90") == []
    assert listed("3", "90") == [Query(stop.cid, stand.symbol)]
    stand.tell(OrderReport(stand.now, stop.cid, True, True, "live", D(0), D(90), D(3)))
    assert stand.order(stop.cid).amending == Change(D(90), D(5))


def test_nobody_else_enters_between_an_exit_and_the_stop_beside_it() -> None:
    """Both are reduce-only, which bounds them only while the sleeve is alone there (seed 9000383)."""
    stand = Stand(sleeves=2)
    (stop,) = places(stand.holding(-2, stop=110.0))
    stand.ack(stop.cid)
    (leave,) = places(stand.want(0))
    assert (leave.reduce_only, stop.reduce_only) == (True, True)
    assert places(stand.want(-2, sleeve=2)) == []
    stand.ack(leave.cid)
    assert places(stand.fill(leave.cid)) == [], "the stop still rests"
    stand.cancelled(stop.cid)
    (entry,) = places(stand.wait(200))
    assert (entry.sleeve, entry.qty) == ("p2", 2)
