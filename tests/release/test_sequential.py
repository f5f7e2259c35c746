"""What may be looked at all the time errs no more often than it says, and still sees what is there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from random import Random

import pytest
from scipy.stats import ks_2samp, t

from cockpit.core.release.samples import power, two_samples
from cockpit.core.release.sequential import FRACTIONS, Bet, Detector
from cockpit.core.release.track import Slips, Track

ALPHA = 0.05
LOOKS = 400


def ever(dice: Random, mean: float, sigma: float, bound: float, looks: int = LOOKS) -> int:
    """After how many looks the evidence was enough; 0 = never."""
    bet = Bet(bound)
    for look in range(1, looks + 1):
        bet.hear(dice.gauss(mean, sigma))
        if bet.refutes(ALPHA):
            return look
    return 0


def test_two_equal_versions_are_told_apart_at_most_as_often_as_stated_at_any_look() -> None:
    # A/A: the difference of two twins with the same edge, looked at after every span, promoted at the first
    # look that says "better". 600 campaigns: the chance of more than 44 by luck at a true 5 % is below 0.5 %.
    dice = Random(11)
    wrong = sum(ever(dice, 0.0, 0.01 * 2**0.5, 4 * 0.01 * 2**0.5, 200) > 0 for _ in range(600))
    assert wrong <= 44


def test_heavy_tails_and_clusters_do_not_cheat_it() -> None:
    dice, wrong = Random(5), 0
    for _ in range(300):
        bet, sigma = Bet(0.04), 0.01
        for _ in range(200):
            if dice.random() < 0.3:
                sigma = 0.004 + 0.9 * sigma * abs(dice.gauss(0, 1))
            bet.hear(dice.gauss(0, 1) * min(sigma, 0.05) * (4 if dice.random() < 0.02 else 1))
        wrong += bet.refutes(ALPHA)
    assert wrong <= 24


@pytest.mark.parametrize(("edge", "least"), [(0.25, 0.45), (0.5, 0.97)])
def test_a_planted_edge_is_found_with_the_power_that_is_stated(edge: float, least: float) -> None:
    """Edge in standard deviations of a span's difference, within 200 spans."""
    dice = Random(3)
    found = sum(ever(dice, edge, 1.0, 4.0, 200) > 0 for _ in range(200))
    assert found / 200 >= least


def test_evidence_once_given_stays() -> None:
    bet = Bet(1.0)
    for _ in range(60):
        bet.hear(0.5)
    assert bet.refutes(ALPHA)
    for _ in range(500):
        bet.hear(-0.9)
    assert bet.refutes(ALPHA)
    assert bet.log < 0


def until(values: Iterator[float], run: float, bound: float = 4.0) -> int:
    """Observations until a detector alarms; 0 = never."""
    watch = Detector(bound)
    for value in values:
        watch.hear(value)
        if watch.alarms(run):
            return watch.n
    return 0


def test_a_detector_is_the_sum_of_bettors_that_began_at_every_instant() -> None:
    """Against its definition, and for a coin against the procedure of Roberts (1966) that it then is.

    A stake of f on a coin of +1 and -1 is the likelihood ratio of a coin with chance (1 + f) / 2.
    """
    dice = Random(8)
    values = [dice.uniform(-1.2, 1.0) for _ in range(30)]
    watch = Detector(1.0)
    for value in values:
        watch.hear(value)
    cut = [max(-1.0, value) for value in values]
    for at, f in enumerate(FRACTIONS):
        begun = sum(prod(1.0 + f * x for x in cut[start:]) for start in range(len(cut)))
        assert watch.wealth[at] == pytest.approx(begun)
    f = FRACTIONS[-1]
    for coin in product((-1, 1), repeat=6):
        watch = Detector(1.0)
        for side in coin:
            watch.hear(side)
        chances = [((1 + f) / 2 if side > 0 else (1 - f) / 2) / 0.5 for side in coin]
        assert watch.wealth[-1] == pytest.approx(sum(prod(chances[start:]) for start in range(6)))


@pytest.mark.parametrize("tail", [2.2, 0.0])
def test_false_alarms_are_as_far_apart_as_stated(tail: float) -> None:
    """A version that earns nothing: mean run length at least 60, scatter of 400 runs allowed for."""
    dice = Random(21)

    def nothing() -> Iterator[float]:
        while True:
            side = dice.choice((-1, 1))
            yield side * (dice.paretovariate(tail) - 1.0) if tail else side * abs(dice.gauss(0, 1))

    runs = [until(nothing(), 60.0) for _ in range(400)]
    mean = sum(runs) / len(runs)
    error = (sum((run - mean) ** 2 for run in runs)) ** 0.5 / len(runs)
    assert mean >= 60.0 - 3 * error
    assert mean < 120.0, "stated closely enough to mean something"


