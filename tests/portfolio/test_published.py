"""Numbers that are published or follow from algebra, and an independent hand (scipy) beside our own."""

from __future__ import annotations

from decimal import Decimal
from math import inf, isclose, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cockpit.core import lots
from cockpit.portfolio import bandit, impact, kelly, normal, performance, ranking, sizing, tails
from cockpit.portfolio.allotment import llm_allocation
from cockpit.portfolio.drawdown import max_drawdown, rolling_drawdown

RETURNS = [0.01, -0.02, 0.015, 0.003, -0.007, 0.021, -0.011, 0.004, 0.0, 0.013]


@pytest.mark.parametrize("p", [1e-12, 1e-5, 0.01, 0.024, 0.3, 0.5, 0.77, 0.95, 0.999, 1 - 1e-9])
def test_normal_quantile(p: float) -> None:
    assert normal.quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-13, abs=1e-15)
    assert normal.cdf(normal.quantile(p)) == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("df", [1.5, 2.0, 3.0, 7.0, 30.0, 400.0])
def test_student(df: float) -> None:
    for t in (-30.0, -2.0, -0.3, 0.0, 0.7, 4.0):
        assert normal.student_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-11)
        assert normal.student_pdf(t, df) == pytest.approx(stats.t.pdf(t, df), rel=1e-12)
    for p in (0.001, 0.2, 0.5, 0.9, 0.9999):
        assert normal.student_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-11, abs=1e-14)


def test_a_probability_must_be_one() -> None:
    for p in (0.0, 1.0, -1.0, 2.0):
        with pytest.raises(ValueError, match="probability"):
            normal.quantile(p)
        with pytest.raises(ValueError, match="probability"):
            normal.student_quantile(p, 3.0)


def test_one_posterior_above_another_against_simulation_and_symmetry() -> None:
    a, b = bandit.Nig(0.01, 5, 3, 0.002), bandit.Nig(0.0, 8, 4, 0.001)
    assert a.greater(b) + b.greater(a) == pytest.approx(1.0, abs=1e-9)
    assert a.greater(a) == pytest.approx(0.5, abs=1e-9)

    def inner(x: float) -> float:
        return float(stats.t.pdf(x, a.df, a.m, a.scale) * stats.t.cdf(x, b.df, b.m, b.scale))

    from scipy.integrate import quad

    expected = quad(inner, -inf, inf, epsabs=1e-12, epsrel=1e-11, limit=500)[0]
    assert a.greater(b) == pytest.approx(expected, abs=1e-9)
    sharp = bandit.Nig(0.02, 1e6, 500, 0.001)
    assert a.greater(sharp) == pytest.approx(1 - a.below(0.02), abs=1e-3)


def test_sharpe_and_friends() -> None:
    found = performance.sharpe(RETURNS, 0.0, 365)
    mean = sum(RETURNS) / 10
    sd = stats.tstd(RETURNS)
    assert found.per_period == pytest.approx(mean / sd, rel=1e-12)
    assert found.annual == pytest.approx(mean / sd * sqrt(365), rel=1e-12)
    assert performance.sharpe([0.01] * 30) == performance.Sharpe(None, None)
    assert performance.sharpe([0.01]) == performance.Sharpe(None, None)
    assert performance.sortino([0.01, 0.02]) is None
    assert performance.sortino([0.02, -0.01], 0.0, 4) == pytest.approx(0.005 / sqrt(0.0001 / 2) * 2)
    shape = performance.moments(RETURNS)
    assert shape.skew == pytest.approx(stats.skew(RETURNS), rel=1e-12)
    assert shape.kurt == pytest.approx(stats.kurtosis(RETURNS, fisher=False), rel=1e-12)


def test_growth() -> None:
    assert performance.cagr([100, 110, 121], 1) == pytest.approx(0.1)
    assert performance.calmar([100, 90, 121], 1) == pytest.approx(0.1 / 0.1)
    assert performance.calmar([100, 110, 121], 1) is None
    assert performance.cagr([100], 1) is None
    assert performance.cagr([100, -1], 1) is None


