"""The worked examples of the quant reference (22), asked as a stranger would: through ``quant-eval``."""

from __future__ import annotations

import json
from math import exp, inf, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.app.quant import catalogue, evaluate
from cockpit.lab.proof import deflated, trials
from tests.lab.test_proof import r_normals

MONTHS = {"sr": 0.036 / 0.079, "n": 24, "skew": -2.448, "kurt": 10.164}
HIGH = """51.12 52.35 52.1 51.8 52.1 52.5 52.8 52.5 53.5 53.5 53.8 54.2 53.4 53.5 54.4 55.2 55.7 57 57.5 58
57.7 58 57.5 57 56.7 57.5 56.7 56 56.2 54.8 55.5 54.7 54 52.5 51 51.5 51.7 53"""
LOW = """50 51.5 51 50.5 51.25 51.7 51.85 51.5 52.3 52.5 53 53.5 52.5 52.1 53 54 55 56 56.5 57 56.5 57.3 56.7
56.3 56.2 56 55.5 55 54.9 54 54.5 53.8 53 51.5 50 50.5 50.2 51.5"""
CLOSES = """44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328
45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515
45.7835 45.3548 44.0288 44.1783 44.2181 44.5672 43.4205 42.6628 43.1314"""
RSI = """70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46
37.30 33.08 37.77"""


def ask(name: str, **args: Any) -> Any:
    answer = evaluate(json.dumps({"id": 1, "fn": name, "args": args}).encode())
    assert answer["ok"], answer
    return answer["value"]


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def test_1_the_deflated_sharpe_paper() -> None:
    year = {"sr": 2.5 / sqrt(250), "n": 1250, "var_trials": 0.5 / 250}
    fat, normal = {"skew": -3, "kurt": 10}, {"skew": 0, "kurt": 3}
    assert ask("dsr", **year, **fat, n_trials=100) == pytest.approx(0.9004, abs=5e-5)
    assert ask("dsr", **year, **fat, n_trials=46) == pytest.approx(0.9505, abs=5e-5)
    assert ask("dsr", **year, **normal, n_trials=88) == pytest.approx(0.9505, abs=5e-5)
    assert sqrt(0.5 / 250) * ask("expected_max_z", n_trials=100) == pytest.approx(0.1132, abs=5e-5)


def test_2_the_probabilistic_sharpe_paper() -> None:
    assert ask("psr", **MONTHS, sr0=0) == pytest.approx(0.913, abs=5e-4)
    assert 0.981 <= ask("psr", **{**MONTHS, "skew": 0, "kurt": 3}, sr0=0) <= 0.9825
    for ppy, skew, kurt, years in (
        (252, 0, 3, 2.73),
        (52, 0, 3, 2.83),
        (12, 0, 3, 3.24),
        (12, -0.72, 5.78, 4.99),
    ):
        found = ask("min_trl", sr=2 / sqrt(ppy), sr0=1 / sqrt(ppy), skew=skew, kurt=kurt, alpha=0.05)
        assert found / ppy == pytest.approx(years, abs=0.006)


def test_3_the_null_variance_form() -> None:
    for rho, sr0, value in ((0.0, 0.0, 0.987), (0.0, 0.1, 0.939), (0.2, 0.0, 0.966), (0.2, 0.1, 0.900)):
        assert ask("psr_null_var", **MONTHS, sr0=sr0, rho=rho) == pytest.approx(value, abs=5e-4)
    sr, n, skew, kurt = MONTHS.values()
    assert sqrt(deflated.null_variance(sr, skew, kurt) / n) == pytest.approx(0.329, abs=5e-4)
    assert sqrt(deflated.null_variance(sr, 0, 3) / n) == pytest.approx(0.214, abs=5e-4)
    assert deflated.min_trl_null(sr, 0.0, skew, kurt, 0.05) == pytest.approx(13.029, abs=5e-4)
    assert deflated.min_trl_null(0.1, 0.1, 0, 3) == inf


def test_4_years_that_many_tries_cost() -> None:
    assert ask("min_btl_years", n_trials=45, sr_max_annual=1) == pytest.approx(4.998, abs=5e-4)
    for n, z in ((5, 1.192594), (10, 1.574598), (100, 2.530603), (1000, 3.255122)):
        assert ask("expected_max_z", n_trials=n) == pytest.approx(z, abs=5e-7)


def test_5_overfitting_as_the_r_package_has_it() -> None:
    small = r_normals(852, 80).reshape(20, 4)  # the package's test fills its matrix by row
    found = trials.pbo(small, 2)
    assert (found.pbo, found.prob_loss) == (0.0, 0.5)
    assert ask("pbo", matrix=small.tolist(), s=2)["pbo"] == 0.0


