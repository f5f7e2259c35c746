"""Unit roots and cointegration against statsmodels; memory against numpy and the reference's null bands."""

from math import inf, isnan, log, sqrt

import numpy as np
import pytest
from statsmodels.tsa.adfvalues import mackinnonp
from statsmodels.tsa.stattools import adfuller, coint
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from cockpit.indicators.statistics.cointegration import engle_granger, johansen_trace
from cockpit.indicators.statistics.jacobi import eigenvalues
from cockpit.indicators.statistics.least_squares import last_coefficient
from cockpit.indicators.statistics.memory import (
    dfa_band,
    expected_rs,
    hurst_aggvar,
    hurst_dfa,
    hurst_ghe,
    hurst_rs,
    hurst_rs_al,
)
from cockpit.indicators.statistics.unit_root import adf_tstat, unit_root_p
from cockpit.indicators.statistics.variance_ratio import variance_ratio

dice = np.random.default_rng(11)
WALK = np.cumsum(dice.normal(0, 1, 400))
NOISE = dice.normal(0, 1, 512)
FOLLOWER = 3 + 0.7 * WALK + dice.normal(0, 1, 400)
SIZES = [8, 16, 32, 64, 128]


@pytest.mark.parametrize("lags", [0, 1, 5])
@pytest.mark.parametrize("trend", ["c", "n"])
def test_adf_is_that_of_statsmodels(lags: int, trend: str) -> None:
    for x in (WALK, NOISE, WALK * 10 + 5e4):
        want = adfuller(x, maxlag=lags, regression=trend, autolag=None, result_object=False)
        got = adf_tstat(x.tolist(), lags, trend)
        assert got == pytest.approx(want[0], rel=1e-7, abs=1e-9)
        assert unit_root_p(got, trend) == pytest.approx(want[1], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("trend", "series"), [("n", 1), ("c", 1), ("c", 2)])
def test_p_values_are_those_of_mackinnon(trend: str, series: int) -> None:
    for t in (-25.0, -6.0, -3.5, -2.8, -2.62, -1.61, -1.04, -0.5, 0.5, 3.0):
        assert unit_root_p(t, trend, series) == pytest.approx(mackinnonp(t, trend, series), abs=1e-12)
    assert isnan(unit_root_p(float("nan")))


@pytest.mark.parametrize("lags", [0, 1, 3])
def test_engle_granger_is_that_of_statsmodels(lags: int) -> None:
    for y, x in ((FOLLOWER, WALK), (WALK, FOLLOWER), (np.cumsum(NOISE)[:400], WALK)):
        t_stat, p, _ = coint(y, x, maxlag=lags, autolag=None)
        found = engle_granger(y.tolist(), x.tolist(), lags)
        assert (found.t_stat, found.p) == pytest.approx((t_stat, p), rel=1e-7, abs=1e-12)
        assert (found.beta, found.alpha) == pytest.approx(tuple(np.polyfit(x, y, 1)), rel=1e-9)


# Of a matrix that is symmetric but for rounding some LAPACKs give statsmodels complex eigenvalues.
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("lags", [0, 1, 4])
def test_johansen_is_that_of_statsmodels(lags: int) -> None:
    matrix = np.column_stack([WALK, FOLLOWER, np.cumsum(NOISE)[:400]])
    for columns in (2, 3):
        want = coint_johansen(matrix[:, :columns], 0, lags)
        found = johansen_trace(matrix[:, :columns].tolist(), lags)
        assert found.eig == pytest.approx(np.real(want.eig), rel=1e-8)
        assert found.trace == pytest.approx(np.real(want.lr1), rel=1e-8)
        assert found.max_eig == pytest.approx(np.real(want.lr2), rel=1e-8)


def test_variance_ratio_is_the_formula_of_lo_and_mackinlay() -> None:
    x = np.cumsum(NOISE)
    size = len(x) - 1
    moves = np.diff(x) - (x[-1] - x[0]) / size
    for q in (2, 5, 16):
        wide = x[q:] - x[:-q] - q * (x[-1] - x[0]) / size
        vr = (wide @ wide / (q * (size - q + 1) * (1 - q / size))) / (moves @ moves / (size - 1))
        deltas = [size * (moves[k:] ** 2 @ moves[:-k] ** 2) / (moves @ moves) ** 2 for k in range(1, q)]
        theta = sum((2 * (q - k) / q) ** 2 * d for k, d in enumerate(deltas, 1))
        found = variance_ratio(x.tolist(), q)
        assert found.vr == pytest.approx(vr, rel=1e-9)
        assert found.z_robust == pytest.approx(sqrt(size) * (vr - 1) / sqrt(theta), rel=1e-9)
    assert variance_ratio(np.cumsum(np.cumsum(NOISE)).tolist(), 4).z_robust > 3
    assert variance_ratio((NOISE * 1.0).tolist(), 4).z_robust < -3


def naive_dfa(x: np.ndarray, sizes: list[int], order: int) -> float:
    path = np.cumsum(x - x.mean())
    logs = []
    for n in sizes:
        errors = []
        for i in range(0, len(path) - n + 1, n):
            t = np.arange(n)
            errors.append(
                np.mean((path[i : i + n] - np.polyval(np.polyfit(t, path[i : i + n], order), t)) ** 2)
            )
        logs.append(log(sqrt(np.mean(errors))))
    return float(np.polyfit(np.log(sizes), logs, 1)[0])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_dfa_is_the_slow_one(order: int) -> None:
    for x in (NOISE, np.diff(WALK), np.cumsum(NOISE)[:500]):
        assert hurst_dfa(x.tolist(), SIZES, order) == pytest.approx(naive_dfa(x, SIZES, order), rel=1e-8)


