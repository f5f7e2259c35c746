"""Who gets the capital next: published values, bounds that always hold, and no luck."""

from __future__ import annotations

from math import fsum, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.capital_config import CapitalConfig
from cockpit.portfolio import allocating
from cockpit.portfolio.allocating import HOUR, Arm, Evidence, best_chances, plan
from cockpit.portfolio.bandit import Nig
from cockpit.portfolio.rewards import DAY, HOURS_A_YEAR, Rewards

NOW = 1_700_006_400_000
ROUND = 1e-4
"""Steps are whole hundredths of a percent."""
THOMPSON = CapitalConfig(method="thompson", total=1.0, most=0.8, regime_weight=0.0, damping=1.0)


def rewards(
    mean: float, *, hours: int = 400, trades: int = 60, seed: int = 1, spread: float = 1.0
) -> Rewards:
    """An arm with that mean R an hour, seen for ``hours``."""
    random = Random(seed)
    first = NOW // HOUR - hours
    found = [(first + i, max(-3.0, min(3.0, random.gauss(mean, 1.0)))) for i in range(hours)]
    closed = [NOW - (trades - i) * hours * HOUR // max(1, trades) for i in range(trades)]
    return Rewards(hours=found, trades=closed, since=NOW - hours * HOUR)


def arm(name: str, mean: float, share: float = 0.25, **more: object) -> Arm:
    known = more.pop("rewards", None) or rewards(mean, seed=len(name) + ord(name[0]))
    return Arm(name, share, known, **more)  # type: ignore[arg-type]


def drawn(beliefs: list[Nig], draws: int = 40_000) -> list[float]:
    """Thompson as it is usually done: draw, count who is best."""
    random, wins = Random(7), [0] * len(beliefs)
    for _ in range(draws):
        sigma = [sqrt(b.b / random.gammavariate(b.a, 1.0)) for b in beliefs]
        means = [random.gauss(b.m, s / sqrt(b.k)) for b, s in zip(beliefs, sigma, strict=True)]
        wins[means.index(max(means))] += 1
    return [win / draws for win in wins]


def test_the_chance_of_being_best_is_what_many_draws_come_to() -> None:
    beliefs = [Nig(0.0, 10.0, 5.0, 4.0), Nig(0.1, 20.0, 8.0, 9.0), Nig(-0.2, 3.0, 3.0, 2.0)]
    assert best_chances(beliefs) == pytest.approx(drawn(beliefs), abs=0.01)
    assert best_chances(beliefs[:1]) == [1.0]
    two = best_chances(beliefs[:2])
    assert two[0] == pytest.approx(beliefs[0].greater(beliefs[1]), abs=2e-3)
    assert best_chances([beliefs[0]] * 4) == pytest.approx([0.25] * 4)


def test_capital_goes_to_the_evidence_and_slowly() -> None:
    arms = [arm("a", 0.2), arm("b", 0.0), arm("c", -0.1)]
    found = plan(Evidence.of(arms, THOMPSON, NOW), 0, 10_000.0)
    targets = {row.sleeve: row.target for row in found.rows}
    assert targets["a"] > targets["b"] > targets["c"] >= THOMPSON.least
    assert fsum(targets.values()) == pytest.approx(1.0)
    slow = CapitalConfig(method="thompson", most=0.8, regime_weight=0.0)
    rows = plan(Evidence.of(arms, slow, NOW), NOW - 30 * 60_000, 10_000.0).rows
    assert {round(abs(row.step - row.share), 9) for row in rows} == {0.025}  # 5 % an hour, half an hour
    nothing = plan(Evidence.of(arms, slow, NOW), NOW - 60_000, 10_000.0)  # 0.08 % of 10,000 is under 10
    assert nothing.empty
    assert {row.word for row in nothing.rows} == {"hold"}


def test_ucb_prefers_the_unknown_and_equal_prefers_nobody() -> None:
    settings = CapitalConfig(method="ucb", most=1.0, least=0.0, regime_weight=0.0, damping=1.0)
    young = arm("new", 0.0, rewards=Rewards(since=NOW - HOUR))
    rows = {r.sleeve: r for r in plan(Evidence.of([arm("a", 0.05), young], settings, NOW), 0, 1e4).rows}
    assert rows["new"].target >= rows["a"].target
    few = arm("few", 0.05, rewards=rewards(0.05, hours=30, trades=4))
    many = arm("many", 0.05, rewards=rewards(0.05, hours=400))
    rows = {r.sleeve: r for r in plan(Evidence.of([few, many], settings, NOW), 0, 1e4).rows}
    assert rows["few"].target > rows["many"].target
    equal = CapitalConfig(method="equal", regime_weight=0.0, damping=1.0)
    assert {round(r.target, 9) for r in plan(Evidence.of([few, many], equal, NOW), 0, 1e4).rows} == {0.5}


def test_the_regime_score_lifts_what_is_made_for_the_market() -> None:
    settings = CapitalConfig(method="equal", regime_weight=0.5, most=1.0, damping=1.0)
    arms = [arm("trend", 0.0, suits=1.0), arm("range", 0.0, suits=0.0), arm("other", 0.0)]
    targets = [row.target for row in plan(Evidence.of(arms, settings, NOW), 0, 1e4).rows]
    assert targets == pytest.approx([0.5, 1 / 6, 1 / 3])  # half of 1/3 each, half of 1, 0, 0.5 over 1.5


def test_two_that_move_alike_share_one_weight() -> None:
    days = [(i, (-1) ** i * 0.01 + i * 1e-5) for i in range(90)]
    twin = [arm(name, 0.0, rewards=Rewards(days=list(days), since=1)) for name in ("a", "b")]
    third = arm("c", 0.0, rewards=Rewards(days=[(i, (-1) ** (i // 2) * 0.01) for i in range(90)], since=1))
    settings = CapitalConfig(method="equal", most=1.0, least=0.0, regime_weight=0.0, damping=1.0)
    targets = [row.target for row in plan(Evidence.of([*twin, third], settings, NOW), 0, 1e4).rows]
    assert targets[0] == pytest.approx(targets[1])
    assert targets[0] + targets[1] < 0.62  # nearly what one would have had beside the third
    assert targets[2] > 0.38


def test_a_loser_rests_at_the_second_look_and_never_the_last_one() -> None:
    bad = rewards(-0.3, hours=300)
    arms = [arm("a", 0.1), arm("bad", 0.0, rewards=bad)]
    once = Evidence.of(arms, THOMPSON, NOW)
    assert once.suspects() == ["bad"]
    assert once.rest() == ()
    again = [arms[0], arm("bad", 0.0, rewards=bad, suspect=1)]
    found = plan(Evidence.of(again, THOMPSON, NOW), NOW, 1e4)
    assert found.rest == ("bad",)
    assert found.moves["bad"] == 0.0  # at once: slow steps are for those that play
    alone = Evidence.of([again[1]], THOMPSON, NOW)
    assert alone.rest() == ()
    resting = Evidence.of([arms[0], arm("bad", 0.0, rewards=bad, resting=NOW + 1)], THOMPSON, NOW)
    assert resting.playing == [0]
    back = Evidence.of([arms[0], arm("bad", 0.0, rewards=bad, suspect=1, back=NOW - DAY)], THOMPSON, NOW)
    assert back.suspects() == []  # what it lost before its rest is not held against it again
    young = rewards(-0.3, hours=300, trades=20)
    assert Evidence.of([arms[0], arm("bad", 0, rewards=young, suspect=1)], THOMPSON, NOW).suspects() == []


@given(
    means=st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=6),
    shares=st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6),
    method=st.sampled_from(sorted(allocating.METHODS)),
    most=st.floats(0.1, 1.0),
    least=st.floats(0.0, 0.1),
    hours=st.integers(0, 48),
)
def test_bounds_always_hold(
    means: list[float], shares: list[float], method: str, most: float, least: float, hours: int
) -> None:
    settings = CapitalConfig(method=method, most=most, least=min(least, most))
    arms = [
        Arm(f"s{i}", shares[i], rewards(mean, hours=60, trades=10, seed=i)) for i, mean in enumerate(means)
    ]
    evidence = Evidence.of(arms, settings, NOW)
    found = plan(evidence, NOW - hours * HOUR, 10_000.0)
    assert found == plan(evidence, NOW - hours * HOUR, 10_000.0)
    assert fsum(row.target for row in found.rows) <= settings.total + 1e-9
    for row in found.rows:
        assert -1e-12 <= row.target <= most + 1e-9
        assert min(row.share, row.target) - ROUND <= row.step <= max(row.share, row.target) + ROUND
        assert abs(row.step - row.share) <= 0.05 * min(hours, 24) + ROUND


def test_rewards_are_counted_in_the_risk_that_was_allowed() -> None:
    seen = Rewards()
    seen.look(NOW, 0.0, 5_000.0, 0, 0.2)
    seen.look(NOW + HOUR // 2, 4.0, 5_000.0, 1, 0.2)
    seen.look(NOW + HOUR, 10.0, 4_000.0, 1, 0.2)
    risk = 0.2 * 5_000.0 * sqrt(1 / HOURS_A_YEAR)
    assert seen.hours == [(NOW // HOUR, pytest.approx(10.0 / risk))]
    seen.look(NOW + 2 * HOUR, 10_000.0, 0.0, 3, 0.2)
    assert seen.hours[-1][1] == 3.0  # winsorised
    seen.look(NOW + 3 * HOUR, 10_500.0, 0.0, 3, 0.2)
    assert len(seen.hours) == 2  # without capital there is no reward
    assert len(seen.trades) == 3
    seen.look(NOW + DAY, 10_500.0, 100.0, 3, 0.2)
    assert seen.days == [(NOW // DAY, pytest.approx(10_500.0 / 5_000.0))]
    assert len(seen.window(NOW + DAY, 7.0, 50)) == 2
    assert seen.window(NOW + 30 * DAY, 7.0, 50) == []
    assert len(seen.window(NOW + 30 * DAY, 7.0, 3)) == 2  # the longer of the two