def test_autocorrelation_lowers_what_a_year_is_worth() -> None:
    """An AR(1) of 0.3 has the factor 14.03 for 365 days instead of 19.10 (quant reference)."""
    import numpy as np

    noise = np.random.default_rng(3).normal(size=200_000)
    series = [0.0]
    for value in noise:
        series.append(0.3 * series[-1] + value)
    assert performance.lo_eta(series[:3], 1) == pytest.approx(1.0)
    short = performance.lo_eta(series[1:40_001], 12)
    exact = 12 / sqrt(12 + 2 * sum((12 - k) * 0.3**k for k in range(1, 12)))
    assert short == pytest.approx(exact, rel=0.03)
    year = 365 / sqrt(365 + 2 * sum((365 - k) * 0.3**k for k in range(1, 365)))
    assert year == pytest.approx(14.03, abs=0.01)
    assert performance.lo_eta([1.0, 1.0], 5) is None


def test_drawdown_by_its_definition() -> None:
    found = max_drawdown([100, 120, 90, 120, 110, 130, 104])
    assert found.mdd == pytest.approx(0.25)
    assert (found.peak_index, found.trough_index, found.recovery_index) == (1, 2, 3)
    assert found.longest_underwater == 3  # touching 120 again is no new high
    assert found.since_high == 1
    calm = max_drawdown([1, 2, 3])
    assert (calm.mdd, calm.peak_index, calm.recovery_index, calm.since_high) == (0.0, None, None, 0)
    assert max_drawdown([100, 50, 60]).recovery_index is None
    with pytest.raises(ValueError, match="above 0"):
        max_drawdown([])


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=60), st.integers(1, 12))
def test_rolling_drawdown_is_the_slow_one(equity: list[float], window: int) -> None:
    found = rolling_drawdown(equity, window)
    for index, value in enumerate(found):
        if index < window - 1:
            assert value != value
        else:
            assert value == 1 - equity[index] / max(equity[index - window + 1 : index + 1])


def test_normal_shortfalls_are_the_tables() -> None:
    for alpha, expected in ((0.95, 2.062713), (0.975, 2.337803), (0.99, 2.665214)):
        z = normal.quantile(alpha)
        assert normal.pdf(z) / (1 - alpha) == pytest.approx(expected, abs=5e-7)
        assert tails.student(0, 1, 1e7, alpha).es == pytest.approx(expected, abs=1e-5)


def test_historical_tail_is_exact_at_atoms() -> None:
    """0.95 of 20 is the 19th loss, not the 20th; the mean beyond it counts the atom's share."""
    returns = [-float(i) for i in range(1, 21)]
    found = tails.historical(returns, 0.95)
    assert found.var == 19.0
    assert found.es == pytest.approx(19.0 + (1.0 / 20) / 0.05)
    assert not tails.enough(199, 0.95)
    assert tails.enough(200, 0.95)


def test_student_tail_against_integration() -> None:
    found = tails.student(0.001, 0.02, 4, 0.99)
    q = stats.t.ppf(0.99, 4)
    es = stats.t.expect(lambda x: x, args=(4,), lb=q) / 0.01
    assert found.var == pytest.approx(-0.001 + 0.02 * q, rel=1e-10)
    assert found.es == pytest.approx(-0.001 + 0.02 * es, rel=1e-8)
    with pytest.raises(ValueError, match="degrees"):
        tails.student(0, 1, 1, 0.99)


def test_exceedances() -> None:
    first, second = tails.kupiec(250, 7, 0.99), tails.kupiec(255, 6, 0.95)
    assert (first.lr, first.p) == (pytest.approx(5.49699, abs=1e-5), pytest.approx(0.01905, abs=1e-5))
    assert (second.lr, second.p) == (pytest.approx(4.64110, abs=1e-5), pytest.approx(0.03122, abs=1e-5))
    clustered = tails.christoffersen([0] * 50 + [1] * 10 + [0] * 50)
    scattered = tails.christoffersen(([0] * 10 + [1]) * 10)
    assert clustered.p < 0.001 < scattered.p
    assert tails.christoffersen([0] * 30).lr == 0.0


def test_kelly() -> None:
    assert kelly.binary(0.6, 1.0) == pytest.approx(0.2)
    found = kelly.shrunk(0.01, 0.01, 400, 0.5, 10.0)
    t2 = 400 * 0.0001 / 0.01
    assert found.shrink == pytest.approx(1 - 1 / t2)
    assert found.f == pytest.approx(0.5 * (1 - 1 / t2) * 1.0)
    assert kelly.shrunk(0.01, 0.01, 50).f == 0.0  # |t| < 1: no bet
    assert kelly.shrunk(-0.5, 0.01, 400, 0.5, 1.0).f == -1.0
    assert kelly.empirical([1.0, -1.0, 1.0, -1.0, 1.0], 1.0) == pytest.approx(0.2, abs=1e-9)
    assert kelly.empirical([0.1, 0.2], 3.0) == 3.0
    assert kelly.empirical([-0.1, 0.05], 3.0) == 0.0


