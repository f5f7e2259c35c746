"""A promotion and an applied share: the smaller counts, and what a person takes back stays within a stage."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.release import listing
from cockpit.core.shares import Applied
from cockpit.core.types import Stage
from tests.release.stand import Stand, passport, riding
from tests.release.test_back import CHAMPION, in_production
from tests.release.test_stages import proven, to_canary, wave


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with riding():
        yield


def apply(stand: Stand, **shares: float) -> str:
    """Apply shares by hand; the message id of a refusal."""
    stand.said += 1
    name = f"s{stand.said}"
    args = {"shares": json.dumps(shares), "why": "a drill"}
    stand.step(ev.Command(stand.engine.state.now, name, "capital", args, "ann"))
    return stand.engine.state.refusals.get(name, ("", {}))[0]


def undo(stand: Stand) -> None:
    stand.step(ev.Command(stand.engine.state.now, "undo", "capital_undo", {}, "ann"))


def canary() -> tuple[Stand, str, str]:
    """A champion in production, which has been cut to a fifth, and a canary that would replace it."""
    stand = Stand(wave(1_400, seed=3), (CHAMPION,), max_trades_day=1e4)
    (champion,) = stand.engine.state.sleeves
    name = stand.add(passport(proven()))
    assert stand.say("promote", version=name, to="paper") == ""
    to_canary(stand, name)
    stand.run(250)
    return stand, name, champion


def promote(stand: Stand, name: str) -> None:
    stand.people(ann="admin", bob="approver", cat="approver")
    assert stand.say("promote", version=name, to="prod") == "", stand.refused
    for who in ("bob", "cat"):
        assert stand.say("approve", version=name, who=who) == ""


def test_who_takes_a_place_takes_no_more_than_was_applied_there_and_back_again() -> None:
    stand, name, champion = canary()
    state, version = stand.engine.state, stand.version(name)
    mine = version.sleeves[0]
    assert apply(stand, **{mine: 0.5}) == "capital.of_its_stage"
    assert apply(stand, **{champion: 0.2}) == ""
    row = listing.row(state, version)
    assert (row.named, row.share) == (1.0, state.release.settings.canary_share)
    promote(stand, name)
    assert version.stage is Stage.PROD
    assert state.sleeves[mine].share == 0.2, "the promotion does not bring back what was taken away"
    (told,) = stand.notes("capital.kept")
    assert (told["version"], told["share"], told["named"]) == (name, "20.0%", "100.0%")
    assert apply(stand, **{mine: 0.1}) == ""
    assert stand.say("rollback", version=name) == ""
    assert state.sleeves[champion].stage is Stage.PROD
    assert state.sleeves[champion].share == 0.1, "less was applied to the one that it stands in for again"


def test_without_a_change_of_shares_a_version_gets_what_it_names() -> None:
    stand, name = in_production(wave(1_400, seed=3), (CHAMPION,))
    assert stand.engine.state.sleeves[stand.version(name).sleeves[0]].share == 1.0
    assert stand.notes("capital.kept") == []


def test_an_undo_gives_a_canary_nothing_back() -> None:
    stand, name, champion = canary()
    state = stand.engine.state
    assert apply(stand, **{champion: 0.4}) == ""
    assert state.capital.held == {champion: 0.4}
    # The champion becomes a canary after its share was changed: the undo must not give it all of it again.
    state.sleeves[champion].capital = state.sleeves[champion].share = 0.05
    undo(stand)
    assert state.sleeves[champion].share == 0.05
    assert state.capital.held == {}
    assert stand.version(name).stage is Stage.CANARY


SHARES = st.floats(0, 1, allow_nan=False)


@given(SHARES, st.dictionaries(st.sampled_from("abc"), SHARES), st.lists(st.sampled_from("abc"), max_size=3))
def test_no_promotion_gives_more_than_it_names_or_than_was_applied(
    named: float, held: dict[str, float], places: list[str]
) -> None:
    applied = Applied(held=held)
    share = applied.least(named, *places)
    assert share <= named
    assert all(share <= held.get(name, 1.0) for name in places)
    assert share in (named, *held.values())
    assert applied.without(tuple(places)).least(named, *places) == named
