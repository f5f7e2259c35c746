"""The overfitting statistics on their published values, and against slow definitions."""

from __future__ import annotations

from itertools import combinations
from math import inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cockpit.lab.proof import deflated, fronts, multiplicity, trials, windows


def test_the_deflated_sharpe_paper() -> None:
    """JPM 40(5), 2014, numerical example: daily data, 250 days a year, five years."""
    sr, var = 2.5 / sqrt(250), 0.5 / 250
    assert deflated.sr_zero(100, var) == pytest.approx(0.1132, abs=5e-5)
    assert deflated.dsr(sr, 1250, -3, 10, 100, var) == pytest.approx(0.9004, abs=5e-5)
    assert deflated.dsr(sr, 1250, -3, 10, 46, var) == pytest.approx(0.9505, abs=5e-5)
    assert deflated.dsr(sr, 1250, 0, 3, 88, var) == pytest.approx(0.9505, abs=5e-5)


def test_the_probabilistic_sharpe_paper() -> None:
    sr = 0.036 / 0.079
    assert deflated.psr(sr, 0, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)
    assert deflated.psr(sr, 0, 24, 0, 3) == pytest.approx(0.9815, abs=6e-4)
    for ppy, years in ((252, 2.73), (52, 2.83), (12, 3.24)):
        found = deflated.min_trl(2 / sqrt(ppy), 1 / sqrt(ppy), 0, 3, 0.05) / ppy
        assert found == pytest.approx(years, abs=0.006)
    hedge = deflated.min_trl(2 / sqrt(12), 1 / sqrt(12), -0.72, 5.78, 0.05) / 12
    assert hedge == pytest.approx(4.99, abs=0.006)
    assert deflated.min_trl(0.1, 0.1, 0, 3) == inf
    assert deflated.psr(1.0, 0, 24, 5, 3.0) is None


def test_the_null_variance_form() -> None:
    args = (0.036 / 0.079, 24, -2.448, 10.164)
    assert deflated.psr_null_var(args[0], 0, *args[1:], 0.0) == pytest.approx(0.987, abs=5e-4)
    assert deflated.psr_null_var(args[0], 0.1, *args[1:], 0.0) == pytest.approx(0.939, abs=5e-4)
    assert deflated.psr_null_var(args[0], 0, *args[1:], 0.2) == pytest.approx(0.966, abs=5e-4)
    assert deflated.psr_null_var(args[0], 0.1, *args[1:], 0.2) == pytest.approx(0.900, abs=5e-4)


def test_the_expected_maximum_and_the_years_it_costs() -> None:
    for n, value in ((5, 1.192594), (10, 1.574598), (100, 2.530603), (1000, 3.255122)):
        assert deflated.expected_max_z(n) == pytest.approx(value, abs=5e-7)
    assert deflated.expected_max_z(1) == 0
    assert deflated.min_btl_years(45, 1) == pytest.approx(4.998, abs=5e-4)
    table = {(1, 1): 2.7, (10, 1): 10.4, (100, 2): 4.4, (1000, 3): 2.7}
    for (n, sr), years in table.items():
        assert deflated.years_needed(n, sr) == pytest.approx(years, abs=0.05)


def test_effective_rank_as_published() -> None:
    corr = [[1, 0.1, 0.7], [0.1, 1, 0.8], [0.7, 0.8, 1]]
    found = trials.effective_trials(corr)
    assert found.entropy_rank == pytest.approx(1.84, abs=0.005)
    assert found.mean_corr == pytest.approx(1.6 / 3 + (1 - 1.6 / 3) * 3)
    same = trials.effective_trials(np.ones((4, 4)))
    assert (same.mean_corr, same.entropy_rank, same.participation) == pytest.approx((1, 1, 1))
    apart = trials.effective_trials(np.eye(4))
    assert (apart.mean_corr, apart.entropy_rank, apart.participation) == pytest.approx((4, 4, 4))


