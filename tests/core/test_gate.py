"""The one gate: posture, rules, their fence, and words that say why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.core.events import Boot, Command
from cockpit.core.gate import GateContext, Rule, approve, describe, enlarges, shrink
from cockpit.core.intents import Intent, Quote
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.posture import Posture
from cockpit.core.stops import Lock
from cockpit.core.types import InstrumentState, Side
from cockpit.core.wire import refused_at_wire
from tests.core.stand import D, Stand, places


def context(stand: Stand) -> GateContext:
    return GateContext(
        stand.state, stand.sleeve, stand.instrument, price=stand.state.price(stand.symbol), heard=stand.now
    )


def wish(**fields: Any) -> Intent:
    return Intent("p1", "sim:BTC-USDT-SWAP", **fields)


@pytest.mark.parametrize("posture", [Posture.REDUCE_ONLY, Posture.HALT])
def test_no_entries_under_a_strict_posture_and_the_loudest_voice_is_named(posture: Posture) -> None:
    stand = Stand()
    stand.holding(2)
    stand.state.voices.update({"drawdown": posture, "mild": Posture.DELEVER})
    gate = context(stand)
    approved = approve(wish(target=D(5), stop=D(90)), gate, ())
    assert not approved.entries
    assert (approved.intent.target, approved.intent.stop) == (D(2), D(90))
    assert gate.verdicts[0].reason == f"{posture.name.lower()} (drawdown)"


def test_flatten_wants_nothing_at_all() -> None:
    stand = Stand()
    stand.state.voices["kill"] = Posture.FLATTEN
    gate = context(stand)
    quotes = (Quote(Side.BUY, D(99), D(1)),)
    assert approve(wish(target=D(5), quotes=quotes), gate, ()).intent == wish(target=D(0))
    assert gate.verdicts[0].before == "target 5; buy 1 @ 99"


def test_a_rule_that_breaks_blocks_entries_and_nothing_else() -> None:
    def broken(_intent: Intent, _context: GateContext, _params: object) -> Intent:
        raise ZeroDivisionError("oh")

    stand = Stand(rules=(Rule("broken", broken, None),))
    assert stand.want(5) == ()
    assert stand.sleeve.verdicts[0].reason == "the rule failed: ZeroDivisionError: oh"
    assert not stand.sleeve.benched
    stand = Stand()
    stand.holding(5)
    stand.engine.rules = (Rule("broken", broken, None),)
    (leave,) = places(stand.want(1))
    assert leave.qty == 4


@pytest.mark.parametrize(
    "after",
    [
        wish(target=D(6)),
        wish(target=D(-1)),
        wish(target=None),
        wish(target=D(5), quotes=(Quote(Side.BUY, D(1), D(1)),)),
        Intent("p2", "sim:BTC-USDT-SWAP", D(1)),
    ],
)
def test_a_rule_cannot_make_a_wish_larger_or_somebody_elses(after: Intent) -> None:
    stand = Stand()
    gate = context(stand)
    greedy = Rule("greedy", lambda _intent, _context, _params: after, None)
    assert approve(wish(target=D(5)), gate, (greedy,)).intent == wish(target=D(0))
    assert gate.verdicts[0].reason == "the rule tried to enlarge the wish"


def test_the_same_no_is_said_once_though_its_numbers_run() -> None:
    def stale(intent: Intent, gate: GateContext, _params: object) -> Intent:
        gate.later()
        return gate.block("stale", intent, f"{gate.now} ms")

    stand = Stand(rules=(Rule("stale", stale, None),))
    stand.want(5)
    assert len(stand.outcome.verdicts) == 1
    first = stand.sleeve.verdicts[0].reason
    stand.wait(30_000)
    assert stand.outcome.verdicts == ()
    assert stand.sleeve.verdicts[0].reason != first, "the newest numbers are kept for whoever asks"


def test_boot_allows_nothing_until_the_venue_has_been_read() -> None:
    stand = Stand()
    stand.tell(Boot(stand.now, 1, "test", "0", ""))
    assert places(stand.want(5)) == []
    assert stand.sleeve.verdicts[0].reason == "reduce_only (boot)"


def test_shrink_keeps_what_reduces() -> None:
    quotes = (Quote(Side.BUY, D(99), D(1)), Quote(Side.SELL, D(101), D(9)))
    kept = shrink(wish(target=D(-2), quotes=quotes), D(5))
    assert kept.target == 0
    assert kept.quotes == (Quote(Side.SELL, D(101), D(5)),)
    assert shrink(wish(target=D(9)), D(5)).target == 5
    assert shrink(wish(target=D(3)), D(5)).target == 3


def test_enlarges_compares_with_what_is_held() -> None:
    assert not enlarges(wish(target=D(5)), wish(target=D(2)), D(0))
    assert not enlarges(wish(target=D(5)), wish(target=D(-3)), D(-3)), "staying where it is"
    assert enlarges(wish(target=D(5)), wish(target=D(-4)), D(-3))
    less = (Quote(Side.BUY, D(99), D(1)),)
    assert not enlarges(wish(quotes=(Quote(Side.BUY, D(99), D(2)),)), wish(quotes=less), D(0))


def test_at_the_wire_only_entries_are_stopped() -> None:
    def order(role: Role) -> Order:
        return Order("c", "p1", "s", Side.BUY, OrderKind.MARKET, D(1), role=role)

    state = Stand().state
    assert refused_at_wire(state, order(Role.ENTRY), True)
    assert not refused_at_wire(state, order(Role.ENTRY), False)
    for role in (Role.EXIT, Role.PROTECT):
        assert not refused_at_wire(state, order(role), True)


def test_at_the_wire_what_was_decided_is_asked_again() -> None:
    """Between the decision and the bytes anything may have happened: an entry that no longer fits stays."""
    stand = Stand()
    (place,) = stand.want(5)
    order = stand.order(place.cid)

    def said() -> str:
        return refused_at_wire(stand.state, order, False)

    assert said() == ""
    stand.state.voices["breaker"] = Posture.REDUCE_ONLY
    assert "reduce_only" in said()
    stand.state.voices.clear()
    stand.sleeve.on = False
    assert "off" in said()
    stand.sleeve.on = True
    stand.state.locks["sleeve:p1"] = Lock("loss_guard", "too many", 0)
    assert "loss_guard" in said()
    stand.state.locks.clear()
    live = stand.state.instruments[stand.symbol]
    stand.state.instruments[stand.symbol] = msgspec.structs.replace(live, state=InstrumentState.SUSPENDED)
    assert "suspended" in said()
    stand.state.instruments[stand.symbol] = live
    stand.state.orders["late"] = Order("late", "p1", stand.symbol, Side.BUY, OrderKind.MARKET, D(3))
    assert "8 could be reached, 5 is allowed" in said(), "an order that nobody counted on"
    del stand.state.orders["late"]
    assert said() == ""


def test_nothing_is_described_as_nothing() -> None:
    assert describe(wish()) == "nothing"
    assert describe(wish(target=D("0.50"))) == "target 0.5"


def test_switching_a_sleeve_off_and_on() -> None:
    stand = Stand()
    stand.holding(2)

    def say(verb: str) -> tuple[object, ...]:
        return stand.tell(Command(stand.now, f"{verb}{stand.state.seq}", verb, {"sleeve": "p1"}, "me"))

    say("sleeve_off")
    assert stand.want(5) == ()
    assert stand.sleeve.verdicts[0].reason == "switched off"
    (place,) = places(say("sleeve_on"))  # type: ignore[arg-type]
    assert place.qty == 3
    assert msgspec.structs.asdict(stand.sleeve)["benched"] == ""


def test_the_room_of_a_quote_counts_entries_on_their_way_and_gives_no_credit_for_the_other_side() -> None:
    from cockpit.core.gate import scaled

    def room(have: int, flying: int, target: int | None = None, side: Side = Side.BUY) -> object:
        stand = Stand()
        if have:
            stand.holding(have)
        if flying:
            order = Order("x", "p1", stand.symbol, Side.BUY, OrderKind.MARKET, D(flying))
            stand.state.orders["x"] = order
        intent = wish(target=None if target is None else D(target), quotes=(Quote(side, D(99), D(50)),))
        return [q.qty for q in scaled(intent, D(10), context(stand)).quotes]

    assert room(0, 0) == [10]
    assert room(4, 0) == [6]
    assert room(4, 3) == [3]
    assert room(4, 9) == []
    assert room(-4, 0) == [10], "a stop may take the short away first"
    assert room(-40, 0) == [40], "it may close all of it"
    assert room(-4, 3) == [7]
    assert room(0, 0, target=7) == [3]
    assert room(0, 0, target=-7) == [10]
    assert room(4, 3, side=Side.SELL) == [10]