def test_6_rsi_of_the_published_sheet() -> None:
    found = ask("rsi", close=numbers(CLOSES), n=14)
    assert found[:14] == [None] * 14
    assert found[14:] == pytest.approx(numbers(RSI), abs=6e-3)


def test_7_parabolic_sar_on_wilders_own_data() -> None:
    found = ask("psar", high=numbers(HIGH), low=numbers(LOW), af=0.02, af_max=0.2)
    assert [found[i] for i in (1, 2, 5, 36, 37)] == pytest.approx(
        [50.0, 50.047, 50.182, 52.93, 50.0], abs=5e-3
    )


def test_9_constants() -> None:
    assert ask("parkinson_var", high=[exp(1)], low=[1.0], n=1) == [pytest.approx(0.36067376022, abs=1e-11)]
    returns = [-2.0, -1.0, 0.0, 1.0, 2.0]
    sd = float(np.std(returns, ddof=1))
    for alpha, var, es in (
        (0.95, 1.644854, 2.062713),
        (0.975, 1.959964, 2.337803),
        (0.99, 2.326348, 2.665214),
    ):
        found = ask("var_es_normal", returns=returns, alpha=alpha)
        assert (found["var"] / sd, found["es"] / sd) == pytest.approx((var, es), abs=1e-6)


def test_10_to_13_counts_and_samples() -> None:
    for n, x, alpha, lr, p in ((250, 7, 0.99, 5.49699, 0.01905), (255, 6, 0.95, 4.64110, 0.03122)):
        found = ask("kupiec_pof", n=n, x=x, alpha=alpha)
        assert (found["lr"], found["p"]) == pytest.approx((lr, p), abs=1e-5)
    found = ask("ks_2samp", x=[1, 2, 3, 4], y=[3, 4, 5, 6])
    assert (found["d"], found["p"]) == pytest.approx((0.5, 0.771429), abs=1e-6)
    corr = [[1, 0.1, 0.7], [0.1, 1, 0.8], [0.7, 0.8, 1]]
    assert ask("effective_trials", corr=corr)["entropy_rank"] == pytest.approx(1.84, abs=5e-3)
    for groups, tested, splits, paths in ((6, 2, 15, 5), (10, 2, 45, 9), (10, 8, 45, 36)):
        assert ask("cpcv_counts", n_groups=groups, k_test=tested) == {"splits": splits, "paths": paths}


def test_14_to_17_queue_impact_liquidation_and_bets() -> None:
    depth = [{"type": "depth", "prev": 100, "new": 80}]
    assert ask("queue_power", front=50, lot=1, power=3, events=depth)[0]["front"] == pytest.approx(40)
    assert ask("queue_risk_averse", front=50, lot=1, events=depth)[0]["front"] == 50
    found = ask("sqrt_impact", notional=1e6, adv=1e9, sigma_daily=0.03, y=1)
    assert (found["impact_frac"] * 1e4, found["cost"]) == pytest.approx((9.4868, 948.68), rel=1e-5)
    terms = {"qty": 1, "entry": 50_000, "margin": 5_000, "mmr": 0.005, "fee": 0.0005}
    assert ask("liq_price_linear", side="long", **terms) == pytest.approx(45_248.87, abs=5e-3)
    assert ask("liq_price_linear", side="short", **terms) == pytest.approx(54_699.15, abs=5e-3)
    coin = {"notional_usd": 10_000, "entry": 50_000, "margin_coin": 0.02, "mmr": 0.005, "fee": 0.0005}
    assert ask("liq_price_inverse", side="long", **coin) == pytest.approx(45_704.55, abs=5e-3)
    assert ask("half_life", x=[0.9**k for k in range(12)])["half_life"] == pytest.approx(6.578813, abs=1e-5)
    assert ask("kelly_binary", p=0.6, b=1) == pytest.approx(0.2)
    assert ask("ucb1", means=[0.5, 0.4], counts=[10, 5], c=sqrt(2)) == pytest.approx(
        [1.235942, 1.440779], abs=1e-6
    )
    after = ask("nig_posterior", x=[0.01, 0.03, -0.01], m0=0, k0=1, a0=2, b0=0.001)
    assert [after[k] for k in "mkab"] == pytest.approx([0.0075, 4, 3.5, 0.0014375])


PRICES = st.lists(st.floats(-0.04, 0.04), min_size=40, max_size=60)