def slow_pbo(rows: np.ndarray, s: int) -> list[float]:
    """The definition, re-slicing each half."""
    size = len(rows) // s
    blocks = rows[len(rows) - size * s :].reshape(s, size, -1)
    logits = []
    for chosen in combinations(range(s), s // 2):
        inside = np.concatenate([blocks[i] for i in chosen])
        outside = np.concatenate([blocks[i] for i in range(s) if i not in chosen])
        first = int((inside.mean(0) / inside.std(0, ddof=1)).argmax())
        theirs = outside.mean(0) / outside.std(0, ddof=1)
        omega = stats.rankdata(theirs)[first] / (rows.shape[1] + 1)
        logits.append(log(omega / (1 - omega)))
    return logits


@pytest.mark.parametrize("shape", [(40, 3, 4), (103, 7, 8), (61, 2, 6)])
def test_pbo_is_the_slow_definition(shape: tuple[int, int, int]) -> None:
    t, n, s = shape
    rows = np.random.default_rng(t).normal(0.01, 1.0, (t, n))
    logits = slow_pbo(rows, s)
    found = trials.pbo(rows, s)
    assert found.n_splits == len(logits)
    assert found.pbo == pytest.approx(np.mean(np.array(logits) <= 0))
    assert found.logit_mean == pytest.approx(np.mean(logits))
    assert found.logit_median == pytest.approx(np.median(logits))


def test_pbo_of_noise_and_of_an_edge() -> None:
    noise = np.random.default_rng(5).normal(size=(800, 60))
    assert 0.2 < trials.pbo(noise, 10).pbo < 0.8
    edge = noise.copy()
    edge[:, 7] += 0.25
    found = trials.pbo(edge, 10)
    assert found.pbo == 0.0
    assert found.prob_loss == 0.0
    forced = trials.pbo((noise - noise.mean(0)) / noise.std(0), 8)
    assert forced.pbo > 0.95  # demeaning forces the winner to lose: why it is never done


def test_pbo_survives_a_trial_that_never_traded() -> None:
    rows = np.random.default_rng(1).normal(size=(80, 4))
    rows[:, 2] = 0.0
    assert 0 <= trials.pbo(rows, 8).pbo <= 1
    with pytest.raises(ValueError, match="even"):
        trials.pbo(rows, 7)


def r_normals(seed: int, n: int) -> np.ndarray:
    """R's ``set.seed(seed); rnorm(n)``: MT19937 scrambled as R does, normals by inversion of two uniforms."""
    state = seed & 0xFFFFFFFF
    for _ in range(50):
        state = (69069 * state + 1) & 0xFFFFFFFF
    words = []
    for _ in range(625):
        state = (69069 * state + 1) & 0xFFFFFFFF
        words.append(state)
    generator = np.random.MT19937()
    generator.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(words[1:], dtype=np.uint32), "pos": 624},
    }
    raw = generator.random_raw(2 * n).astype(np.float64)
    uniform = np.clip(raw * 2.3283064365386963e-10, 2.328306437080797e-10, 1 - 2.328306437080797e-10)
    big = 134217728.0
    mixed = (np.floor(big * uniform[0::2]) + uniform[1::2]) / big
    return np.asarray(stats.norm.ppf(mixed))


def test_the_pbo_vignette_of_r() -> None:
    """CRAN ``pbo``: set.seed(765), 2400 x 100 demeaned columns, S = 8: p_bo = 1, loss = 1."""
    assert r_normals(42, 3) == pytest.approx([1.37095845, -0.56469817, 0.36312841], abs=1e-8)
    rows = r_normals(765, 240_000).reshape(100, 2400).T
    rows = rows / rows.std(0, ddof=1) / sqrt(252)
    rows = rows - rows.mean(0)
    found = trials.pbo(rows - 0.03 / 252, 8)
    assert found.pbo == 1.0
    assert found.prob_loss == 1.0
    # The package prints the line of the own half on the other one, and calls its intercept the slope.
    own, other, _, _ = trials.halves(rows - 0.03 / 252, 8)
    line = stats.linregress(other, own)
    assert line.intercept == pytest.approx(-0.0030456, abs=5e-8)
    assert line.slope == pytest.approx(-0.97377, abs=5e-6)
    back = stats.linregress(own, other)
    assert (found.slope, found.intercept) == pytest.approx((back.slope, back.intercept))


def test_the_best_of_a_matrix() -> None:
    rows = np.random.default_rng(9).normal(0.02, 1.0, (500, 12))
    found = trials.best(rows)
    ratios = rows.mean(0) / rows.std(0, ddof=1)
    assert found.best == ratios.argmax()
    assert found.sr == pytest.approx(ratios.max())
    assert found.sr0 == pytest.approx(ratios.std(ddof=1) * deflated.expected_max_z(12))
    assert found.dsr is not None
    assert 0 < found.dsr < 1