def test_weights() -> None:
    found = sizing.target_vol_weights([0.2, 0.4, 0.8], [1, 1, 1], 0.4, 1.5, 10.0, 0.0)
    assert found == [1.5, 1.0, 0.5]
    assert sum(sizing.target_vol_weights([0.2, 0.4, 0.8], [1, 1, 1], 0.4, 1.5, 1.5, 0.0)) == pytest.approx(
        1.5
    )
    assert sizing.target_vol_weights([0.0], [1], 0.4, 9.0, 9.0, 0.1) == [4.0]
    with pytest.raises(ValueError, match="above 0"):
        sizing.target_vol_weights([0.0], [1], 0.4, 1.0, 1.0, 0.0)


def test_lots_are_exact() -> None:
    d = Decimal
    assert lots.round_contracts(d("0.29"), d("0.01"), d("0.01")) == d("0.29")
    assert lots.round_contracts(d("-0.299"), d("0.01"), d("0.01")) == d("-0.29")
    assert lots.round_contracts(d("0.009"), d("0.01"), d("0.01")) == 0
    assert lots.round_contracts(d("0.015"), d("0.01"), d("0.01"), "nearest") == d("0.01")
    assert lots.round_contracts(d("0.016"), d("0.01"), d("0.01"), "nearest") == d("0.02")
    got = sizing.contracts_linear(d("0.5"), d(10_000), d(50_000), d("0.01"), d(1), d("0.1"), d("0.1"))
    assert got == 10
    assert sizing.contracts_inverse(d("-0.5"), d(10_000), d(100), d(1), d(1)) == -50
    assert sizing.round_price(d("100.07"), d("0.05"), "buy") == d("100.05")
    assert sizing.round_price(d("100.07"), d("0.05"), "sell") == d("100.10")


@given(st.floats(0.01, 2.0), st.floats(0.001, 0.2))
def test_half_the_volatility_is_twice_the_position_never_four_times(weight: float, sigma: float) -> None:
    """The trap of PF-02: verbatim with a weight that holds 1/sigma scales with 1/sigma^2."""
    args = (10_000.0, sigma, 24.0, 50.0, 1.0)
    full = sizing.contracts_from_risk(0.01, *args)
    half = sizing.contracts_from_risk(0.01, 10_000.0, sigma / 2, 24.0, 50.0, 1.0)
    assert half == pytest.approx(2 * full)

    def verbatim(s: float) -> float:
        return sizing.contracts_verbatim(min(9e9, weight * 0.2 / s), 10_000.0, s, 1.0, 24.0)

    assert verbatim(sigma / 2) == pytest.approx(4 * verbatim(sigma))


def test_impact_funding_basis() -> None:
    found = impact.sqrt_impact(1e6, 1e9, 0.03, 1.0)
    assert found.impact_frac == pytest.approx(9.4868e-4, rel=1e-4)
    assert found.cost == pytest.approx(948.68, abs=0.01)
    assert impact.funding_cashflow("long", 10, 0.01, 50_000, 0.0001) == pytest.approx(-0.5)
    assert impact.funding_cashflow("short", 10, 100, 50_000, 0.0001, "inverse") == pytest.approx(2e-6)
    assert impact.basis_annualised(101, 100, 36.5) == pytest.approx(0.1)


def test_bandits() -> None:
    assert bandit.ucb1([0.5, 0.4], [10, 5], sqrt(2)) == pytest.approx([1.235942, 1.440779], abs=1e-6)
    assert bandit.ucb1([0.5, 0.4], [10, 0])[1] == inf
    plays = [(0, 1.0), (1, 0.0), (0, 0.0), (0, 1.0)]
    found = bandit.sliding_ucb(plays, 2, 3, 1.0)
    assert found == pytest.approx([0.5 + sqrt(log(3) / 2), 0.0 + sqrt(log(3))])
    after = bandit.Nig(0, 1, 2, 0.001).updated([0.01, 0.03, -0.01])
    assert (after.m, after.k, after.a, after.b) == pytest.approx((0.0075, 4, 3.5, 0.0014375))
    assert bandit.corr_trigger([1, 1], [[1, 1], [1, 1]]) == [0.5, 0.5]
    assert bandit.corr_trigger([1, 1], [[1, 0.7], [0.7, 1]]) == [1.0, 1.0]
    assert bandit.corr_trigger([1, 1], [[1, -1], [-1, 1]]) == [1.0, 1.0]


