"""A version from its first day to production and back, each gate, each person, each order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from cockpit.core.orders import Role
from cockpit.core.release import gates
from cockpit.core.types import Stage
from tests.release.stand import SYMBOL, Stand, passport, riding, wave


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with riding():
        yield


@cache
def proven() -> tuple[float, ...]:
    """What the good rider brings on another stretch of the same market."""
    stand = Stand(wave(900, seed=7))
    name = stand.add(passport((0.001,) * 10))
    stand.say("promote", version=name, to="paper")
    stand.run()
    return tuple(stand.version(name).twin.values)


def begun(bars: int = 1_400, **release: object) -> tuple[Stand, str]:
    """A version in paper."""
    stand = Stand(wave(bars, seed=3), max_trades_day=1e4, **release)
    name = stand.add(passport(proven()))
    assert stand.say("promote", version=name, to="paper") == ""
    return stand, name


def to_canary(stand: Stand, name: str) -> None:
    for stage in ("shadow", "canary"):
        stand.run(215)
        assert stand.say("promote", version=name, to=stage) == "", stand.refused
    assert stand.say("approve", version=name, who="bob") == ""
    assert stand.version(name).stage is Stage.CANARY


def test_the_whole_way_and_back_leaves_no_order_and_no_position() -> None:
    stand, name = begun()
    stand.people(ann="admin", bob="approver", cat="approver")
    state = stand.engine.state
    stand.run(200)
    assert not state.orders, "paper sends nothing"
    assert not state.ledger.held(), "paper sends nothing"
    to_canary(stand, name)
    stand.run(250)
    version = stand.version(name)
    mine = [order for order in (*state.recent.values(), *state.orders.values()) if order.role is Role.ENTRY]
    assert mine
    assert all(order.version == name for order in mine)
    assert stand.say("promote", version=name, to="prod") == ""
    assert stand.say("approve", version=name, who="bob") == ""
    assert version.stage is Stage.CANARY, "one person is not enough"
    assert stand.say("approve", version=name, who="bob") == "release.twice"
    assert stand.say("approve", version=name, who="cat") == ""
    assert version.stage is Stage.PROD
    stand.run(30)
    assert state.position(version.sleeves[0])
    assert stand.say("rollback", version=name) == ""
    stand.run(3)
    assert version.stage is Stage.RETIRED
    assert not state.orders
    assert not state.ledger.held()
    assert state.equity() == pytest.approx(float(stand.exchange.equity("USDT")))
    words = [line.word for line in version.history]
    assert words == [
        "added", "promoted", "promoted", "asked", "approved", "promoted",
        "asked", "approved", "approved", "promoted", "rolled_back",
    ]  # fmt: skip
    assert version.history[-2].who == "bob, cat"


def test_canaries_together_hold_a_tenth_whatever_they_want() -> None:
    stand, name = begun()
    other = stand.add(passport(proven()), salt=1)
    assert stand.say("promote", version=other, to="paper") == ""
    for stage in ("shadow", "canary"):
        stand.run(215)
        for one in (name, other):
            assert stand.say("promote", version=one, to=stage) == "", stand.refused
    for one in (name, other):
        assert stand.say("approve", version=one, who="bob") == ""
    # A strategy that asks for more than its share is held by the gate, not by its own modesty.
    for one in (name, other):
        sleeve = stand.engine.state.sleeves[stand.version(one).sleeves[0]]
        sleeve.share = 1.0
    most = 0.0
    for _ in range(40):
        stand.run(1)
        state = stand.engine.state
        held = sum(abs(float(state.position(s))) for s in state.sleeves) * state.price(SYMBOL)
        most = max(most, held / state.equity())
    assert 0.05 < most <= 0.1 + 1e-3
    assert any(v.rule == "stage_limit" for row in stand.outcomes for v in row.verdicts)


def test_without_a_passport_nothing_begins() -> None:
    stand = Stand(wave(20))
    bare = stand.add()
    assert stand.say("promote", version=bare, to="paper") == "release.gate"
    assert "passport" in stand.refused["conditions"]
    bad = stand.add(
        passport(proven(), valid=False, dsr=0.4, faults=("the ledger was cut",)), max_position=0.2
    )
    assert stand.say("promote", version=bad, to="paper") == "release.gate"
    assert "dsr 0.4 (must be >= 0.95)" in stand.refused["conditions"]
    assert stand.say("promote", version=bad, to="canary") == "release.not_next"
    assert not stand.engine.twins


def test_each_gate_says_every_condition_with_number_and_bound() -> None:
    stand, name = begun()
    stand.run(60)
    found = {
        c.name: c for c in gates.conditions(stand.engine.state.release, stand.version(name), Stage.SHADOW, 0)
    }
    assert not found["samples"].ok
    assert found["samples"].bound == 50
    assert found["ks_p"].note.startswith("n=")
    assert "power=0." in found["ks_p"].note
    assert found["drawdown"].bound == 0.1, "the 95 % bootstrap drawdown of its own past"
    assert stand.say("promote", version=name, to="shadow") == "release.gate"
    live = {
        c.name: c for c in gates.conditions(stand.engine.state.release, stand.version(name), Stage.PROD, 0)
    }
    assert (live["chance"].bound, live["chance"].ok) == (0.9, False), "nothing of its own, no proof"
    stand.version(name).live.values = [0.01, 0.02, -0.005] * 20
    proof = gates.conditions(stand.engine.state.release, stand.version(name), Stage.PROD, 0)
    assert next(c for c in proof if c.name == "chance").ok


def test_another_market_than_the_proven_one_does_not_pass_the_distribution_test() -> None:
    stand = Stand(wave(400, seed=3, edge=0.0004), max_trades_day=1e4)
    name = stand.add(passport(proven()))
    stand.say("promote", version=name, to="paper")
    stand.run(230)
    assert stand.say("promote", version=name, to="shadow") == "release.gate"
    assert "ks_p" in stand.refused["conditions"]


def test_who_may_not_is_refused_and_roles_come_from_the_settings() -> None:
    people = {"ann": "trader", "bob": "approver", "cat": "viewer"}
    stand, name = begun(people=people)
    to_canary_refused = stand.say("promote", version=name, to="shadow", who="bob")
    assert to_canary_refused == "release.not_allowed"
    stand.run(215)
    assert stand.say("promote", version=name, to="shadow", who="ann") == ""
    stand.run(215)
    assert stand.say("promote", version=name, to="canary", who="ann") == ""
    for who in ("ann", "cat", "nobody"):
        assert stand.say("approve", version=name, who=who) == "release.not_allowed"
    assert stand.say("approve", version=name, who="bob", reason="") == "release.needs_reason"
    assert stand.say("approve", version=name, who="bob") == ""
    assert stand.say("retire", version=name, who="bob") == "", "going back is open to approvers"
    assert stand.say("promote", version=name, to="paper", who="ann") == "release.gate", "it rests"


def test_an_approval_is_for_the_promotion_that_was_seen_and_not_for_ever() -> None:
    stand, name = begun(ask_hours=1.0)
    for stage in ("shadow", "canary"):
        stand.run(215)
        assert stand.say("promote", version=name, to=stage) == ""
    asked = stand.version(name).ask
    assert asked is not None
    assert stand.say("approve", version=name, who="bob", at=str(asked.at - 1)) == "release.another_ask"
    stand.run(61)
    assert stand.say("approve", version=name, who="bob") == "release.ask_expired"
    assert stand.version(name).stage is Stage.SHADOW
