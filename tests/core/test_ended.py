"""A market that has ended: nothing is placed there, and what sleeves hold against each other is settled."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.intents import Amend, Place, ReadAccount
from cockpit.core.types import InstrumentState, PosSide, Side
from tests.core.matching.build import BUY, LINEAR, SELL, Desk, book, only, place
from tests.core.stand import D, Stand


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
