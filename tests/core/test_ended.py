"""A market that has ended: nothing is placed there, and what sleeves hold against each other is settled."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from cockpit.app.receipts import plain, sentences
from cockpit.core import events as ev
from cockpit.core import strangers
from cockpit.core.intents import Amend, Place, ReadAccount
from cockpit.core.types import InstrumentState, PosSide, Side
from tests.core.matching.build import BUY, LINEAR, SELL, Desk, book, only, place
from tests.core.stand import SPOT, D, Stand, places
from tests.core.test_halting import Halted


def ends(stand: Stand) -> list[object]:
    """The venue ends the market; what the engine answers."""
    over = msgspec.structs.replace(stand.instrument, state=InstrumentState.EXPIRED)
    return list(stand.tell(ev.Listing(stand.now, over)))


def settled(stand: Stand, side: Side, qty: str, price: str = "100") -> ev.Fill:
    return ev.Fill(
        stand.now, "", "v1", "d1", stand.symbol, side, D(price), D(qty), D(0), "USDT", False,
        PosSide.NET, ev.FillKind.DELIVERY,
    )  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [(3.0, -1.0), (-2.0, 5.0), (2.0, 2.0)])
def test_the_net_is_settled_and_no_sleeve_keeps_anything(one: float, other: float) -> None:
    stand = Stand(sleeves=2)
    stand.place_and_fill(stand.want(one, sleeve=1))
    stand.place_and_fill(stand.want(other, sleeve=2))
    asked = ends(stand)
    assert not [a for a in asked if isinstance(a, Place | Amend)]
    assert [a for a in asked if isinstance(a, ReadAccount)]
    net = stand.state.ledger.net_qty(stand.symbol)
    assert net
    sent = stand.tell(settled(stand, Side.SELL if net > 0 else Side.BUY, str(abs(net))))
    assert not [a for a in sent if isinstance(a, Place | Amend)]
    assert not stand.state.ledger.held(stand.symbol)
    assert [stand.state.position(name) for name in stand.state.sleeves] == [Decimal(0)] * 2
    assert stand.state.ledger.discrepancies() == []


def test_the_venue_settles_at_the_mark_to_the_last_crumb() -> None:
    desk = Desk()
    desk.see(book({99.9: 50}, {100.1: 50}))
    desk.ask(place("a", BUY, 5), 1)
    told = desk.see(ev.Listing(2, msgspec.structs.replace(LINEAR, state=InstrumentState.EXPIRED)))
    assert desk.qty() == 0
    assert [(f.kind, f.side, f.qty) for f in only(told, ev.Fill)] == [(ev.FillKind.DELIVERY, SELL, D(5))]


def test_coins_of_an_ended_market_leave_their_sleeves_and_stay_in_the_account() -> None:
    stand = Stand(SPOT, sleeves=2)
    stand.place_and_fill(stand.want(3.0, stop=90.0, sleeve=1))
    stand.place_and_fill(stand.want(1.5, sleeve=2))
    coins = stand.state.ledger.net_qty(stand.symbol)
    stand.see(80.0)
    assert not [a for a in ends(stand) if isinstance(a, Place | Amend)]
    assert [stand.state.position(name) for name in stand.state.sleeves] == [Decimal(0)] * 2
    assert stand.state.ledger.net_qty(stand.symbol) == strangers.held(stand.state, stand.symbol) == coins
    assert stand.state.ledger.discrepancies() == []
    assert stand.notes().count("market.coins") == 2
    lost = [book.realised for name in stand.state.sleeves for book in stand.state.ledger.sleeve_books(name)]
    assert all(amount < 0 for amount in lost), "the sleeve keeps the loss that it made"
    assert not places(stand.want(2.0))
    back = msgspec.structs.replace(stand.instrument, state=InstrumentState.LIVE)
    stand.tell(ev.Listing(stand.now, back))
    assert not places(stand.see(80.0).actions), "what it wished before is over"


def test_a_trade_heard_after_the_end_goes_the_same_way() -> None:
    stand = Stand(SPOT)
    (bought,) = places(stand.want(2.0))
    stand.ack(bought.cid)
    ends(stand)
    stand.fill(bought.cid)
    assert stand.state.position("p1") == 0
    assert strangers.held(stand.state, stand.symbol) == stand.state.ledger.net_qty(stand.symbol) > 0


def test_a_flatten_does_not_wait_for_coins_that_nobody_can_sell() -> None:
    stand = Halted(SPOT)
    stand.holding(2.0, stop=90.0)
    (stop,) = stand.alive()
    stand.ack(stop.cid)
    ends(stand)
    stand.cancelled(stop.cid)
    stand.read_back(stand.say("halt", flatten="1"))
    assert stand.phase == "confirmed"
    receipt = stand.state.halt.receipt if stand.state.halt else None
    assert receipt is not None
    assert [(row.symbol, row.what, row.qty) for row in receipt.remains] == [
        (stand.symbol, "coins", stand.state.ledger.net_qty(stand.symbol))
    ]
    assert any("no order can sell them there" in line for line in sentences(plain(receipt), "en"))
