"""Plateaus, other markets, signs, random entries, made-up pasts: known answers, no edge in noise."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.lab.proof import resampling, robustness
from cockpit.portfolio import performance
from cockpit.portfolio.drawdown import max_drawdown


def noise(seed: int, n: int = 400, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 0.01, n)


def test_figures_are_those_of_the_report() -> None:
    row = noise(3, 300, 0.001)
    found = resampling.resampled(row, 365.0)
    equity = np.concatenate(([1.0], np.cumprod(1 + row)))
    assert found.sharpe.value == pytest.approx(performance.sharpe(row, 0.0, 365.0).annual)
    assert found.sortino.value == pytest.approx(performance.sortino(row.tolist(), 0.0, 365.0))
    assert found.cagr.value == pytest.approx(performance.cagr(equity.tolist(), 365.0))
    assert found.calmar.value == pytest.approx(performance.calmar(equity.tolist(), 365.0))
    assert found.mdd.value == pytest.approx(max_drawdown(equity.tolist()).mdd)
    assert found == resampling.resampled(row, 365.0)
    assert found.sharpe.low is not None
    assert found.sharpe.high is not None
    assert found.sharpe.low < found.sharpe.value < found.sharpe.high
    assert found.mdd_95 is not None
    assert found.mdd_99 is not None
    assert found.mdd_95 < found.mdd_99


def test_the_interval_of_a_sharpe_ratio_is_as_wide_as_theory_says() -> None:
    found = resampling.resampled(noise(1, 1000), 365.0).sharpe
    assert found.high is not None
    assert found.low is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * sqrt(365 / 1000), rel=0.15)


def test_blocks_keep_neighbours_together() -> None:
    index = resampling.stationary(500, 200, 10.0, 1)
    followed = ((index[:, 1:] - index[:, :-1]) % 500 == 1).mean()
    assert followed == pytest.approx(0.9, abs=0.02)
    assert index.min() >= 0
    assert index.max() < 500


def test_too_few_returns_have_no_interval() -> None:
    found = resampling.resampled([0.01, 0.02], 365.0)
    assert found.sharpe.value is not None
    assert (found.sharpe.low, found.mdd_95, found.loss) == (None, None, None)
    nothing = resampling.resampled([], 365.0)
    assert nothing.total.value is None
    ruin = resampling.resampled([-1.0, 0.5] * 10, 365.0)
    assert ruin.total.value == -1.0
    assert ruin.mdd.value == 1.0


PARAMS = {"fast": 9, "k": 2.0, "zero": 0.0, "word": "x", "on": True, "size": 0.2}


@given(st.integers(0, 50))
def test_neighbours_are_near_and_all_different(seed: int) -> None:
    found = robustness.neighbours(PARAMS, ("fast", "k", "zero", "word", "on"), seed)
    assert found == robustness.neighbours(PARAMS, ("fast", "k", "zero", "word", "on"), seed)
    assert [row for row in found if row == PARAMS] == []
    assert len({tuple(row.items()) for row in found}) == len(found)
    for row in found:
        assert abs(row["fast"] - 9) <= 1
        assert isinstance(row["fast"], int)
        assert abs(row["k"] - 2.0) <= 0.2 + 1e-12
        assert {name: row[name] for name in ("zero", "word", "on", "size")} == {
            name: PARAMS[name] for name in ("zero", "word", "on", "size")
        }
    singles = [{"fast": 8}, {"fast": 10}, {"k": 1.8}, {"k": 2.2}]
    for move in singles:
        assert any(
            all(row[k] == pytest.approx(v) for k, v in {"fast": 9, "k": 2.0, **move}.items()) for row in found
        )


def test_a_grid_step_is_the_least_move() -> None:
    found = robustness.neighbours({"n": 10, "z": 0.0}, ("n", "z"), steps={"n": 5, "z": 0.5})
    assert {row["n"] for row in found[:2]} == {5, 15}
    assert {row["z"] for row in found[2:4]} == {-0.5, 0.5}


def test_a_plateau_and_a_peak() -> None:
    flat = robustness.plateau("sharpe", 2.0, [1.8, 1.9, 2.1, 1.7, 1.6])
    assert flat.ratio.value == pytest.approx(0.9)
    assert flat.flat
    peak = robustness.plateau("sharpe", 2.0, [0.2, -0.1, 2.1, 0.1, None])
    assert peak.ratio.value == pytest.approx(0.05)
    assert peak.positive.value == pytest.approx(0.6)
    assert not peak.flat
    assert peak.positive.low is not None
    assert peak.positive.low < 0.6
    assert not robustness.plateau("sharpe", -1.0, [1.0] * 9).flat
    assert not robustness.plateau("sharpe", 1.0, []).flat
    nearly = robustness.plateau("sharpe", 1.0, [0.9] * 8 + [-0.1])  # 8 of 9 make money: one too few
    assert not nearly.flat


def test_other_markets_that_move_together_are_few() -> None:
    common = noise(5, 300, 0.001)
    alike = [common + 0.001 * noise(n, 300) for n in range(10)]
    apart = [noise(100 + n, 300, 0.002) for n in range(10)]
    together = robustness.elsewhere([str(n) for n in range(10)], alike, 365.0)
    separate = robustness.elsewhere([str(n) for n in range(10)], apart, 365.0)
    assert together.positive == separate.positive == 10
    assert together.p == 0.5  # ten copies are one coin
    assert separate.p is not None
    assert separate.p < 0.01
    assert separate.effective == pytest.approx(10, abs=1.0)
    nowhere = robustness.elsewhere([], [], 365.0)
    assert nowhere.p is None
    idle = robustness.elsewhere(["a", "b"], [np.zeros(9), noise(1, 9)], 365.0)
    assert idle.sharpe[0] is None


def test_signs_of_an_edge_and_of_noise() -> None:
    edge = robustness.signs(noise(1, 400, 0.002), noise(1, 400, 0.0025), 365.0)
    assert edge.p < 0.01
    assert edge.gross is not None
    assert edge.twin == pytest.approx(-edge.gross)
    flat = robustness.signs(noise(2, 400), [], 365.0)
    assert 0.05 < flat.p < 0.95
    assert flat.p_error > 0
    assert flat.twin is None


def trend(seed: int) -> tuple[list[float], list[tuple[int, int, int]]]:
    """A market with quiet and rising stretches, and trades that know which is which."""
    random = np.random.default_rng(seed)
    steps, trips = [], []
    for turn in range(40):
        if turn % 2:
            trips.append((len(steps), len(steps) + 10, 1))
            steps += (random.normal(0.01, 0.005, 10)).tolist()
        else:
            steps += (random.normal(-0.01, 0.005, 15)).tolist()
    return [100.0, *(100 * np.cumprod(1 + np.array(steps))).tolist()], trips


def test_entries_that_know_and_entries_that_do_not() -> None:
    prices, knowing = trend(1)
    skill = robustness.random_entries(prices, knowing)
    assert skill.p is not None
    assert skill.p < 0.005
    assert skill.mean is not None
    assert skill.random_high is not None
    assert skill.mean > skill.random_high
    shorted = robustness.random_entries(prices, [(a, b, -s) for a, b, s in knowing])
    assert shorted.p is not None
    assert shorted.p > 0.99
    few = robustness.random_entries(prices, knowing[:3])
    assert (few.trips, few.p) == (3, None)


def test_random_entries_of_no_skill_are_uniform() -> None:
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        prices = 100 * np.cumprod(1 + random.normal(0, 0.01, 400))
        starts = np.sort(random.choice(np.arange(0, 390, 10), 15, replace=False))
        trips = [(int(s), int(s) + 6, int(random.integers(0, 2)) * 2 - 1) for s in starts]
        p = robustness.random_entries(prices.tolist(), trips, seed, 300).p
        assert p is not None
        found.append(p)
    assert np.mean(np.array(found) <= 0.1) < 0.25
    assert 0.35 < np.mean(found) < 0.65


def lived(dice: Any, years: int, days: int, sharpe: float, looks: int = 1) -> Any:
    """years x days x looks: returns of 1 % a day, Student's t with 4 degrees of freedom from day to day."""
    scatter = np.sqrt(2.0 / dice.chisquare(4, (years, days)))
    steps = dice.standard_normal((years, days, looks)) / sqrt(looks)
    return 0.01 * (steps * scatter[..., None] + sharpe / sqrt(365) / looks)