def test_the_other_exponents_are_the_slow_ones() -> None:
    def blocks(n: int) -> np.ndarray:
        return NOISE[: len(NOISE) // n * n].reshape(-1, n)

    rescaled, means = [], []
    for n in SIZES:
        path = np.cumsum(blocks(n) - blocks(n).mean(1, keepdims=True), axis=1)
        rescaled.append(np.mean((path.max(1) - path.min(1)) / blocks(n).std(1)))
        means.append(np.var(blocks(n).mean(1)))
    fit = np.polyfit(np.log(SIZES), np.log(rescaled), 1)[0]
    assert hurst_rs(NOISE.tolist(), SIZES) == pytest.approx(fit, rel=1e-9)
    fair = np.log(rescaled) - np.log([expected_rs(n) for n in SIZES])
    slope = np.polyfit(np.log(SIZES), fair, 1)[0]
    assert hurst_rs_al(NOISE.tolist(), SIZES) == pytest.approx(0.5 + slope, rel=1e-9)
    variance = np.polyfit(np.log(SIZES), np.log(means), 1)[0]
    assert hurst_aggvar(NOISE.tolist(), SIZES) == pytest.approx(1 + variance / 2, rel=1e-9)
    path = np.cumsum(NOISE)
    lags = np.arange(1, 20)
    for q in (1.0, 2.0):
        moments = [np.mean(np.abs(path[k:] - path[:-k]) ** q) for k in lags]
        want = np.polyfit(np.log(lags), np.log(moments), 1)[0] / q
        assert hurst_ghe(path.tolist(), q, 19) == pytest.approx(want, rel=1e-9)


def test_two_sizes_make_a_slope() -> None:
    rescaled = [hurst_rs(NOISE.tolist(), [8, 16]), hurst_dfa(NOISE.tolist(), [8, 16])]
    assert all(0 < h < 1.5 for h in rescaled)
    assert hurst_dfa(NOISE.tolist(), [8, 512]) == pytest.approx(naive_dfa(NOISE, [8, 512], 1), rel=1e-8)


def test_expected_rescaled_range_is_the_published_one() -> None:
    got = [expected_rs(n) for n in (16, 32, 64, 128)]
    assert got == pytest.approx([3.9094, 5.9707, 8.8955, 13.0395], abs=5e-5)


def test_noise_lies_in_its_band_and_a_persistent_series_does_not() -> None:
    low, high = dfa_band(512)
    assert (low, high) == (0.40, 0.61)
    said = [hurst_dfa(np.random.default_rng(seed).normal(0, 1, 512).tolist(), SIZES) for seed in range(40)]
    assert sum(low <= h <= high for h in said) >= 34
    smooth = np.convolve(dice.normal(0, 1, 600), np.ones(30), "valid")[:512]
    assert hurst_dfa(smooth.tolist(), SIZES) > high
    assert hurst_dfa(np.diff(NOISE).tolist(), SIZES) < low
    assert dfa_band(100) == (-inf, inf)
    assert dfa_band(724)[0] == pytest.approx(0.41, abs=1e-4)
    assert dfa_band(10**6) == (0.44, 0.56)


def test_degenerate_samples_are_undefined() -> None:
    flat = [3.0] * 512
    assert isnan(hurst_dfa(flat, SIZES))
    assert isnan(hurst_rs(flat, SIZES))
    assert isnan(hurst_aggvar(flat, SIZES))
    assert isnan(hurst_ghe(flat))
    assert isnan(variance_ratio(flat, 4).vr)
    assert isnan(adf_tstat(flat, 1))
    assert isnan(engle_granger(WALK.tolist(), flat[:400]).t_stat)
    perfect = engle_granger([2 * v + 1 for v in WALK], WALK.tolist())
    assert perfect.beta == pytest.approx(2)
    assert isnan(perfect.p), "nothing is left that could come back"
    twice = [[v, v] for v in WALK.tolist()]
    assert all(isnan(v) for v in johansen_trace(twice).trace)
    assert last_coefficient([1.0, 2.0, 4.0], [[1.0, 1.0, 1.0]], [2.0, 2.0, 2.0]) is None


@pytest.mark.parametrize("size", [1, 2, 5])
def test_eigenvalues_are_those_of_numpy(size: int) -> None:
    raw = dice.normal(0, 1, (size, size))
    matrix = raw @ raw.T
    assert eigenvalues(matrix.tolist()) == pytest.approx(np.linalg.eigvalsh(matrix)[::-1], rel=1e-9)


def test_senseless_questions_are_refused() -> None:
    x = WALK.tolist()
    for wrong in (
        lambda: adf_tstat(x, -1),
        lambda: adf_tstat(x, 1, "ct"),
        lambda: adf_tstat(x[:5], 2),
        lambda: unit_root_p(-3.0, "n", 2),
        lambda: engle_granger(x, x[1:]),
        lambda: engle_granger(x[:2], x[:2]),
        lambda: johansen_trace([[1.0, 2.0]] * 5, 1),
        lambda: johansen_trace([[1.0, 2.0]] * 50, -1),
        lambda: johansen_trace([[1.0, 2.0], [1.0]] * 50),
        lambda: variance_ratio(x, 1),
        lambda: variance_ratio(x, 400),
        lambda: hurst_rs(x, [8]),
        lambda: hurst_rs(x, [8, 500]),
        lambda: hurst_dfa(x, [2, 8], 1),
        lambda: hurst_dfa(x, SIZES, -1),
        lambda: hurst_ghe(x, 0.0),
        lambda: hurst_ghe(x, 1.0, 1),
    ):
        with pytest.raises(ValueError, match=r"."):
            wrong()