def market(steps: list[float]) -> dict[str, list[float]]:
    close = [float(v) for v in 100 * np.exp(np.cumsum(steps))]
    before = [100.0, *close[:-1]]
    high = [max(a, b) * 1.002 for a, b in zip(close, before, strict=True)]
    low = [min(a, b) * 0.998 for a, b in zip(close, before, strict=True)]
    return {"high": high, "low": low, "close": close}


@given(PRICES, st.floats(0.01, 500.0))
def test_18_another_unit_of_price_changes_nothing_that_has_none(steps: list[float], unit: float) -> None:
    rows = market(steps)
    scaled = {name: [v * unit for v in column] for name, column in rows.items()}

    def same(name: str, *columns: str, **more: Any) -> None:
        one, two = (ask(name, **{c: side[c] for c in columns}, **more) for side in (rows, scaled))
        assert _flat(two) == pytest.approx(_flat(one), rel=1e-6, abs=1e-7)

    same("rsi", "close", n=14)
    same("adx", "high", "low", "close", n=7)
    same("efficiency_ratio", "close", n=10)
    for name, args in (("atr", ("high", "low", "close")),):
        one = ask(name, **{c: rows[c] for c in args}, n=14)
        two = ask(name, **{c: scaled[c] for c in args}, n=14)
        assert _flat(two) == pytest.approx([v * unit for v in _flat(one)], rel=1e-6)
    # It turns where a low meets it: only a unit that rounds nothing keeps a tie a tie.
    whole = 2.0 ** round(np.log2(unit))
    sides = (rows, {name: [v * whole for v in column] for name, column in rows.items()})
    one, two = (ask("psar", high=s["high"], low=s["low"], af=0.02, af_max=0.2) for s in sides)
    assert _flat(two) == [v * whole for v in _flat(one)]


def _flat(value: Any) -> list[float]:
    columns = value.values() if isinstance(value, dict) else [value]
    return [v for column in columns for v in column if v is not None]


@given(st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=30).filter(lambda r: max(r) - min(r) > 1e-3))
def test_18_signs_and_order(returns: list[float]) -> None:
    ahead = ask("sharpe", returns=returns, rf=0, ppy=365)["per_period"]
    behind = ask("sharpe", returns=[-r for r in returns], rf=0, ppy=365)["per_period"]
    assert behind == pytest.approx(-ahead, abs=1e-9)
    shuffled = sorted(returns)
    assert ask("sharpe", returns=shuffled, rf=0, ppy=365)["per_period"] == pytest.approx(ahead, abs=1e-9)
    falls = [ask("max_drawdown", equity=_equity(row))["mdd"] for row in (returns, shuffled)]
    assert 0 <= falls[0] <= falls[1] + 1e-12  # all losses first, in a row, is the deepest fall there is


def _equity(returns: list[float]) -> list[float]:
    return [1.0, *(float(v) for v in np.cumprod(1 + np.array(returns)))]


CATALOGUE = """sma ema rma rsi macd bollinger true_range atr adx psar chandelier trailing_stop donchian_prior
efficiency_ratio percentile_rank_prior zscore_prior zscore_rolling ewma_var ewma_var_recursive
parkinson_var garman_klass_var rogers_satchell_var yang_zhang_var annualise_vol sharpe sortino cagr
calmar max_drawdown rolling_drawdown lo_eta moments psr psr_null_var min_trl expected_max_z dsr
dsr_matrix min_btl_years effective_trials pbo p_adjust sign_flip_pvalue sign_test var_es_hist
var_es_normal var_es_t var_cornish_fisher kupiec_pof christoffersen_ind half_life adf_tstat
engle_granger johansen_trace variance_ratio hurst_rs hurst_rs_al hurst_dfa hurst_ghe hurst_aggvar
target_vol_weights round_contracts contracts_linear contracts_inverse contracts_from_risk
round_price kelly_binary kelly_shrunk kelly_empirical liq_price_linear liq_price_inverse tiered_mmr
ucb1 sw_ucb nig_posterior nig_prob_greater sqrt_impact funding_cashflow basis_annualised
ledger_linear ledger_inverse lhs_is_valid expected_improvement pareto_front hypervolume_2d
crowding_distance wf_windows purged_train_index cpcv_counts queue_risk_averse queue_power bar_exit
ks_2samp vol_jump oi_delta hotlist_scores corr_trigger llm_allocation gae"""


def test_every_function_of_the_reference_is_there() -> None:
    """Section 3 of the reference, by name; more may be there."""
    wanted = set(CATALOGUE.split())
    assert wanted - set(catalogue()) == set()
    assert len(wanted) == 99
