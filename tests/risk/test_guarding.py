"""Stop layers at work in the engine: what rests at the venue, what leaves, what is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.core import memory
from cockpit.core.engine import Engine
from cockpit.core.events import Command, Mark
from cockpit.core.gate import Rule
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.posture import Posture
from cockpit.core.watch import margin_ratio
from tests.core.stand import SPOT, D, Puppet, Stand, kinds, places
from tests.risk.layers import bar, equip, flat, watch


def stops(stand: Stand) -> list[Any]:
    """Triggers of the protective orders not proven dead, in the order of their making."""
    return [float(o.trigger) for o in stand.state.orders.values() if o.role is Role.PROTECT and o.trigger]


def hold(stand: Stand, qty: float = 5, **wish: Any) -> tuple[Any, ...]:
    """A position, and its first stop acknowledged."""
    actions = stand.holding(qty, **wish)
    for place in places(actions):
        assert place.role is Role.PROTECT
        stand.ack(place.cid)
    return actions


def test_the_tightest_level_rests_at_the_venue_and_names_its_layer() -> None:
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0}, {"layer": "percent", "percent": 2.0})
    (stop,) = places(stand.holding(5))
    assert (stop.trigger, stop.qty, stop.kind, stop.role) == (D(98), D(5), OrderKind.STOP, Role.PROTECT)
    assert stop.tag == "stop:percent"
    stand.ack(stop.cid)
    short = Stand()
    equip(short, {"layer": "percent", "percent": 5.0}, {"layer": "percent", "percent": 2.0})
    (stop,) = places(short.holding(-5))
    assert stop.trigger == 102


def test_the_strategys_own_stop_is_one_of_them() -> None:
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 2.0})
    (stop,) = places(stand.holding(5, stop=99, take=120))
    assert (stop.trigger, stop.take, stop.tag) == (D(99), D(120), "stop:hard")
    assert stand.sleeve.trade is not None
    assert stand.sleeve.trade.owner == "hard"


def test_a_stop_never_gets_looser_in_a_trade_and_a_new_trade_begins_afresh() -> None:
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0})
    hold(stand, 5, stop=98)
    assert stops(stand) == [98.0]
    assert stand.want(5, stop=90) == (), "looser: nothing is done"
    assert stops(stand) == [98.0]
    (closer,) = places(stand.want(5, stop=99))
    assert closer.trigger == 99
    stand.ack(closer.cid)
    stand.place_and_fill(stand.want(0))
    assert stand.sleeve.trade is None
    for order in list(stand.state.orders.values()):
        stand.cancelled(order.cid)
    (again,) = places(stand.holding(5, stop=90))
    assert again.trigger == 95, "the layer's, from the new entry"


def test_the_new_stop_is_there_before_the_old_one_goes() -> None:
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0, "trailing": True})
    hold(stand)
    moved = bar(stand, 111.0, 100.0, 110.0)
    assert kinds(moved) == ["Place"], "no cancel yet"
    assert moved[0].trigger == pytest.approx(D("105.5"))
    (gone,) = stand.ack(moved[0].cid)
    assert isinstance(gone, Cancel)
    assert stops(stand) == [95.0, 105.5]


def test_the_cover_follows_the_position() -> None:
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0})
    hold(stand, 5)
    (more,) = places(stand.want(8))
    stand.ack(more.cid)
    (half,) = places(stand.fill(more.cid, 1))
    assert half.qty == 6
    stand.ack(half.cid)
    (whole,) = places(stand.fill(more.cid))
    assert whole.qty == 8


def test_time_closes_through_the_gate_with_its_own_verdict_and_tag_and_is_not_bought_back() -> None:
    stand = Stand(rules=(Rule("no", lambda i, c, p: c.block("no", i, "never"), None),))
    stand.engine.rules = ()
    equip(stand, {"layer": "time", "seconds": 30})
    stand.holding(5)
    assert stand.wait(29_999) == ()
    (leave,) = places(stand.wait(1))
    assert (leave.role, leave.qty, leave.tag) == (Role.EXIT, D(5), "stop:time")
    (verdict,) = stand.sleeve.verdicts
    assert (verdict.rule, verdict.action) == ("time", "exit")
    assert verdict.reason == "held 30 s, allowed 30 s"
    assert (verdict.before, verdict.after) == ("target 5", "target 0")
    stand.ack(leave.cid)
    assert stand.fill(leave.cid) == ()
    assert stand.wait(60_000) == (), "the old wish is spent"
    assert len(places(stand.want(4))) == 1, "a new one is heard"


def test_a_wish_written_while_the_exit_is_under_way_is_heard_afterwards() -> None:
    stand = Stand()
    equip(stand, {"layer": "time", "seconds": 30})
    stand.holding(5)
    (leave,) = places(stand.wait(30_000))
    assert stand.want(7) == ()
    stand.ack(leave.cid)
    (enter,) = places(stand.fill(leave.cid))
    assert (enter.role, enter.qty) == (Role.ENTRY, D(7))


def test_volatility_closes_at_the_bar_that_is_too_wild() -> None:
    stand = Stand()
    equip(stand, {"layer": "volatility", "n": 2, "k": 2.0})
    flat(stand, 4)
    stand.holding(5)
    assert bar(stand, 100.6, 99.6, 100.0) == ()
    (leave,) = places(bar(stand, 106.0, 99.0, 100.0))
    assert leave.tag == "stop:volatility"


def test_a_level_that_is_already_behind_the_market_is_an_exit() -> None:
    """F26: a stop that the market has passed is not sent to be refused: the position leaves, saying why."""
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0})
    (entry,) = places(stand.want(5))
    stand.ack(entry.cid)
    stand.state.marks[stand.symbol] = 90.0
    (leave,) = places(stand.fill(entry.cid))
    assert (leave.role, leave.tag) == (Role.EXIT, "stop:percent")
    assert "did not rest yet" in stand.sleeve.verdicts[0].reason


def test_a_resting_stop_is_the_venues_to_fire() -> None:
    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0})
    hold(stand)
    stand.tell(Mark(stand.now, stand.symbol, 94.0, 94.0))
    assert places(bar(stand, 96.0, 93.0, 94.0)) == []
    stop = next(o for o in stand.state.orders.values() if o.role is Role.PROTECT)
    assert stand.fill(stop.cid, price=94) == ()
    assert stand.have == 0
    assert stand.wait(10_000) == (), "not bought back"


def test_a_lost_stop_is_placed_again() -> None:
    from cockpit.core.events import OrderReport

    stand = Stand()
    equip(stand, {"layer": "percent", "percent": 5.0})
    hold(stand)
    stop = next(o for o in stand.state.orders.values() if o.role is Role.PROTECT)
    (again,) = places(stand.tell(OrderReport(stand.now, stop.cid, found=False)))
    assert (again.trigger, again.qty, again.role) == (stop.trigger, D(5), Role.PROTECT)


@pytest.mark.parametrize("layers", [True, False])
def test_refused_stops_again_then_wider_then_out(layers: bool) -> None:
    stand = Stand()
    if layers:
        equip(stand, {"layer": "percent", "percent": 0.1})
        (first,) = places(stand.holding(5))
    else:
        (first,) = places(stand.holding(5, stop=99.9))
    assert first.trigger == D("99.9")
    assert places(stand.reject(first.cid, "51280")) == []
    (second,) = places(stand.wait(1_000))
    assert second.trigger == first.trigger, "the same again"
    stand.reject(second.cid, "51280")
    (third,) = places(stand.wait(1_000))
    assert third.trigger == D("99.5"), "half a percent away from the market"
    assert stand.sleeve.verdicts[0].rule == "protection"
    (leave,) = [a for a in (*stand.reject(third.cid, "51280"), *stand.wait(1_000)) if isinstance(a, Place)]
    assert (leave.role, leave.qty, leave.tag) == (Role.EXIT, D(5), "stop:refused")
    assert stand.now <= 1_003_000
    stand.ack(leave.cid)
    assert stand.fill(leave.cid) == ()
    assert stand.sleeve.unprotected == 0


def test_an_accepted_stop_ends_the_count_of_refusals() -> None:
    stand = Stand()
    (first,) = places(stand.holding(5, stop=99))
    stand.reject(first.cid)
    (second,) = places(stand.wait(1_000))
    stand.ack(second.cid)
    assert stand.sleeve.unprotected == 0
    (closer,) = places(stand.want(5, stop=99.5))
    stand.reject(closer.cid, "transient")
    assert stand.sleeve.unprotected == 0, "our own road is no refusal of the venue"


# --- versions and the account -----------------------------------------------------------------------------


def say(stand: Stand, verb: str, **args: str) -> tuple[Any, ...]:
    return stand.tell(Command(stand.now, f"{verb}{stand.state.seq}", verb, args, "me"))


def test_equity_curve_closes_the_entries_of_every_sleeve_of_the_version() -> None:
    stand = Stand(sleeves=2)
    equip(stand, {"layer": "equity_curve", "capital": 100, "window": 10, "limit": 5, "pause": 600})
    stand.holding(10)
    bar(stand, 100.0, 100.0, 100.0)
    bar(stand, 99.0, 40.0, 40.0)
    assert "lock.set" in stand.notes()
    assert stand.have == 10, "what is held stays"
    assert stand.want(20) == ()
    assert stand.sleeve.verdicts[0].rule == "equity_curve"
    assert "below its best" in stand.sleeve.verdicts[0].reason
    assert stand.want(3, sleeve=2) == (), "the version, not the sleeve"
    assert len(places(stand.want(4))) == 1, "less is allowed"
    say(stand, "sleeve_on", sleeve="p2")
    assert stand.state.locks == {}
    bar(stand, 41.0, 40.0, 40.0)
    assert stand.state.locks == {}, "the window began anew"


def test_a_lock_with_a_span_runs_out() -> None:
    stand = Stand()
    equip(stand, {"layer": "equity_curve", "capital": 100, "window": 10, "limit": 5, "pause": 60})
    stand.holding(10)
    bar(stand, 100.0, 100.0, 100.0)
    bar(stand, 99.0, 40.0, 40.0)
    stand.want(20)
    assert places(stand.wait(59_000)) == []
    assert [p.qty for p in places(stand.wait(1_000))] == [D(10)]


def test_account_drawdown_closes_everything_and_only_a_person_lifts_it() -> None:
    stand = Stand(sleeves=2, cash="1000")
    watch(stand, {"layer": "account_drawdown", "limit": 10.0})
    stand.place_and_fill(stand.want(600, sleeve=1))
    stand.place_and_fill(stand.want(-200, sleeve=2))
    stand.tell(Mark(stand.now, stand.symbol, 99.0, 99.0))
    assert stand.engine.deadline
    assert stand.wait(1_000) == ()
    stand.tell(Mark(stand.now, stand.symbol, 70.0, 70.0))
    out = places(stand.wait(1_000))
    assert sorted((p.sleeve, p.role, p.qty, p.tag) for p in out) == [
        ("p1", Role.EXIT, D(600), "stop:account_drawdown"),
        ("p2", Role.EXIT, D(200), "stop:account_drawdown"),
    ]
    assert stand.state.posture is Posture.FLATTEN
    assert stand.sleeve.verdicts[0].rule == "account_drawdown"
    assert "allowed 10%" in stand.sleeve.verdicts[0].reason
    for place in out:
        stand.ack(place.cid)
        stand.fill(place.cid, price=70)
    stand.wait(60_000)
    assert stand.want(5) == ()
    say(stand, "resume", word="NO", reason="x")
    assert stand.state.posture is Posture.FLATTEN
    say(stand, "resume", word="RESUME", reason="looked at it")
    assert stand.state.posture is Posture.NORMAL
    stand.place_and_fill(stand.want(1))
    stand.tell(Mark(stand.now, stand.symbol, 69.0, 69.0))
    stand.wait(2_000)
    assert stand.state.posture is Posture.NORMAL, "the drawdown counts from the resume on"


def test_an_account_stop_may_only_pause() -> None:
    stand = Stand(cash="1000")
    watch(stand, {"layer": "account_drawdown", "limit": 10.0, "action": "pause"})
    stand.holding(600)
    stand.tell(Mark(stand.now, stand.symbol, 70.0, 70.0))
    assert stand.wait(1_000) == ()
    assert stand.have == 600
    assert stand.want(800) == ()
    assert stand.sleeve.verdicts[0].rule == "account_drawdown"


def test_margin_ratio_leaves_before_the_venue_does() -> None:
    stand = Stand(cash="100")
    watch(stand, {"layer": "margin_ratio", "limit": 30.0})
    stand.holding(300)
    assert stand.wait(1_000) == ()
    stand.tell(Mark(stand.now, stand.symbol, 90.0, 90.0))
    (leave,) = places(stand.wait(1_000))
    assert leave.tag == "stop:margin_ratio"


def test_drawdown_reduces_once_and_closes_further_down() -> None:
    stand = Stand(sleeves=2, cash="1000")
    rung = {"layer": "account_drawdown"}
    watch(stand, {**rung, "limit": 10.0, "action": "reduce", "keep": 0.25}, {**rung, "limit": 16.0})
    stand.place_and_fill(stand.want(600, sleeve=1))
    stand.place_and_fill(stand.want(-200, sleeve=2))
    stand.tell(Mark(stand.now, stand.symbol, 70.0, 70.0))
    out = places(stand.wait(1_000))
    assert sorted((p.sleeve, p.role, p.qty, p.tag) for p in out) == [
        ("p1", Role.EXIT, D(450), "stop:account_drawdown"),
        ("p2", Role.EXIT, D(150), "stop:account_drawdown"),
    ]
    for place in out:
        stand.ack(place.cid)
        stand.fill(place.cid, price=70)
    stand.wait(60_000)
    assert stand.have == 150, "once"
    assert stand.state.posture is Posture.REDUCE_ONLY
    assert places(stand.want(600)) == []
    assert "allowed 10%" in stand.sleeve.verdicts[0].reason
    stand.tell(Mark(stand.now, stand.symbol, 5.0, 5.0))
    out = places(stand.wait(1_000))
    assert {p.sleeve: p.qty for p in out if p.role is Role.EXIT} == {"p1": D(150), "p2": D(50)}
    assert set(stand.state.watch.stopped) == {"account_drawdown", "account_drawdown#2"}
    for place in out:
        stand.ack(place.cid)
        stand.fill(place.cid, price=5)
    say(stand, "resume", word="RESUME", reason="looked at it")
    assert (stand.state.watch.cuts, stand.state.posture) == ({}, Posture.NORMAL)


def test_margin_ratio_reduces_until_it_is_back_and_protection_follows() -> None:
    stand = Stand(cash="200")
    watch(stand, {"layer": "margin_ratio", "limit": 60.0, "action": "reduce"})
    for guard in places(stand.holding(600, stop=50.0)):
        stand.ack(guard.cid)
    held = [stand.have]
    stand.tell(Mark(stand.now, stand.symbol, 90.0, 90.0))
    for _ in range(8):
        actions = stand.wait(1_000)
        for place in [p for p in places(actions) if p.role is Role.EXIT]:
            stand.ack(place.cid)
            for guard in places(stand.fill(place.cid, price=90)):
                stand.ack(guard.cid)
            held.append(stand.have)
    assert held == [D(600), D(300), D(150)], "half, half again, and then the ratio is back"
    assert margin_ratio(stand.state) > 60.0
    assert [o.remaining for o in stand.alive() if o.role is Role.PROTECT and not o.cancelling] == [D(150)]


def test_what_cannot_be_halved_is_closed() -> None:
    stand = Stand(cash="1000")
    watch(stand, {"layer": "account_drawdown", "limit": 0.001, "action": "reduce", "keep": 0.5})
    stand.holding(1)
    stand.tell(Mark(stand.now, stand.symbol, 50.0, 50.0))
    assert [p.qty for p in places(stand.wait(2_000))] == [D(1)]


# --- fences and memory ------------------------------------------------------------------------------------


def test_a_layer_that_breaks_benches_the_sleeve_and_leaves_the_stop() -> None:
    stand = Stand()
    guard = equip(stand, {"layer": "percent", "percent": 5.0}, {"layer": "chandelier", "n": 1})
    hold(stand)
    guard.layers[1].body.tune = None
    bar(stand, 100.0, 99.0, 99.5)
    assert stand.sleeve.benched.startswith("stop layer chandelier failed: AttributeError")
    assert "sleeve.benched" in stand.notes()
    assert stops(stand) == [95.0]
    assert stand.want(9) == ()


def test_adaptive_numbers_are_versions_in_the_journal_and_in_the_state() -> None:
    stand = Stand()
    equip(stand, {"layer": "atr", "n": 2, "k": {"base": 2.0, "rv": 1.0, "step": 0.1}})
    told = []
    for n in range(40):
        bar(stand, 105.0, 95.0, 100.0 + (n * 7) % 5 * (0.1 if n < 20 else 1.0))
        told += [note for note in stand.outcome.notes if note.message == "stop.tuned"]
    assert len(told) > 2
    assert [note.args["version"] for note in told] == [str(i) for i in range(2, len(told) + 2)]
    assert stand.sleeve.tuned == {"atr.k": len(told) + 1}
    assert {"layer": "atr", "what": "k"}.items() <= told[0].args.items()


LAYERS = (
    {"layer": "percent", "percent": 5.0},
    {"layer": "atr", "n": 3, "k": {"base": 2.0, "atr": 0.5, "slope": 0.3}},
    {"layer": "chandelier", "n": 4},
    {"layer": "parabolic"},
    {"layer": "trail", "n": 3},
    {"layer": "volatility", "n": 3},
    {"layer": "time", "seconds": 400},
    {"layer": "equity_curve", "limit": 50},
)


def script(stand: Stand, first: int, last: int) -> list[tuple[Any, ...]]:
    """A piece of a life: bars, wishes, whatever follows is taken and filled."""
    out = []
    for n in range(first, last):
        actions = bar(stand, 101.0 + n % 7, 98.0 + n % 5, 100.0 + (n * 13) % 6)
        if n % 9 == 4:
            actions += stand.want(n % 4 - 1)
        for action in actions:
            if isinstance(action, Place):
                stand.ack(action.cid)
                if action.role is not Role.PROTECT:
                    actions += stand.fill(action.cid, price=100 + (n * 13) % 6)
            elif isinstance(action, Cancel):
                stand.cancelled(action.cid)
        out.append(actions)
        stand.wait(1)
    return out


def test_a_restart_in_the_middle_changes_nothing() -> None:
    """Snapshot, thaw, go on: the same actions and the same state, bit for bit."""
    whole = Stand()
    equip(whole, *LAYERS)
    watch(whole, {"layer": "account_drawdown", "limit": 50.0})
    script(whole, 0, 40)
    cut = Stand()
    equip(cut, *LAYERS)
    watch(cut, {"layer": "account_drawdown", "limit": 50.0})
    script(cut, 0, 7)
    assert cut.sleeve.trade is not None
    frozen = memory.read(memory.freeze(cut.engine))
    engine = Engine(frozen.state, cut.engine.rules)
    memory.thaw(engine, frozen, {"p1": Puppet})
    assert memory.freeze(engine) == memory.freeze(cut.engine)
    cut.engine, cut.state = engine, engine.state
    cut.puppets = [engine.slots["p1"].strategy]
    script(cut, 7, 40)
    assert engine.digest == whole.engine.digest
    assert memory.freeze(engine) == memory.freeze(whole.engine)


def test_spot_is_guarded_too_with_one_stop_at_a_time() -> None:
    stand = Stand(SPOT)
    equip(stand, {"layer": "percent", "percent": 5.0, "trailing": True})
    (entry,) = places(stand.want(1))
    stand.ack(entry.cid)
    (stop,) = places(stand.fill(entry.cid))
    assert stop.qty <= stand.have
    stand.ack(stop.cid)
    (amend,) = bar(stand, 111.0, 100.0, 110.0)
    assert isinstance(amend, Amend), "two stops could both sell"
    assert amend.price > stop.trigger
    assert amend.tag == "stop:percent"
