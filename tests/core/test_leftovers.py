"""What several sleeves have left, each too little for an order: closed together when all is to be closed."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.breakers import Trip
from cockpit.core.events import PosSide
from cockpit.core.intents import Place
from cockpit.core.ledger.account import foreign
from cockpit.core.orders import Role
from cockpit.core.posture import Posture
from cockpit.core.types import PositionMode, Side
from tests.core.stand import LINEAR, SPOT, D, Stand, places
from tests.core.test_halting import Halted

COARSE = LINEAR.lot * 10


def coarser(stand: Stand) -> None:
    """The venue makes the lot ten times as large."""
    stand.tell(ev.Listing(stand.now, msgspec.structs.replace(stand.instrument, lot=COARSE, min_qty=COARSE)))


def held(*parts: str, mode: PositionMode = PositionMode.NET) -> Halted:
    """Sleeves with these multiples of the coarse lot, which then becomes the lot."""
    stand = Halted(sleeves=len(parts), mode=mode)
    for number, part in enumerate(parts, 1):
        stand.place_and_fill(stand.want(float(D(part) * COARSE), sleeve=number))
    coarser(stand)
    return stand


def close_all(stand: Halted) -> list[Place]:
    """Flatten; every exit is filled. What was sent."""
    sent: list[Place] = []
    actions = stand.say("halt", flatten="1")
    while exits := places(actions):
        sent += exits
        for leave in exits:
            stand.ack(leave.cid)
            actions = stand.fill(leave.cid)
        actions = actions or stand.wait(10)
    return sent


def net(stand: Stand) -> Decimal:
    return stand.state.ledger.net_qty(stand.symbol)


@pytest.mark.parametrize(
    "parts", [("0.5", "0.5"), ("0.4", "0.9", "-0.3"), ("-0.7", "-0.6"), ("2.6", "0.4", "1.5")]
)
def test_a_flatten_closes_remainders_of_several_sleeves_together(parts: tuple[str, ...]) -> None:
    stand = held(*parts)
    whole = abs(sum(map(D, parts)))
    sent = close_all(stand)
    assert all(p.role is Role.EXIT and p.qty % COARSE == 0 for p in sent)
    assert abs(net(stand)) == (whole % 1) * COARSE, "less than a lot, which nobody can close"
    assert stand.state.ledger.discrepancies() == []
    assert stand.phase == "reading", "the venue is asked whether it is done"


def test_who_closes_for_whom_is_said_and_its_books_say_so() -> None:
    stand = held("0.5", "0.7")
    before = net(stand)
    (leave,) = places(stand.say("halt", flatten="1"))
    (note,) = [n for n in stand.outcome.notes if n.message == "leftover.given"]
    assert (note.args["giver"], note.args["sleeve"], D(note.args["qty"])) == ("p1", "p2", COARSE / 2)
    assert (leave.sleeve, leave.qty, leave.reduce_only) == ("p2", COARSE, True)
    assert net(stand) == before
    assert stand.state.position("p1") == 0
    assert stand.state.position("p2") == before


def test_nothing_is_given_away_while_an_order_is_under_way_or_no_flatten_is_asked_for() -> None:
    stand = held("0.5", "0.5")
    stand.wait(5_000)
    assert stand.state.position("p1") == COARSE / 2, "in quiet times everybody keeps what is theirs"
    stand = held("1.5", "0.5")
    (first,) = places(stand.say("halt", flatten="1"))
    assert (first.sleeve, first.qty) == ("p1", COARSE)
    assert stand.state.position("p2") == COARSE / 2
    stand.ack(first.cid)
    assert stand.state.position("p2") == COARSE / 2
    (second,) = places(stand.fill(first.cid) or stand.wait(10))
    assert second.qty == COARSE


def test_remainders_that_cancel_each_other_out_stay_as_they_are() -> None:
    stand = held("0.5", "-0.5")
    assert places(stand.say("halt", flatten="1")) == []
    assert stand.state.position("p1") == -stand.state.position("p2") != 0
    assert stand.phase == "reading"


def test_a_strangers_part_is_neither_given_nor_closed() -> None:
    stand = held("0.5", "0.4")
    stand.fill("", COARSE / 2, kind=ev.FillKind.EXTERNAL, side=Side.BUY)
    assert places(stand.say("halt", flatten="1")) == []
    book = stand.state.ledger.sleeve(foreign(stand.symbol))
    assert book is not None
    assert book.qty == COARSE / 2


def test_on_a_long_short_account_each_side_by_itself() -> None:
    stand = held("0.5", "0.6", "-0.9", mode=PositionMode.HEDGE)
    (leave,) = places(stand.say("halt", flatten="1"))
    assert (leave.sleeve, leave.pos_side, leave.qty) == ("p2", PosSide.LONG, COARSE)


def test_coins_worth_less_than_the_venue_takes_are_sold_together() -> None:
    stand = Halted(msgspec.structs.replace(SPOT, min_notional=D(0)), sleeves=2)
    for number in (1, 2):
        stand.place_and_fill(stand.want(float(SPOT.lot), sleeve=number))
    dear = msgspec.structs.replace(stand.instrument, min_notional=SPOT.lot * 2 * 100)
    stand.tell(ev.Listing(stand.now, dear))
    (leave,) = places(stand.say("halt", flatten="1"))
    assert leave.qty == SPOT.lot * 2


def test_a_breaker_that_closes_every_sleeve_of_the_market_does_it_too() -> None:
    stand = held("0.5", "0.5")
    trip = Trip("drawdown", "", Posture.FLATTEN, "drill", stand.now, stand.now, 0)
    stand.state.trips["drawdown|"] = trip
    assert [p.qty for p in places(stand.tell(ev.DataFault(stand.now, "", "gap")))] == [COARSE]
