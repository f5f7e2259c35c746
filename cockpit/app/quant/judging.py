"""Performance, tails, over-fitting statistics, allocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.app.quant import fn
from cockpit.lab.proof import deflated, multiplicity
from cockpit.portfolio import allotment, bandit, kelly, performance, ranking, tails
from cockpit.portfolio.drawdown import max_drawdown, rolling_drawdown

fn("sharpe")(performance.sharpe)
fn("sortino")(performance.sortino)
fn("cagr")(performance.cagr)
fn("calmar")(performance.calmar)
fn("max_drawdown")(max_drawdown)
fn("rolling_drawdown")(rolling_drawdown)
fn("lo_eta")(performance.lo_eta)
fn("moments")(performance.moments)
fn("psr")(deflated.psr)
fn("psr_null_var")(deflated.psr_null_var)
fn("min_trl")(deflated.min_trl)
fn("expected_max_z")(deflated.expected_max_z)
fn("dsr")(deflated.dsr)
fn("min_btl_years")(deflated.min_btl_years)
fn("p_adjust")(multiplicity.p_adjust)
fn("sign_flip_pvalue")(multiplicity.sign_flip_pvalue)
fn("sign_test")(multiplicity.sign_test)
fn("var_es_hist")(tails.historical)
fn("var_es_normal")(tails.gaussian)
fn("var_es_t")(tails.student)
fn("var_cornish_fisher")(tails.cornish_fisher)
fn("kupiec_pof")(tails.kupiec)
fn("christoffersen_ind")(tails.christoffersen)
fn("kelly_binary")(kelly.binary)
fn("kelly_shrunk")(kelly.shrunk)
fn("kelly_empirical")(kelly.empirical)
fn("ucb1")(bandit.ucb1)
fn("corr_trigger")(bandit.corr_trigger)
fn("vol_jump")(ranking.vol_jump)
fn("oi_delta")(lambda oi_prev, oi_now: ranking.oi_delta(oi_prev, oi_now))
fn("hotlist_scores")(ranking.hotlist_scores)
fn("llm_allocation")(
    lambda doc, enabled, global_leverage: allotment.llm_allocation(doc, enabled, global_leverage)
)


@fn("dsr_matrix")
def dsr_matrix(matrix: Sequence[Sequence[float]]) -> Any:
    """The best column and its deflated Sharpe ratio."""
    from cockpit.lab.proof import trials

    return trials.best(matrix)


@fn("effective_trials")
def effective_trials(corr: Sequence[Sequence[float]]) -> Any:
    """How many independent trials these were."""
    from cockpit.lab.proof import trials

    return trials.effective_trials(corr)


@fn("pbo")
def pbo(matrix: Sequence[Sequence[float]], s: int = 16) -> Any:
    """Probability of backtest overfitting."""
    from cockpit.lab.proof import trials

    return trials.pbo(matrix, s)


@fn("ks_2samp")
def ks_2samp(x: Sequence[float], y: Sequence[float]) -> dict[str, float]:
    """Exact two-sample test."""
    d, p = multiplicity.ks_2samp(x, y)
    return {"d": d, "p": p}


@fn("sw_ucb")
def sw_ucb(rewards_by_time: Sequence[tuple[int, float]], n_arms: int, window: int, c: float) -> list[float]:
    """UCB over the last plays."""
    plays = [(int(arm), float(reward)) for arm, reward in rewards_by_time]
    return bandit.sliding_ucb(plays, n_arms, window, c)


@fn("nig_posterior")
def nig_posterior(x: Sequence[float], m0: float, k0: float, a0: float, b0: float) -> Any:
    """What is believed after seeing ``x``."""
    return bandit.Nig(m0, k0, a0, b0).updated(x)


@fn("nig_prob_greater")
def nig_prob_greater(p1: dict[str, float], p2: dict[str, float]) -> float:
    """P(mean 1 > mean 2)."""
    return bandit.Nig(**p1).greater(bandit.Nig(**p2))