@pytest.mark.parametrize(
    ("ours", "theirs"), [("bonferroni", "bonferroni"), ("holm", "holm"), ("bh", "fdr_bh")]
)
def test_adjusted_p_values_are_those_of_statsmodels(ours: str, theirs: str) -> None:
    p = [0.01, 0.04, 0.03, 0.005, 0.8, 0.04]
    assert multiplicity.p_adjust(p, ours) == pytest.approx(multipletests(p, method=theirs)[1])
    with pytest.raises(ValueError, match="no method"):
        multiplicity.p_adjust(p, "hope")


def test_signs() -> None:
    assert multiplicity.sign_flip_pvalue([0.1, 0.2, 0.3]) == pytest.approx(1 / 8)
    assert multiplicity.sign_flip_pvalue([0.0, 0.0]) == 1.0
    assert multiplicity.sign_flip_pvalue([0.1, -0.1]) == pytest.approx(3 / 4)
    noise = np.random.default_rng(2).normal(size=60).tolist()
    p = multiplicity.sign_flip_pvalue(noise, seed=1)
    assert p == multiplicity.sign_flip_pvalue(noise, seed=1)
    assert 0 < p < 1
    assert multiplicity.sign_test(9, 10) == pytest.approx(11 / 1024)
    with pytest.raises(ValueError, match="of 3"):
        multiplicity.sign_test(4, 3)


def test_two_samples() -> None:
    assert multiplicity.ks_2samp([1, 2, 3, 4], [3, 4, 5, 6]) == pytest.approx((0.5, 0.771429), abs=1e-6)
    with pytest.raises(ValueError, match="two samples"):
        multiplicity.ks_2samp([], [1])


def test_walk_forward_windows() -> None:
    found = windows.wf_windows(100, 40, 20, 10, 15, purge=2)
    assert [(w.train, w.validate, w.test) for w in found] == [
        ((0, 40), (42, 62), (64, 74)),
        ((15, 55), (57, 77), (79, 89)),
    ]
    assert windows.wf_windows(50, 40, 0, 8, 5, purge=2)[0].test == (42, 50)
    assert windows.wf_windows(100, 40, 0, 10, 25, anchored=True)[1].train == (0, 65)
    with pytest.raises(ValueError, match="above 0"):
        windows.wf_windows(10, 0, 0, 1, 1)


@given(st.integers(5, 60), st.data(), st.integers(0, 5), st.integers(0, 4))
def test_purged_rows_never_share_a_label(n: int, data: st.DataObject, horizon: int, embargo: int) -> None:
    start = data.draw(st.integers(0, n - 1))
    end = data.draw(st.integers(start + 1, n))
    tested = {k for i in range(start, end) for k in range(i, i + horizon + 1)}
    kept = windows.purged_train_index(n, start, end, horizon, embargo)
    for i in kept:
        assert not tested & set(range(i, i + horizon + 1))
        assert not end + horizon - 1 < i <= end - 1 + horizon + embargo
    clean = {i for i in range(n) if not tested & set(range(i, i + horizon + 1))}
    assert clean - set(kept) <= set(range(end + horizon, end + horizon + embargo))


def test_cpcv_counts() -> None:
    assert windows.cpcv_counts(6, 2) == (15, 5)
    assert windows.cpcv_counts(10, 2) == (45, 9)
    assert windows.cpcv_counts(10, 8) == (45, 36)


def test_fronts() -> None:
    points = [(1, 5), (2, 3), (4, 4), (4, 1), (2, 3)]
    assert fronts.pareto_front(points) == [0, 1, 3, 4]
    assert fronts.hypervolume_2d([(1, 2), (2, 1)], (3, 3)) == 3
    assert fronts.crowding_distance([(0, 2), (1, 1), (2, 0)]) == [inf, 2.0, inf]
    assert fronts.lhs_is_valid([(0.1, 0.6), (0.7, 0.2)])
    assert not fronts.lhs_is_valid([(0.1, 0.6), (0.2, 0.2)])
    assert not fronts.lhs_is_valid([(0.1, 0.2), (1.0, 0.6)])


def test_expected_improvement() -> None:
    assert fronts.expected_improvement(1.0, 0.0, 0.5) == 0.5
    z = 0.5 / 0.2
    assert fronts.expected_improvement(1.0, 0.2, 0.5) == pytest.approx(
        0.5 * stats.norm.cdf(z) + 0.2 * stats.norm.pdf(z)
    )
    assert fronts.expected_improvement(0.5, 0.2, 1.0, direction="min") == pytest.approx(
        fronts.expected_improvement(1.0, 0.2, 0.5)
    )
