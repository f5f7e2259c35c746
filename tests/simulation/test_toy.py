"""Harness against harness: a stand-in exchange and the real one agree where both are simple."""

from decimal import Decimal

from cockpit.core.events import Ack, BookSnapshot, Cancelled, Fill, Mark
from cockpit.core.intents import Cancel, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import PosSide, Side
from tests.simulation.exchange import RealTruth
from tests.simulation.market import LINEAR
from tests.simulation.toy import ToyExchange
from tests.simulation.truth import Truth


def place(cid: str, side: Side, kind: OrderKind, qty: str, price: str | None = None) -> Place:
    limit = None if price is None else Decimal(price)
    return Place(
        cid, "", LINEAR.symbol, side, kind, Decimal(qty), limit, None, None, None,
        False, PosSide.NET, Role.ENTRY, "",
    )  # fmt: skip


def script(truth: Truth) -> tuple[list[tuple[str, str]], dict[str, Decimal], dict[str, Decimal]]:
    """Buy 4 at the market, rest a bid, cancel it, sell 1."""
    told: list[tuple[str, str]] = []
    book = BookSnapshot(1, LINEAR.symbol, 1, ((60_000.0, 500.0),), ((60_000.1, 500.0),), 1)
    truth.market(book, 1)
    truth.market(Mark(1, LINEAR.symbol, 60_000.0), 1)
    truth.request(place("a", Side.BUY, OrderKind.MARKET, "4"), 2)
    truth.request(place("b", Side.BUY, OrderKind.POST_ONLY, "2", "59999.0"), 3)
    truth.request(Cancel("b", LINEAR.symbol, "test"), 4)
    truth.request(place("c", Side.SELL, OrderKind.MARKET, "1"), 5)
    filled: dict[str, Decimal] = {}
    for event in truth.reports():
        if isinstance(event, Fill):
            filled[event.cid] = filled.get(event.cid, Decimal(0)) + event.qty
        elif isinstance(event, Ack | Cancelled):
            told.append((type(event).__name__, event.cid))
    held = {p.symbol: p.qty for p in truth.positions()}
    return told, filled, held | truth.balances()


def test_both_exchanges_tell_the_same_story() -> None:
    real, toy = script(RealTruth((LINEAR,), 1)), script(ToyExchange((LINEAR,)))
    assert real == toy
    assert real[1] == {"a": Decimal(4), "c": Decimal(1)}
