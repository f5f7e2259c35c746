"""The judges' excuses reach exactly as far as what nobody here could know."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from cockpit.core import events as ev
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.receipt import Kept, Receipt
from cockpit.core.types import PosSide, Side
from tests.simulation.history import History, Violation
from tests.simulation.invariants import Checker
from tests.simulation.market import LINEAR

SYMBOL = LINEAR.symbol
SLEEVE = f"quoter@1/{SYMBOL}"
ADDED = ev.Fill(
    5, "", "v", "-14", SYMBOL, Side.BUY, Decimal(60_000), Decimal("0.85"), Decimal(0), "USDT", False,
    kind=ev.FillKind.ADL,
)  # fmt: skip


def place(cid: str, qty: str, role: Role = Role.ENTRY, side: Side = Side.BUY) -> Place:
    kind = OrderKind.POST_ONLY if role is Role.ENTRY else OrderKind.STOP
    return Place(
        cid, SLEEVE, SYMBOL, side, kind, Decimal(qty), Decimal(60_000), None, None, None,
        role is not Role.ENTRY, PosSide.NET, role, "",
    )  # fmt: skip


class Venue:
    """An account with one position and the orders put there."""

    def __init__(self, held: str) -> None:
        self.fills = [ADDED]
        self.before: dict[str, Decimal] = {}
        self.held = Decimal(held)
        self.orders: list[ev.VenueOrder] = []

    def rest(self, order: Place) -> None:
        self.orders.append(
            ev.VenueOrder(order.cid, "1", SYMBOL, order.side, Decimal(60_000), order.qty, Decimal(0))
        )

    def positions(self) -> tuple[ev.VenuePosition, ...]:
        return (ev.VenuePosition(SYMBOL, self.held, Decimal(60_000)),)

    def open_orders(self) -> tuple[ev.VenueOrder, ...]:
        return tuple(self.orders)


class Bench:
    """The judge before such an account."""

    def __init__(self, held: str = "1.15") -> None:
        self.found: list[Violation] = []
        self.venue = Venue(held)
        history = History(lambda: 1.0)
        self.judge = Checker(history, cast(Any, self.venue), {"quoter": Decimal(3)}, self.found.append)

    def sent(self, order: Place) -> None:
        self.judge.drafted(order)
        self.judge.places[order.cid] = order
        self.judge._markets[order.sleeve] = order.symbol
        self.venue.rest(order)

    @property
    def words(self) -> list[str]:
        return [str(one).partition(":")[0] for one in self.found]


def test_an_entry_decided_before_a_taking_was_heard_is_not_its_fault() -> None:
    bench = Bench()
    bench.sent(place("a", "2"))
    bench.judge.venue_moved()
    assert not bench.found


def test_an_entry_decided_after_it_was_heard_is_judged_in_full() -> None:
    bench = Bench()
    bench.judge.heard(ADDED)
    bench.sent(place("a", "2"))
    bench.judge.venue_moved()
    assert bench.words == ["I04"]


def test_an_excuse_is_as_large_as_what_was_taken() -> None:
    bench = Bench()
    bench.sent(place("a", "2.8"))
    bench.judge.venue_moved()
    assert bench.words == ["I04"]


def test_a_taking_excuses_its_own_side_only() -> None:
    bench = Bench("-1.15")
    bench.sent(place("a", "2", side=Side.SELL))
    bench.judge.venue_moved()
    assert bench.words == ["I04"]


def test_an_entry_changed_after_the_taking_was_heard_is_judged_in_full() -> None:
    bench = Bench()
    bench.sent(place("a", "2"))
    bench.judge.venue_moved()
    bench.judge.heard(ADDED)
    amend = Amend("a", SYMBOL, Decimal(60_001), Decimal(2))
    bench.judge.drafted(amend)
    bench.judge.venue_moved()
    assert not bench.found  # decided, and still on its way
    bench.judge.arrived(amend)
    bench.judge.venue_moved()
    assert bench.words == ["I04"]


def receipt(read: str) -> Receipt:
    kept = Kept(SLEEVE, SYMBOL, "net", Decimal(-6), Decimal(6), ("s @ 60000",), "hard")
    return Receipt(1, "person", "person", 1, False, (), (), (), (), (), (kept,), (), {}, 2, read, 50, 1)


def gone(ts: int) -> ev.Cancelled:
    return ev.Cancelled(ts, "s", Decimal(0), "user")


def test_a_stop_that_others_cancel_while_the_answer_travels_was_there() -> None:
    bench = Bench()
    bench.judge.places["s"] = place("s", "6", Role.PROTECT)
    bench.judge.read("halt-2", 30)
    bench.judge.told(gone(40))
    bench.judge.receipted(receipt("halt-2"))
    assert not bench.found


def test_a_stop_that_was_gone_when_the_account_was_read_is_not_cover() -> None:
    bench = Bench()
    bench.judge.places["s"] = place("s", "6", Role.PROTECT)
    bench.judge.told(gone(20))
    bench.judge.read("halt-2", 30)
    bench.judge.receipted(receipt("halt-2"))
    assert bench.words == ["I08"]


def test_a_stop_that_we_have_cancelled_is_not_cover() -> None:
    bench = Bench()
    bench.judge.places["s"] = place("s", "6", Role.PROTECT)
    bench.judge.read("halt-2", 30)
    bench.judge._unasked.left(Cancel("s", SYMBOL, "exit"))
    bench.judge.told(gone(40))
    bench.judge.receipted(receipt("halt-2"))
    assert bench.words == ["I08"]


def test_the_leg_of_a_group_may_give_its_remainder_away() -> None:
    """Its name has two markets in it (seed 14300099, found with classes aimed at)."""
    bench = Bench()
    leg, other = f"carrier@1/okx:ETH-USDT+{SYMBOL}/10s", SLEEVE
    rows = {(7, 0): (SYMBOL, leg, other, Decimal("0.004")), (7, 1): (SYMBOL, leg, other, Decimal("0.5"))}
    bench.judge.journal = cast(Any, SimpleNamespace(given={(7, 0): rows[7, 0]}))
    bench.judge._exposure[leg] = Decimal("0.004")
    bench.judge._hand_over()
    assert not bench.found
    assert bench.judge._exposure == {leg: Decimal(0), other: Decimal("0.004")}
    bench.judge.journal = cast(Any, SimpleNamespace(given=rows))
    bench.judge._hand_over()
    assert bench.words == ["I17"]
