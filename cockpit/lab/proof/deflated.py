"""Probabilistic and deflated Sharpe ratio, minimum track record, expected maximum of many tries.

All Sharpe ratios are PER PERIOD: annual ones saturate everything at 1. Kurtosis is raw (normal = 3).
Sources: Bailey & Lopez de Prado 2012 and 2014; Lopez de Prado, Lipton & Zoonekynd 2025 (null variance);
Bailey, Borwein, Lopez de Prado & Zhu 2014 (minimum backtest length).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import e, inf, sqrt

from cockpit.portfolio import normal, performance

GAMMA = 0.5772156649015329


def _bracket(sr: float, skew: float, kurt: float) -> float:
    return 1.0 - skew * sr + (kurt - 1.0) / 4.0 * sr * sr


def psr(sr: float, sr0: float, n: int, skew: float, kurt: float) -> float | None:
    """P(true Sharpe > sr0) from ``n`` observations; None for moments no sample can have."""
    bracket = _bracket(sr, skew, kurt)
    if bracket <= 0 or n < 2:
        return None
    return normal.cdf((sr - sr0) * sqrt(n - 1) / sqrt(bracket))


def psr_null_var(sr: float, sr0: float, n: int, skew: float, kurt: float, rho: float = 0.0) -> float | None:
    """The 2025 form: variance at the null ``sr0``, first-order autocorrelation ``rho`` counted."""
    if not -1 < rho < 1 or n < 1:
        return None
    var = null_variance(sr0, skew, kurt, rho) / n
    return normal.cdf((sr - sr0) / sqrt(var)) if var > 0 else None


def null_variance(sr0: float, skew: float, kurt: float, rho: float = 0.0) -> float:
    """Variance of a per-period Sharpe ratio times the number of periods, where the truth is ``sr0``."""
    a = 1 + 2 * rho / (1 - rho)
    b = 1 + rho / (1 - rho) + rho**2 / (1 - rho**2)
    c = 1 + 2 * rho**2 / (1 - rho**2)
    return a - b * skew * sr0 + c * (kurt - 1) / 4 * sr0 * sr0


def chance_of_edge(returns: Iterable[float]) -> tuple[float | None, float | None]:
    """(PSR against 0, per-period Sharpe ratio) of one stretch of returns alone; None where undefined."""
    row = [float(value) for value in returns]
    ratio, shape = performance.sharpe(row).per_period, performance.moments(row)
    if ratio is None or shape.skew is None or shape.kurt is None:
        return None, ratio
    return psr(ratio, 0.0, len(row), shape.skew, shape.kurt), ratio


def min_trl(sr: float, sr0: float, skew: float, kurt: float, alpha: float = 0.05) -> float:
    """Observations needed to believe sr > sr0 at 1 - alpha; inf when it is not even above."""
    if sr <= sr0:
        return inf
    return 1.0 + _bracket(sr, skew, kurt) * (normal.quantile(1 - alpha) / (sr - sr0)) ** 2


def min_trl_null(
    sr: float, sr0: float, skew: float, kurt: float, alpha: float = 0.05, rho: float = 0.0
) -> float:
    """The same by the 2025 form: until :func:`psr_null_var` reaches 1 - alpha; inf when it never does."""
    if sr <= sr0:
        return inf
    return null_variance(sr0, skew, kurt, rho) * (normal.quantile(1 - alpha) / (sr - sr0)) ** 2


def expected_max_z(n_trials: float) -> float:
    """Expected maximum of so many standard normals, asymptotically; 0 for one try or fewer."""
    if n_trials <= 1:
        return 0.0
    first, second = 1.0 - 1.0 / n_trials, 1.0 - 1.0 / (n_trials * e)
    return (1.0 - GAMMA) * normal.quantile(first) + GAMMA * normal.quantile(second)


def sr_zero(n_trials: float, var_trials: float) -> float:
    """The Sharpe ratio that the best of so many tries without an edge is expected to show."""
    return sqrt(max(var_trials, 0.0)) * expected_max_z(n_trials)


def dsr(sr: float, n: int, skew: float, kurt: float, n_trials: float, var_trials: float) -> float | None:
    """PSR against :func:`sr_zero`: what is left of a result once all tries are counted."""
    return psr(sr, sr_zero(n_trials, var_trials), n, skew, kurt)


def min_btl_years(n_trials: float, sr_max_annual: float) -> float:
    """Years of data below which the best of ``n_trials`` without an edge shows ``sr_max_annual``."""
    if sr_max_annual <= 0:
        raise ValueError(f"an annual Sharpe ratio of {sr_max_annual}")
    return (expected_max_z(n_trials) / sr_max_annual) ** 2


def years_needed(n_trials: float, sr_annual: float) -> float:
    """Planning rule: years until a true ``sr_annual`` reaches DSR 0.95 after ``n_trials`` tries."""
    if sr_annual <= 0:
        return inf
    return ((expected_max_z(n_trials) + normal.quantile(0.95)) / sr_annual) ** 2