def deepest(paths: Any) -> Any:
    """How far each path was below its peak at most, at any look."""
    total = np.cumsum(paths.reshape(len(paths), -1), axis=1)
    return (np.maximum(np.maximum.accumulate(total, axis=1), 0.0) - total).max(axis=1)


def first_fall(paths: Any, bounds: tuple[tuple[int, float], ...]) -> Any:
    """Day on which each path is first deeper below its peak than its day allows; -1 = never."""
    years, days, looks = paths.shape
    total = np.cumsum(paths.reshape(years, -1), axis=1)
    high = np.maximum(np.maximum.accumulate(total, axis=1), 0.0)
    worst = np.maximum.accumulate(high - total, axis=1).reshape(years, days, looks)
    lengths, falls = (np.array(column) for column in zip(*bounds, strict=True))
    at = np.minimum(np.searchsorted(lengths, np.arange(days) + 1), len(lengths) - 1)
    left = (worst > falls[at][None, :, None]).any(axis=2)
    return np.where(left.any(axis=1), left.argmax(axis=1), -1)


def test_an_honest_version_is_rarely_taken_back_for_a_fall_in_a_year() -> None:
    """Whoever goes on as proven for a year, looked at eight times a day, against a record of two years.

    Sixteen records, each a version of its own, and thirty years of each: about 3 % leave. Bounds of single
    lengths are for one look: looked at all the time a quarter leaves them. An edge that has turned is seen
    within months.
    """
    dice = np.random.default_rng(4)
    left, alone, once, delays = [], [], [], []
    for seed in range(16):
        record = lived(dice, 1, 730, 3.0)[0, :, 0]
        found = resampling.resampled(record, 365.0, seed, 1_000)
        year = lived(dice, 30, 365, 3.0, 8)
        left += (first_fall(year, found.band) >= 0).tolist()
        alone += (first_fall(year, found.drawdowns) >= 0).tolist()
        once += (deepest(year[:, :60]) > dict(found.drawdowns)[60]).tolist()
        turned = np.concatenate((lived(dice, 10, 180, 3.0, 4), lived(dice, 10, 360, -3.0, 4)), axis=1)
        days = first_fall(turned, found.band)
        delays += [day - 180 if day >= 0 else 360 for day in days.tolist() if not 0 <= day < 180]
    assert np.mean(left) < 0.06
    assert np.mean(alone) > 0.2
    assert np.mean(once) < 0.1, "near one in twenty: the record's own uncertainty is in it"
    assert np.median(delays) < 220


def test_the_band_widens_with_the_years_it_is_not_sure_of() -> None:
    """A short record says less: the same returns, but a tenth of them."""
    dice = np.random.default_rng(4)
    long = lived(dice, 1, 1_500, 3.0)[0, :, 0]
    sure, unsure = (resampling.resampled(row, 365.0, 1).band for row in (long, long[:150]))
    scale = long[:150].std() / long.std()
    assert unsure[-1][1] / scale > 1.1 * sure[-1][1]
    assert [length for length, _ in sure] == [n for n in resampling.LENGTHS if n <= 365]
    assert all(a < b for (_, a), (_, b) in pairwise(sure))


def test_a_band_of_hours_looks_a_year_ahead_though_the_record_is_a_month() -> None:
    hours = np.random.default_rng(4).normal(0.0005, 0.003, 700)
    found = resampling.resampled(hours, 8_760.0, 1, 200)
    assert found.band[-1][0] == 8_760
    assert found.drawdowns[-1][0] == 8_760
    assert found == resampling.resampled(hours, 8_760.0, 1, 200)
