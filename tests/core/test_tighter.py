"""Limits that a person makes tighter while the machine runs: planned, kept over a restart, never looser."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import memory, planning
from cockpit.core.config import RiskConfig
from cockpit.core.engine import Engine
from cockpit.core.gate import Ruling
from cockpit.core.plan_words import plan_lines
from cockpit.core.tighter import BY_HAND, enforce, tightened
from tests.core.stand import LINEAR, LOOSE, D, loose_rules, places
from tests.core.test_hand import Desk

SETTINGS = msgspec.structs.replace(LOOSE, max_notional=20_000.0, max_orders_per_minute=120)


def ruled(desk: Desk) -> Desk:
    """Under settings, as a machine that was composed from a file."""
    desk.engine.ruling = Ruling(SETTINGS, loose_rules)
    enforce(desk.engine)
    return desk


def wanted(desk: Desk) -> Any:
    return sum((p.qty for p in places(desk.want(1_000, stop=90))), D(0))


def test_what_is_tightened_holds_at_once_and_off_is_the_settings_again() -> None:
    usual = wanted(ruled(Desk()))
    desk = ruled(Desk())
    plan = desk.plan("limit", what="max_notional", to="500")
    assert plan.before is not None and plan.after is not None  # noqa: PT018
    assert [row.limit for row in plan.before.limits if row.rule == "max_notional"] == [20_000.0]
    assert [row.limit for row in plan.after.limits if row.rule == "max_notional"] == [500.0]
    assert desk.state.tighter == {}, "a plan changes nothing"
    for lang in ("en", "zh"):
        words = next(line for line in plan_lines(planning.shown(plan), lang) if "500" in line)
        assert "20,000" in words, "the plan says what the limit was and what it becomes"
    desk.apply(plan)
    assert desk.state.tighter == {"max_notional": 500.0}
    assert 0 < float(wanted(desk)) * 100.0 * float(LINEAR.contract_value) <= 500.0
    other = ruled(Desk())
    other.do("limit", what="max_notional", to="500")
    other.do("limit", what="max_notional", to="off")
    assert other.state.tighter == {}
    assert wanted(other) == usual


def test_it_lasts_over_a_restart_and_settings_that_are_tighter_still_win() -> None:
    desk = ruled(Desk())
    desk.do("limit", what="max_notional", to="500")
    kept = memory.read(memory.freeze(desk.engine))
    again = Engine(kept.state)
    again.ruling = Ruling(SETTINGS, loose_rules)
    enforce(again)
    assert {rule.params.max_notional for rule in again.rules} == {500.0}
    again.ruling = Ruling(msgspec.structs.replace(SETTINGS, max_notional=100.0), loose_rules)
    enforce(again)
    assert {rule.params.max_notional for rule in again.rules} == {100.0}


def test_undo_goes_back_to_what_was_said_before() -> None:
    desk = ruled(Desk())
    desk.do("limit", what="max_notional", to="500")
    desk.do("limit", what="max_notional", to="300")
    desk.apply(desk.plan("undo"))
    assert desk.state.tighter == {"max_notional": 500.0}


def test_a_plan_made_before_another_change_of_the_limits_is_not_applied() -> None:
    desk = ruled(Desk())
    plan = desk.plan("limit", what="max_notional", to="500")
    desk.do("limit", what="max_notional", to="300")
    desk.apply(plan)
    assert desk.no == "plan.changed.limits"
    assert desk.state.tighter == {"max_notional": 300.0}


@pytest.mark.parametrize(
    ("what", "to", "why"),
    [
        ("max_notional", "20000", "limit.looser"),
        ("max_notional", "-1", "hand.number"),
        ("max_notional", "none", "hand.number"),
        ("max_notional", "off", "limit.not_set"),
        ("max_orders_per_minute", "2.5", "limit.cannot_be"),
        ("max_orders_per_minute", "0", "hand.number"),
        ("stale_ms", "1", "limit.cannot_be"),
        ("min_confidence", "0.1", "limit.unknown"),
        ("halt_flattens", "1", "limit.unknown"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(what: str, to: str, why: str) -> None:
    desk = ruled(Desk())
    before = memory.freeze(desk.engine)
    assert desk.plan("limit", what=what, to=to).refused == why
    assert memory.freeze(desk.engine) == before
    assert planning.shown(desk.plan("limit", what=what, to=to))["refused"] == why


@given(st.dictionaries(st.sampled_from(BY_HAND), st.floats(1e-6, 1e9)))
def test_no_word_of_a_person_makes_a_limit_looser(said: dict[str, float]) -> None:
    risk = RiskConfig()
    found = tightened(risk, said)
    assert all(getattr(found, name) <= getattr(risk, name) for name in BY_HAND)
    rest = [name for name in RiskConfig.__struct_fields__ if name not in said]
    assert all(getattr(found, name) == getattr(risk, name) for name in rest)


def trimmed(desk: Desk) -> planning.Plan:
    """300 contracts of 1 at 100, of which a limit of 200 leaves 200."""
    desk.do("limit", what="max_notional", to="200")
    return desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="300", stop="90")


@pytest.mark.parametrize("moved", [99.7, 99.9, 100.0, 100.1, 100.3])
def test_an_entry_that_a_limit_trims_is_done_at_a_price_that_moved_and_never_larger(moved: float) -> None:
    desk = ruled(Desk())
    plan = trimmed(desk)
    assert (plan.entry, plan.least) == (D(200), D("199"))
    assert "never more than 200 is entered" in " ".join(plan_lines(planning.shown(plan), "en"))
    assert plan.undo["qty"] == "200", "what is entered is what an undo takes out"
    desk.see(moved)
    actions = desk.apply(plan)
    assert desk.no == ""
    (order,) = places(actions)
    assert order.qty == min(D(200), D(int(200 / (moved / 100))))
    desk.place_and_fill(actions)
    desk.see(moved * 0.9)
    assert desk.mine <= 200
    assert not places(desk.wait(5_000)), "a limit that has room again is not what the plan has shown"


def test_a_plan_says_what_has_changed_when_limits_leave_clearly_less() -> None:
    desk = ruled(Desk())
    plan = trimmed(desk)
    desk.do("limit", what="max_notional", to="150")
    assert desk.apply(plan) == ()
    number = f"c{desk.said}"
    assert desk.state.refusals[number] == ("plan.less", {"then": "200", "now": "150"})
    desk.see(101.0)
    plan = desk.plan("enter", symbol=LINEAR.symbol, side="long", qty="100", stop="90")
    desk.do("lock", what=LINEAR.symbol, reason="lunch")
    assert desk.apply(plan) == ()
    assert desk.no in {"plan.changed.locks", "plan.nothing"}