def test_an_edge_that_turns_after_a_good_half_year_is_found_months_earlier() -> None:
    """Annual Sharpe ratio 3 for 180 days, then -3: days until it is seen, beside the e-value of the stage."""
    dice, edge = Random(2), 3 / 365**0.5
    news: list[int] = []
    olds: list[int] = []
    for _ in range(60):
        watch, bet, found, late = Detector(4.0), Bet(4.0), 0, 0
        for day in range(1, 180 + 700):
            value = -dice.gauss(edge if day <= 180 else -edge, 1.0)
            watch.hear(value)
            bet.hear(value)
            found = found or (day if watch.alarms(500.0) else 0)
            late = late or (day if bet.refutes(ALPHA) else 0)
        news.append((found or 880) - 180)
        olds.append((late or 880) - 180)
    news.sort()
    olds.sort()
    assert min(news) > 0, "nobody is taken for a loser while he earns"
    assert news[30] < 180
    assert olds[30] > 500
    assert news[54] < 300


def test_one_that_earns_is_left_alone_for_a_year() -> None:
    dice, edge = Random(9), 2 / 365**0.5
    alarms = sum(until((-dice.gauss(edge, 1.0) for _ in range(365)), 500.0) > 0 for _ in range(300))
    assert alarms <= 9


def test_a_detector_ends_in_no_number_too_large() -> None:
    watch = Detector(1.0)
    for _ in range(4_000):
        watch.hear(1.0)
    assert watch.alarms(1e200)
    assert watch.best < 1e301


@pytest.mark.parametrize(("n", "m", "digits"), [(50, 300, 6), (7, 12, 6), (40, 40, 1), (3, 5, 0)])
def test_the_two_sample_test_is_scipys_exact_one_ties_included(n: int, m: int, digits: int) -> None:
    dice = Random(n * m)
    x = [round(dice.gauss(0.4, 1), digits) for _ in range(n)]
    y = [round(dice.gauss(0, 1), digits) for _ in range(m)]
    found = ks_2samp(x, y, method="exact")
    d, p = two_samples(x, y)
    assert d == pytest.approx(found.statistic, abs=1e-12)
    assert p == pytest.approx(found.pvalue, rel=1e-9, abs=1e-12)


def test_power_is_the_table_of_the_reference() -> None:
    assert power(50) == 0.82
    assert power(500) == 1.0
    assert power(30) < power(40) < power(50)


def test_the_interval_of_slippage_is_students() -> None:
    dice, slips = Random(1), Slips()
    values = [dice.gauss(1.0, 2.0) for _ in range(25)]
    for value in values:
        slips.add(value)
    mean = sum(values) / 25
    spread = (sum((v - mean) ** 2 for v in values) / 24 / 25) ** 0.5
    low, high = slips.interval()
    assert low == pytest.approx(mean - t.ppf(0.95, 24) * spread, abs=1e-3)
    assert high == pytest.approx(mean + t.ppf(0.95, 24) * spread, abs=1e-3)


def test_the_chance_of_a_mean_above_zero_is_the_normal_one() -> None:
    from scipy.stats import norm

    dice = Random(2)
    values = [dice.gauss(0.1, 1.0) for _ in range(60)]
    mean = sum(values) / 60
    spread = (sum((v - mean) ** 2 for v in values) / 59) ** 0.5
    assert Track(values=values).chance == pytest.approx(norm.cdf(mean / spread * 60**0.5))
    known = [Track(values=row).chance for row in ([], [0.1], [0.1, 0.1], [0.0, 0.0], [-0.1, 0.1])]
    assert known == [0.0, 0.0, 1.0, 0.0, 0.5]


def test_a_span_that_nobody_saw_begin_is_no_observation() -> None:
    track = Track(1_000)
    assert track.mark(1_500, 10.0, 100.0) == []
    assert track.mark(2_000, 11.0, 100.0) == []
    assert track.mark(3_001, 12.0, 100.0) == [(2, 0.01)]
    assert track.mark(7_000, 6.0, 200.0) == [(3, -0.06)], "a gap is one return, not four"
    assert track.values == [0.01, -0.06]
    assert track.drawdown == pytest.approx(0.06)
    assert track.total == pytest.approx(-0.04)
