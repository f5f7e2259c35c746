"""The kill switch: at once, complete, and confirmed only by the venue."""

from __future__ import annotations

from cockpit.core.events import (
    AccountReport,
    Command,
    OrderReport,
    Request,
    Unknown,
    VenueOrder,
    VenuePosition,
)
from cockpit.core.intents import Cancel, Query, ReadAccount
from cockpit.core.orders import OrderState, Role
from cockpit.core.posture import Posture
from cockpit.core.types import Side
from tests.core.stand import SPOT, D, Stand, kinds, places


class Halted(Stand):
    """A stand with a telephone."""

    said = 0

    def say(self, verb: str, **args: str) -> tuple[object, ...]:
        self.said += 1
        return self.tell(Command(self.now, f"c{self.said}", verb, args, "test"))

    def read_back(
        self, actions: tuple[object, ...], *orders: VenueOrder, held: dict[str, int] | None = None
    ) -> tuple[object, ...]:
        """Answer the account question among ``actions``."""
        (read,) = [a for a in actions if isinstance(a, ReadAccount)]
        positions = tuple(VenuePosition(s, D(q), D(100)) for s, q in (held or {}).items())
        balances = dict(self.state.ledger.balances)
        return self.tell(AccountReport(self.now, balances, positions, orders, True, read.request_id))

    @property
    def phase(self) -> str:
        assert self.state.halt is not None
        return self.state.halt.phase


def resting(cid: str, stand: Stand) -> VenueOrder:
    order = stand.order(cid)
    return VenueOrder(cid, "v", order.symbol, order.side, order.price or D(0), order.qty, order.filled)


def test_a_halt_cancels_entries_keeps_protection_and_is_confirmed_by_the_venue() -> None:
    stand = Halted()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    (bid,) = places(stand.quote(99.0, 2, float("nan"), 0))
    stand.ack(bid.cid)
    (cancel,) = stand.say("halt")
    assert cancel == Cancel(bid.cid, stand.symbol, "entries stopped")
    assert stand.state.posture is Posture.HALT
    assert stand.phase == "cancelling"
    actions = stand.cancelled(bid.cid)
    assert kinds(actions) == ["ReadAccount"]
    assert stand.phase == "reading"
    stand.read_back(actions, resting(stop.cid, stand), held={stand.symbol: 5})
    assert stand.phase == "confirmed"
    assert "halt.confirmed" in stand.notes()
    assert stand.alive() == [stand.order(stop.cid)]
    assert places(stand.want(8, stop=90.0)) == []


def test_pending_sent_and_unknown_entries_are_hunted_down() -> None:
    stand = Halted(sleeves=3)
    (pending,) = places(stand.want(5))
    (late,) = places(stand.want(5, sleeve=2))
    (lost,) = places(stand.want(5, sleeve=3))
    stand.tell(Unknown(stand.now, lost.cid, Request.PLACE, "timeout"))
    assert stand.say("halt") == ()
    assert stand.phase == "cancelling"
    assert stand.state.halt.entries_open == 3
    stand.reject(pending.cid, "halted")
    assert stand.ack(late.cid) == (Cancel(late.cid, stand.symbol, "entries stopped"),)
    stand.cancelled(late.cid)
    found = OrderReport(stand.now, lost.cid, True, True, "live", qty=D(5))
    assert stand.tell(found) == (Cancel(lost.cid, stand.symbol, "entries stopped"),)
    actions = stand.cancelled(lost.cid)
    assert kinds(actions) == ["ReadAccount"]
    assert places(stand.wait(999)) == []


def test_an_unanswered_read_back_is_repeated_and_a_stranger_is_left_alone() -> None:
    stand = Halted()
    actions = stand.say("halt")
    assert kinds(actions) == ["ReadAccount"]
    again = stand.wait(1_000)
    assert kinds(again) == ["ReadAccount"]
    hand = VenueOrder("byhand1", "v", stand.symbol, Side.BUY, D(90), D(1), D(0))
    assert stand.read_back(again, hand) == ()
    assert stand.phase == "confirmed"


def test_an_orphan_of_ours_at_the_venue_is_cancelled_before_it_is_confirmed() -> None:
    stand = Halted()
    actions = stand.say("halt")
    orphan = VenueOrder("ckt001000000099", "v", stand.symbol, Side.BUY, D(90), D(1), D(0))
    found = stand.read_back(actions, orphan)
    assert Cancel(orphan.cid, stand.symbol, "halt") in found
    assert "halt.failed" in stand.notes()
    assert stand.phase == "reading"
    actions = stand.wait(1_000)
    stand.read_back(tuple(a for a in actions if isinstance(a, ReadAccount))[:1])
    assert stand.phase == "confirmed"


