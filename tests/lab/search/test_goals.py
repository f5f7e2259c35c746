"""Objectives and constraints, as a person writes them."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.core.errors import ConfigError
from cockpit.lab.search.goal import goal_of
from cockpit.lab.search.measure import Measured
from cockpit.lab.search.method import discover
from cockpit.lab.search.trial import Outcome

discover()
GOOD = Measured(0.5, 0.2, 1.5, 2.5, 2.0, 0.1, 80.0, 40, 365, 12.0)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("calmar", (2.0,)),
        ("sortino", (2.5,)),
        ("sharpe", (1.5 - 0.0005 * 80 - 0.1,)),
        ("sharpe:turnover=0.01,drawdown=3", (1.5 - 0.8 - 0.3,)),
        ("multi", (0.2, -0.1, 1.5)),
    ],
)
def test_what_is_searched_for(text: str, scores: tuple[float, ...]) -> None:
    outcome, found, why = goal_of(text).judge(GOOD)
    assert (outcome, why) == (Outcome.DONE, "")
    assert found == pytest.approx(scores)


def test_without_a_word_ten_trades_are_the_least() -> None:
    outcome, _, why = goal_of("calmar").judge(msgspec.structs.replace(GOOD, trades=9))
    assert (outcome, why) == (Outcome.SHORT, "trades is 9, not trades>=10")
    assert goal_of("calmar", ["trades>=1"]).judge(msgspec.structs.replace(GOOD, trades=9))[0] is Outcome.DONE


def test_a_broken_constraint_and_an_undefined_score_never_count() -> None:
    goal = goal_of("calmar", ["mdd<=0.05", "turnover<=100"])
    assert goal.judge(GOOD)[0] is Outcome.SHORT
    assert goal_of("calmar").judge(msgspec.structs.replace(GOOD, calmar=None))[::2] == (
        Outcome.VOID,
        "calmar undefined",
    )
    assert goal_of("calmar").judge(msgspec.structs.replace(GOOD, trades=0))[::2] == (Outcome.VOID, "no trade")
    assert goal_of("calmar", ["sortino>=1"]).judge(msgspec.structs.replace(GOOD, sortino=None))[0] is (
        Outcome.SHORT
    )


@pytest.mark.parametrize(
    ("text", "limits", "words"),
    [
        ("profit", [], "no objective 'profit'; there are calmar, multi, sharpe, sortino"),
        ("calmar:x=1", [], "has no parameter 'x'; it has none"),
        ("sharpe:turnover", [], "has no parameter|it has turnover, drawdown"),
        ("sharpe:turnover=-1", [], "objective sharpe"),
        ("sharpe", ["mdd<0.2"], "write trades>=30"),
        ("sharpe", ["luck>=1"], "not a constraint"),
        ("sharpe", ["mdd<=1e"], "not a number"),
    ],
)
def test_what_cannot_be_meant_is_said(text: str, limits: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        goal_of(text, limits)