def test_hotlist_terms() -> None:
    assert ranking.vol_jump([1, 2, 3, 4, 5, 6, 7, 8]) == 2.0
    assert ranking.vol_jump([1]) is None
    assert ranking.oi_delta(0, 5) is None
    assert ranking.oi_delta(4, 5) == 0.25
    rows: list[dict[str, float | None]] = [{"a": 1.0, "b": None}, {"a": 3.0, "b": 2.0}, {"a": 2.0, "b": 1.0}]
    scores = ranking.hotlist_scores(rows, {"a": 0.5, "b": 0.5})
    assert scores == pytest.approx([0.5 / 6 + 0.25, 0.5 * 5 / 6 + 0.5 * 0.75, 0.5 * 0.5 + 0.5 * 0.25])
    with pytest.raises(ValueError, match="sum to 1"):
        ranking.hotlist_scores(rows, {"a": 0.5})


GOOD = {
    "market_regime": "RANGE",
    "strategy_allocations": [
        {"strategy_id": "a", "weight": 0.6, "confidence": 0.9, "reasoning": "x"},
        {"strategy_id": "b", "weight": 0.42},
    ],
    "total_position": -0.5,
    "confidence": 0.7,
    "reasoning": "y",
}


def test_an_answer_is_taken_whole_or_not_at_all() -> None:
    found = llm_allocation(GOOD, ["a", "b"], 2.0)
    assert found.code == "ok"
    assert sum(found.targets.values()) == pytest.approx(-1.0)

    def wrong(**change: object) -> str:
        answer = llm_allocation({**GOOD, **change}, ["a", "b"], 2.0)
        assert answer.targets == {}
        return answer.code

    rows = GOOD["strategy_allocations"]
    assert isinstance(rows, list)
    assert wrong(strategy_allocations=[]) == "schema"
    assert wrong(total_position="1") == "schema"
    assert wrong(total_position=True) == "schema"
    assert wrong(total_position=float("nan")) == "schema"
    assert wrong(confidence=1.5) == "confidence"
    assert wrong(strategy_allocations=[{"strategy_id": "a", "weight": -1.0}]) == "weight_negative"
    assert wrong(strategy_allocations=[{"strategy_id": "z", "weight": 1.0}]) == "unknown_strategy"
    assert wrong(strategy_allocations=[rows[0], rows[0]]) == "duplicate_strategy"
    assert wrong(strategy_allocations=[rows[0]]) == "weight_sum"
    assert wrong(total_position=1.01) == "total_position"
    assert llm_allocation("HOLD", ["a"], 1.0).code == "schema"


@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=40))
def test_sign_and_order(returns: list[float]) -> None:
    """Turning every return around turns the Sharpe ratio around; their order does not matter to it."""
    found = performance.sharpe(returns)
    if found.per_period is None:
        return
    other = performance.sharpe([-r for r in returns]).per_period
    shuffled = performance.sharpe(sorted(returns)).per_period
    assert other is not None
    assert shuffled is not None
    assert isclose(found.per_period, -other, abs_tol=1e-9)
    assert isclose(found.per_period, shuffled, rel_tol=1e-9, abs_tol=1e-9)
    assert tails.gaussian(returns, 0.95).var >= -max(returns) - 1e-9


def test_hit_rates_have_an_interval() -> None:
    found = performance.wilson(7, 10)
    assert found is not None
    low, high = stats.binomtest(7, 10).proportion_ci(method="wilson")
    assert found == pytest.approx((low, high), rel=1e-9)
    assert performance.wilson(0, 0) is None
    assert performance.profit_factor([1, -2, 3]) == 2.0
    assert performance.profit_factor([1]) is None
    error = performance.sharpe_error(0.1, 101, 0.0, 3.0)
    assert error == pytest.approx(sqrt((1 + 0.5 * 0.01) / 100))