def test_flatten_with_a_refused_exit_tries_again_within_a_second_and_says_what_is_open() -> None:
    stand = Halted()
    stand.holding(5)
    (leave,) = places(stand.say("halt", flatten="1"))
    assert leave.role is Role.EXIT
    assert stand.state.posture is Posture.FLATTEN
    assert stand.phase == "flattening"
    assert stand.state.halt is not None
    assert stand.state.halt.detail == stand.symbol
    stand.reject(leave.cid)
    (again,) = places(stand.wait(1_000))
    stand.ack(again.cid)
    actions = stand.fill(again.cid)
    assert kinds(actions) == ["ReadAccount"]
    stand.read_back(actions)
    assert stand.phase == "confirmed"


def test_flatten_of_sleeves_that_cancel_each_other_out_closes_both() -> None:
    stand = Halted(sleeves=2)
    stand.place_and_fill(stand.want(5))
    stand.place_and_fill(stand.want(-5, sleeve=2))
    exits = places(stand.say("flatten"))
    assert sorted((p.sleeve, p.side, p.reduce_only) for p in exits) == [
        ("p1", Side.SELL, False),
        ("p2", Side.BUY, False),
    ]
    stand.ack(exits[0].cid)
    assert stand.fill(exits[0].cid) == ()
    assert stand.phase == "flattening"
    stand.ack(exits[1].cid)
    assert kinds(stand.fill(exits[1].cid)) == ["ReadAccount"]


def test_sleeves_that_net_to_nothing_are_not_flat_while_their_exits_are_refused() -> None:
    stand = Halted(sleeves=2)
    stand.place_and_fill(stand.want(5))
    stand.place_and_fill(stand.want(-5, sleeve=2))
    for leave in places(stand.say("flatten")):
        assert stand.reject(leave.cid) == ()
    assert stand.state.ledger.held() == []
    assert stand.alive() == []
    assert stand.phase == "flattening"
    again = stand.wait(1_000)
    assert kinds(again) == ["Place", "Place"]


def test_a_flatten_does_not_wait_for_dust() -> None:
    stand = Halted(SPOT)
    (buy,) = places(stand.want(1))
    stand.ack(buy.cid)
    stand.fill(buy.cid, fee=D("0.0005"), fee_ccy="BTC")
    (leave,) = places(stand.say("halt", flatten="1"))
    stand.ack(leave.cid)
    actions = stand.fill(leave.cid)
    assert stand.have == D("0.0005")
    stand.read_back(actions)
    assert stand.phase == "confirmed"


def test_a_halt_becomes_a_flatten_and_never_the_other_way() -> None:
    stand = Halted()
    stand.holding(5)
    actions = stand.say("halt")
    stand.read_back(actions, held={stand.symbol: 5})
    assert stand.phase == "confirmed"
    (leave,) = places(stand.say("halt", flatten="1"))
    assert leave.role is Role.EXIT
    stand.say("halt", flatten="0")
    assert stand.state.posture is Posture.FLATTEN


def test_only_the_word_and_a_reason_resume_and_then_every_sleeve_is_asked_again() -> None:
    stand = Halted(sleeves=2)
    stand.say("halt")
    assert stand.want(5) == ()
    assert stand.want(3, sleeve=2) == ()
    assert places(stand.say("resume", word="resume", reason="x")) == []
    assert places(stand.say("resume", word="RESUME", reason=" ")) == []
    assert stand.state.halt is not None
    found = places(stand.say("resume", word="RESUME", reason="all clear"))
    assert sorted((p.sleeve, p.qty) for p in found) == [("p1", D(5)), ("p2", D(3))]


def test_a_halt_outlives_a_restart() -> None:
    from cockpit.core.events import Boot

    stand = Halted()
    stand.say("halt")
    stand.tell(Boot(stand.now, 2, "test", "1", ""))
    assert stand.state.posture is Posture.HALT
    assert places(stand.want(5)) == []


def test_a_refused_cancel_during_a_halt_is_repeated_but_not_at_road_speed() -> None:
    from cockpit.core.events import CancelReject

    stand = Halted()
    (bid,) = places(stand.quote(99.0, 2, float("nan"), 0))
    stand.ack(bid.cid)
    stand.say("halt")
    (query,) = stand.tell(CancelReject(stand.now, bid.cid, "50013", "busy"))
    assert isinstance(query, Query)
    report = OrderReport(stand.now, bid.cid, True, True, "live", qty=D(2), price=D(99))
    assert stand.tell(report) == ()
    assert stand.wait(499) == ()
    assert kinds(stand.wait(1)) == ["Cancel"]
    assert stand.order(bid.cid).state is OrderState.LIVE
