"""How good a stream of returns was. Definitions of the quant reference, section 6.

Returns are simple, net of every cost, one per period; ``ppy`` is periods per year (365 daily, 8760 hourly:
crypto never sleeps). What is undefined is None, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt

import msgspec

from cockpit.portfolio.drawdown import max_drawdown


class Sharpe(msgspec.Struct, frozen=True):
    """Mean over spread of the excess return; both None when the spread is 0 or there are fewer than two."""

    per_period: float | None
    annual: float | None


def spread(values: Sequence[float], ddof: int) -> float:
    """Standard deviation, in two passes; exactly 0 for equal values."""
    n = len(values)
    if n <= ddof or max(values) == min(values):
        return 0.0
    mean = fsum(values) / n
    return sqrt(fsum((v - mean) ** 2 for v in values) / (n - ddof))


def sharpe(returns: Sequence[float], rf: float = 0.0, ppy: float = 365.0) -> Sharpe:
    """Sharpe ratio against ``rf`` per period, sample deviation (ddof 1), annual = per period * sqrt(ppy)."""
    if len(returns) < 2:
        return Sharpe(None, None)
    sd = spread(returns, 1)
    if sd == 0.0:
        return Sharpe(None, None)
    ratio = (fsum(returns) / len(returns) - rf) / sd
    return Sharpe(ratio, ratio * sqrt(ppy))


def sharpe_error(ratio: float, n: int, skew: float, kurt: float) -> float | None:
    """Standard error of a per-period Sharpe ratio from ``n`` iid returns; None where it has none."""
    bracket = 1.0 - skew * ratio + (kurt - 1.0) / 4.0 * ratio * ratio
    return sqrt(bracket / (n - 1)) if n > 1 and bracket > 0 else None


def sortino(returns: Sequence[float], mar: float = 0.0, ppy: float = 365.0) -> float | None:
    """Annual Sortino ratio.

    Shortfalls below ``mar`` over ALL observations. None when there is no shortfall.
    """
    if not returns:
        return None
    shortfall = fsum(min(r - mar, 0.0) ** 2 for r in returns) / len(returns)
    if shortfall == 0.0:
        return None
    return (fsum(returns) / len(returns) - mar) / sqrt(shortfall) * sqrt(ppy)


def cagr(equity: Sequence[float], ppy: float = 365.0) -> float | None:
    """Yearly growth of an equity curve. None for fewer than two points or money that is gone below zero."""
    if len(equity) < 2 or equity[0] <= 0 or equity[-1] < 0:
        return None
    return float((equity[-1] / equity[0]) ** (ppy / (len(equity) - 1)) - 1.0)


def calmar(equity: Sequence[float], ppy: float = 365.0) -> float | None:
    """Yearly growth over the worst drawdown; None without a drawdown."""
    growth = cagr(equity, ppy)
    worst = max_drawdown(equity).mdd if equity else 0.0
    return None if growth is None or worst == 0.0 else growth / worst


def lo_eta(returns: Sequence[float], q: int) -> float | None:
    """What to multiply a per-period Sharpe ratio by for ``q`` periods, autocorrelation counted (Lo 2002).

    q/sqrt(q + 2 sum (q-k) rho_k) with biased autocorrelations; sqrt(q) for iid returns. None when constant.
    """
    n = len(returns)
    if n < 2 or max(returns) == min(returns):
        return None
    mean = fsum(returns) / n
    away = [r - mean for r in returns]
    power = fsum(a * a for a in away)
    total = float(q)
    for lag in range(1, min(q, n)):
        rho = fsum(a * b for a, b in zip(away, away[lag:], strict=False)) / power
        total += 2.0 * (q - lag) * rho
    return q / sqrt(total) if total > 0 else None


class Moments(msgspec.Struct, frozen=True):
    """Population skewness and RAW kurtosis (normal = 3); None when all values are equal."""

    skew: float | None
    kurt: float | None


def moments(returns: Sequence[float]) -> Moments:
    """m3/m2^1.5 and m4/m2^2, no bias correction: what PSR and DSR are made for."""
    n = len(returns)
    if n == 0 or max(returns) == min(returns):
        return Moments(None, None)
    mean = fsum(returns) / n
    away = [r - mean for r in returns]
    m2, m3, m4 = (fsum(a**k for a in away) / n for k in (2, 3, 4))
    return Moments(m3 / m2**1.5, m4 / m2**2)


def wilson(wins: int, n: int, z: float = 1.959963984540054) -> tuple[float, float] | None:
    """Interval of a hit rate (95 % by default); None without a trade."""
    if n == 0:
        return None
    share, square = wins / n, z * z
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def profit_factor(pnl: Sequence[float]) -> float | None:
    """Everything won over everything lost, net of cost; None when nothing was lost."""
    lost = -fsum(p for p in pnl if p < 0)
    return fsum(p for p in pnl if p > 0) / lost if lost else None
