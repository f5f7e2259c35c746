"""What a person does by hand: planned first, done as planned, refused when it is no longer so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.app import compose
from cockpit.app.discover import discover
from cockpit.core import events as ev
from cockpit.core import memory, planning
from cockpit.core.config import Config
from cockpit.core.gate import Rule
from cockpit.core.hand import Manual
from cockpit.core.intents import Cancel, Place
from cockpit.core.orders import OrderKind
from cockpit.core.plan_words import plan_lines
from cockpit.core.planning import Plan
from cockpit.core.posture import Posture
from cockpit.core.types import MarginMode, PositionMode, Side
from tests.core.stand import LINEAR, LOOSE, SPOT, D, Stand, loose_rules, places

discover()
NAME = f"manual@1/{LINEAR.symbol}"


class Desk(Stand):
    """A stand at which a person sits."""

    said = 0

    def plan(self, verb: str, **args: Any) -> Plan:
        return planning.draw(self.engine, {"verb": verb, **args}, self.now)

    def apply(self, plan: Plan, **other: str) -> tuple[Any, ...]:
        self.said += 1
        command = ev.Command(self.now, f"c{self.said}", "apply", {**plan.order, **other}, "me")
        return self.tell(command)

    def do(self, verb: str, **args: Any) -> tuple[Any, ...]:
        plan = (
            self.plan(verb, symbol=self.symbol, **args) if "symbol" not in args else self.plan(verb, **args)
        )
        assert not plan.refused, (plan.refused, plan.numbers)
        return self.apply(plan)

    @property
    def no(self) -> str:
        return self.state.refusals.get(f"c{self.said}", ("",))[0]

    @property
    def mine(self) -> Any:
        return self.state.position(NAME)


def sent(actions: tuple[Any, ...]) -> list[Any]:
    return [planning.call_of(a).essence for a in actions if isinstance(a, Place | Cancel)]


def test_an_entry_is_shown_with_its_stop_and_its_risk_and_then_done_so() -> None:
    desk = Desk(rules=loose_rules())
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="5", stop="95", take="120")
    assert plan.refused == ""
    (call,) = plan.calls
    assert (call.side, call.kind, call.qty, call.reduce_only) == ("buy", "market", D(5), False)
    (stop,) = plan.then
    assert (stop.side, stop.kind, stop.qty) == ("sell", "oco", D(5))
    assert (stop.trigger, stop.take, stop.reduce_only) == (D(95), D(120), True)
    assert plan.fee > 0
    assert plan.before is not None
    assert plan.after is not None
    assert (plan.before.qty, plan.after.qty) == (D(0), D(5))
    assert plan.after.margin > plan.before.margin == 0
    assert plan.after.limits[0].used > plan.before.limits[0].used
    assert desk.state.sleeves.keys() == {"p1"}, "a plan changes nothing"

    actions = desk.apply(plan)
    assert sent(actions) == [c.essence for c in plan.calls]
    assert desk.state.sleeves[NAME].index >= 900
    follow = desk.place_and_fill(actions)
    assert sent(follow) == [c.essence for c in plan.then]
    assert desk.mine == 5
    assert desk.have == 0, "the strategy's own book is untouched"


def test_a_plan_is_refused_when_the_sleeve_the_posture_or_the_price_has_changed_or_it_is_old() -> None:
    desk = Desk(rules=loose_rules())
    wish = {"symbol": LINEAR.symbol, "side": "long", "qty": "5", "stop": "90"}
    plan = desk.plan("enter", **wish)
    assert desk.apply(plan, qty="50") == ()
    assert desk.no == "plan.changed.wish"
    desk.see(100.6)
    assert desk.apply(plan) == ()
    assert desk.no == "plan.moved"
    desk.see(100.2)
    desk.place_and_fill(desk.apply(plan))
    assert desk.apply(plan) == ()
    assert desk.no == "plan.changed.position", "done once; the second time there is a position"
    plan = desk.plan("enter", **wish)
    desk.now += planning.GOOD_FOR_MS + 1
    assert desk.apply(plan) == ()
    assert desk.no == "plan.old"
    assert desk.apply(msgspec.structs.replace(plan, hash="")) == ()
    assert desk.no == "plan.old"
    assert desk.plan("enter", **wish).refused == "plan.nothing", "its data is old: the gate would block it"
    desk.see(100.2)
    plan = desk.plan("enter", **wish)
    desk.do("entries", to="off", reason="news")
    assert desk.apply(plan) == ()
    assert desk.no.startswith("plan.")


@pytest.mark.parametrize(
    ("verb", "args", "why"),
    [
        ("enter", {"side": "long", "qty": "5"}, "hand.needs_stop"),
        ("enter", {"side": "long", "qty": "5", "stop": "101"}, "hand.stop_side"),
        ("enter", {"side": "short", "qty": "5", "stop": "99"}, "hand.stop_side"),
        ("enter", {"side": "long", "qty": "5", "stop": "95", "take": "99"}, "hand.take_side"),
        ("enter", {"side": "up", "qty": "5", "stop": "95"}, "hand.side"),
        ("enter", {"side": "long", "qty": "0.0001", "stop": "95"}, "hand.lot"),
        ("enter", {"side": "long", "qty": "nan", "stop": "95"}, "hand.number"),
        ("enter", {"side": "long", "qty": "-1", "stop": "95"}, "hand.number"),
        ("enter", {"side": "long", "stop": "95"}, "hand.number"),
        ("enter", {"symbol": "DOGE", "side": "long", "qty": "5"}, "hand.no_symbol"),
        ("exit", {}, "hand.holds_nothing"),
        ("exit", {"sleeve": "nobody"}, "command.no_sleeve"),
        ("cancel", {"cid": "x"}, "command.no_order"),
        ("take", {"stop": "90"}, "hand.no_stranger"),
        ("release", {}, "hand.holds_nothing"),
        ("lock", {"what": LINEAR.symbol}, "hand.reason"),
        ("lock", {"what": LINEAR.symbol, "reason": "x", "minutes": "-3"}, "hand.number"),
        ("unlock", {"what": LINEAR.symbol}, "hand.not_locked"),
        ("entries", {"to": "sideways"}, "hand.on_or_off"),
        ("entries", {"to": "on"}, "hand.so_already"),
        ("entries", {"to": "off"}, "hand.reason"),
        ("limit", {"what": "max_notional", "to": "1"}, "limit.no_settings"),
        ("limit", {"what": "luck", "to": "1"}, "limit.unknown"),
        ("undo", {}, "hand.no_undo"),
        ("dance", {}, "hand.unknown"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_happens(verb: str, args: dict[str, str], why: str) -> None:
    desk = Desk(rules=loose_rules())
    before = memory.freeze(desk.engine)
    plan = desk.plan(verb, **{"symbol": LINEAR.symbol, **args})
    assert plan.refused == why
    assert memory.freeze(desk.engine) == before
    for lang in ("en", "zh"):
        assert why not in "\n".join(plan_lines(planning.shown(plan), lang))
    assert desk.apply(msgspec.structs.replace(plan, hash="x")) == ()
    assert desk.no == why


def test_without_a_stop_only_when_it_is_said() -> None:
    desk = Desk()
    desk.place_and_fill(desk.do("enter", side="short", qty="2", bare="1"))
    assert desk.mine == -2
    assert desk.alive() == []


def test_what_a_rule_trims_is_shown_in_its_words_and_never_bought_later() -> None:
    tight = msgspec.structs.replace(LOOSE, max_notional=3.0)
    desk = Desk(rules=loose_rules(tight))
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="5", stop="90")
    assert [c.qty for c in plan.calls] == [D(3)]
    assert (plan.verdicts[0].rule, plan.verdicts[0].action) == ("max_notional", "trim")
    assert "max notional says" in "\n".join(plan_lines(planning.shown(plan), "en"))
    desk.place_and_fill(desk.apply(plan))
    desk.engine.rules = loose_rules()  # the limit goes away: nobody asked again
    desk.do("lock", what="p1", reason="look again at everybody")
    desk.wait(5_000)
    desk.see(100)
    assert desk.mine == 3
    assert [o.kind for o in desk.alive()] == [OrderKind.STOP]


def test_an_entry_that_the_venue_refuses_is_not_tried_again() -> None:
    desk = Desk()
    (place,) = places(desk.do("enter", side="long", qty="2", stop="90"))
    desk.reject(place.cid)
    assert places(desk.wait(60_000)) == []
    assert desk.state.sleeves[NAME].intent.target == 0  # type: ignore[union-attr]


def test_a_strategy_that_is_taken_out_stays_out_until_it_is_unlocked() -> None:
    desk = Desk()
    desk.holding(5, stop=90)
    plan = desk.plan("exit", symbol=LINEAR.symbol, qty="2")
    assert [(c.side, c.qty, c.reduce_only, c.role) for c in plan.calls] == [("sell", D(2), True, "exit")]
    follow = desk.place_and_fill(desk.apply(plan))
    assert sent(follow) == [c.essence for c in plan.then]
    assert desk.have == 3
    assert places(desk.want(5, stop=90)) == [], "it wants more again, and may not"
    assert "me" in desk.state.locks["sleeve:p1"].reason
    desk.place_and_fill(desk.do("exit"))
    assert desk.have == 0
    assert desk.state.undo == {"verb": "unlock", "what": "p1"}
    undo = desk.plan("undo")
    assert undo.args["verb"] == "unlock"
    desk.apply(undo)
    assert desk.state.locks == {}
    assert [p.qty for p in places(desk.want(4, stop=90))] == [D(4)], "a new wish is heard again"


def test_undoing_an_entry_and_an_exit_by_hand() -> None:
    desk = Desk()
    desk.place_and_fill(desk.do("enter", side="long", qty="4", stop="90"))
    undo = desk.plan("undo")
    assert [(c.side, c.qty) for c in undo.calls] == [("sell", D(4))]
    desk.place_and_fill(desk.apply(undo))
    assert desk.mine == 0
    for stop in desk.alive():
        desk.cancelled(stop.cid)
    again = desk.plan("undo")
    assert [(c.side, c.qty, c.trigger) for c in (*again.calls, *again.then)] == [
        ("buy", D(4), None),
        ("sell", D(4), D(90)),
    ]


def test_other_way_round_is_refused_and_part_of_several_needs_a_name() -> None:
    desk = Desk()
    desk.holding(3)
    desk.place_and_fill(desk.do("enter", side="long", qty="2", stop="90"))
    assert desk.plan("enter", symbol=LINEAR.symbol, side="short", qty="1", stop="110").refused == (
        "hand.other_way"
    )
    assert desk.plan("exit", symbol=LINEAR.symbol, qty="1").refused == "hand.which"
    (stop,) = [o for o in desk.alive() if o.sleeve == NAME]
    desk.ack(stop.cid)
    plan = desk.plan("exit", sleeve=NAME, qty="1")
    first = [(c.do, c.qty) for c in plan.calls]
    assert first == [("amend", D(1))], "whole, its stop could close the other's position too"
    assert [(c.role, c.qty) for c in plan.then] == [("exit", D(1))]
    assert f"  change {stop.cid} to 1 @ 90" in plan_lines(planning.shown(plan), "en")
    both = desk.plan("exit", symbol=LINEAR.symbol)
    assert sorted(c.qty for c in (*both.calls, *both.then) if c.role == "exit") == [D(2), D(3)]


def test_entries_off_is_less_than_a_halt() -> None:
    desk = Desk()
    desk.holding(3, stop=90)
    desk.quote(99, 1, 101, 5)
    plan = desk.plan("entries", to="off", reason="FOMC at 19:00")
    desk.apply(plan)
    assert desk.state.posture is Posture.REDUCE_ONLY
    assert places(desk.want(9, stop=90)) == []
    assert desk.sleeve.verdicts[0].rule == "hand"
    assert desk.sleeve.verdicts[0].reason == "FOMC at 19:00"
    assert [p.qty for p in places(desk.want(0))] == [D(3)], "ways out are open"
    assert desk.plan("entries", to="off", reason="again").refused == "hand.so_already"
    desk.apply(desk.plan("undo"))
    assert desk.state.posture is Posture.NORMAL
    assert "hand" not in desk.state.locks


def test_a_locked_market_is_closed_for_everyone_until_its_end() -> None:
    desk = Desk()
    desk.do("lock", what=LINEAR.symbol, reason="fork tonight", minutes="2")
    assert places(desk.want(1)) == []
    assert "fork tonight" in desk.sleeve.verdicts[0].reason
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="1", stop="90")
    assert plan.refused == "plan.nothing"
    assert "fork tonight" in plan.numbers["reason"]
    assert desk.plan("lock", what=LINEAR.symbol, reason="x").refused == "hand.locked"
    actions = desk.wait(121_000)
    assert [p.qty for p in places(actions)] == [D(1)], "the strategy still wants it"
    assert desk.state.locks == {}


def test_a_lock_belongs_to_a_sleeve_or_a_version_too() -> None:
    desk = Desk(sleeves=2)
    desk.do("lock", what="p2", reason="x")
    assert places(desk.want(1, sleeve=2)) == []
    assert len(places(desk.want(1, sleeve=1))) == 1
    desk.do("lock", what="puppet@1", reason="y")
    assert set(desk.state.locks) == {"sleeve:p2", "version:puppet@1"}
    desk.do("unlock", what="version:puppet@1")
    desk.do("unlock", what="p2")
    assert desk.state.locks == {}


def stranger(desk: Desk, qty: str = "4") -> None:
    side = Side.BUY if D(qty) > 0 else Side.SELL
    desk.tell(
        ev.Fill(
            desk.now,
            "",
            "v",
            "s1",
            desk.symbol,
            side,
            D(100),
            abs(D(qty)),
            D(0),
            LINEAR.settle,
            False,
            kind=ev.FillKind.EXTERNAL,
        )
    )


def test_a_strangers_position_is_taken_over_with_a_stop_and_given_back() -> None:
    desk = Desk(rules=loose_rules())
    stranger(desk)
    plan = desk.plan("take", symbol=LINEAR.symbol, stop="92")
    assert [(c.side, c.kind, c.qty, c.trigger) for c in plan.calls] == [("sell", "stop", D(4), D(92))]
    actions = desk.apply(plan)
    assert sent(actions) == [c.essence for c in plan.calls]
    assert desk.mine == 4
    assert desk.state.ledger.discrepancies() == []
    (stop,) = places(actions)
    desk.ack(stop.cid)
    back = desk.plan("undo")
    assert back.args["verb"] == "release"
    assert [c.do for c in back.calls] == ["cancel"]
    desk.apply(back)
    assert desk.mine == 0
    assert desk.state.ledger.net_qty(LINEAR.symbol) == 4
    assert desk.state.ledger.discrepancies() == []
    assert desk.plan("undo").args == {"verb": "take", "symbol": LINEAR.symbol, "stop": "92.0"}


def test_cancel_shows_what_the_machine_does_about_a_cancelled_stop() -> None:
    desk = Desk()
    (stop,) = places(desk.holding(3, stop=90))
    desk.ack(stop.cid)
    plan = desk.plan("cancel", cid=stop.cid)
    assert [(c.do, c.cid) for c in plan.calls] == [("cancel", stop.cid)]
    assert any(c.do == "place" and c.trigger == D(90) for c in (*plan.calls[1:], *plan.then))
    assert desk.apply(plan)
    assert desk.plan("cancel", cid=stop.cid).refused == "hand.cancelling"


def test_spot_is_only_bought_and_a_symbol_is_found_by_its_short_name() -> None:
    desk = Desk(SPOT, rules=loose_rules())
    assert (
        desk.plan("enter", symbol=SPOT.symbol, side="short", qty="1", stop="110").refused == "hand.no_short"
    )
    plan = desk.plan("enter", symbol=SPOT.symbol.lower(), side="long", qty="1", stop="90")
    assert plan.symbol == SPOT.symbol
    assert plan.after is not None
    assert plan.after.liquidation is None


def test_a_restart_keeps_locks_voice_manual_sleeve_and_undo() -> None:
    desk = Desk(rules=loose_rules())
    desk.place_and_fill(desk.do("enter", side="long", qty="4", stop="90"))
    desk.do("lock", what=LINEAR.symbol, reason="fork", minutes="60")
    desk.do("entries", to="off", reason="news")
    again = compose.remembered(memory.read(memory.freeze(desk.engine)), Config(), [])
    assert again.state.position(NAME) == 4
    assert again.state.locks == desk.state.locks
    assert again.state.posture is Posture.REDUCE_ONLY
    assert again.state.undo == {"verb": "entries", "to": "on"}
    assert isinstance(again.slots[NAME].strategy, Manual)
    assert again.state.sleeves[NAME].on
    assert not again.state.sleeves["p1"].on, "its strategy is not named any more; the hand's needs none"


class Odd(msgspec.Struct):
    """A strategy that keeps what no journal can."""

    what: object = print


def test_a_machine_that_cannot_be_copied_makes_no_plan_and_goes_on() -> None:
    desk = Desk()
    desk.engine.slots["p1"].strategy = Odd()
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="1", bare="1")
    assert plan.refused == "plan.no_copy"
    assert desk.apply(msgspec.structs.replace(plan, hash="x")) == ()
    assert desk.no == "plan.no_copy"


def test_a_damaged_application_is_refused() -> None:
    desk = Desk()
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="1", bare="1")
    for damage in ({"at": "soon"}, {"hash": ""}, {"verb": ""}, {"symbol": ""}):
        assert desk.apply(plan, **damage) == ()
        assert desk.no
    assert places(desk.apply(plan, price="much")), "no price to compare with: the calls are the same"


def test_the_usual_stop_layers_protect_a_position_entered_by_hand() -> None:
    from cockpit.app.layers import specs

    desk = Desk()
    desk.engine.usual = specs([{"layer": "percent"}, {"layer": "chandelier"}], "risk.stops")
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="1", bare="1")
    assert [(c.kind, c.role) for c in plan.then] == [("stop", "protect")]
    (place,) = places(desk.apply(plan))
    desk.ack(place.cid)
    follow = desk.fill(place.cid, price="100.1")
    assert sent(follow) == [c.essence for c in plan.then]


@pytest.mark.parametrize("mode", list(PositionMode))
@pytest.mark.parametrize("margin", [MarginMode.CROSS, MarginMode.ISOLATED])
def test_in_every_kind_of_account(mode: PositionMode, margin: MarginMode) -> None:
    desk = Desk(mode=mode, margin=margin, rules=loose_rules())
    desk.state.ledger.set_leverage(LINEAR, D(10))
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="short", qty="5", stop="110")
    assert plan.after is not None
    assert plan.after.margin > 0
    assert [c.pos_side for c in plan.calls] == ["short" if mode is PositionMode.HEDGE else "net"]


def test_the_journal_says_who_did_what() -> None:
    desk = Desk()
    desk.do("enter", side="long", qty="2", stop="90")
    (note,) = [n for n in desk.outcome.notes if n.message == "hand.done"]
    assert note.args == {"actor": "me", "what": f"enter {LINEAR.symbol} long 2 --stop 90"}
    assert isinstance(desk.engine.rules, tuple)
    assert all(isinstance(rule, Rule) for rule in desk.engine.rules)
