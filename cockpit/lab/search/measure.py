"""A run as rows of whole periods, and what any stretch of them is worth.

Definitions: quant reference, section 6, as in ``portfolio.performance`` (the tests compare them), on arrays,
because a study asks thousands of times. Ratios are annual; what is undefined is None.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.curve import YEAR


class Path(msgspec.Struct, frozen=True):
    """One run. Row k is what happened in (t_k, t_k+1]; money in the account's currency."""

    period: int
    """ms."""
    start: int
    """First whole instant of the grid; the first row may be a part of a period."""
    equity: Any
    """n + 1 points, the first before anything happened."""
    traded: Any
    """n: worth of what was bought and sold."""
    strain: Any
    """n: sum of worth ** 1.5 of the fills; times lambda it is their impact cost."""
    trades: Any
    """n: positions that came back to zero."""
    fills: int = 0

    @property
    def rows(self) -> int:
        return len(self.traded)


class Measured(msgspec.Struct, frozen=True):
    """What a stretch of a run was worth, net of fees, funding and impact."""

    total: float
    cagr: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    mdd: float
    turnover: float | None
    """Traded worth a year over mean equity."""
    trades: int
    periods: int
    impact: float
    """What impact cost, account currency."""
    error: float | None = None
    """Standard error of the Sharpe ratio, annual."""


def net_equity(path: Path, lam: float, first: int, last: int) -> Any:
    """Equity of rows [first, last), its impact cost taken off as it arises."""
    equity = path.equity[first : last + 1]
    if lam > 0:
        paid = np.concatenate(([0.0], np.cumsum(path.strain[first:last])))
        equity = equity - lam * paid
    return equity


def returns(equity: Any) -> Any:
    """Simple returns; what comes after ruin is -1."""
    before = equity[:-1]
    if len(before) and np.minimum.reduce(before) > 0:
        return equity[1:] / before - 1.0
    return np.where(before > 0, equity[1:] / np.where(before > 0, before, 1.0) - 1.0, -1.0)


def measure(
    path: Path, lam: float = 0.0, first: int = 0, last: int | None = None, change: Any = None
) -> Measured:  # fmt: skip
    """Rows [first, last) of a run. ``lam``: lambda of the square-root impact (``portfolio.impact``).

    ``change``: their returns, where they have been worked out already.
    """
    last = path.rows if last is None else last
    equity = net_equity(path, lam, first, last)
    count, ppy = last - first, YEAR / path.period
    change = returns(equity) if change is None else change
    high = np.maximum.accumulate(equity)
    mdd = float(np.maximum.reduce(1.0 - equity / high)) if equity[0] > 0 else 1.0
    growth = float((equity[-1] / equity[0]) ** (ppy / count) - 1.0) if count and equity[-1] > 0 else None
    if count and equity[-1] == 0:
        growth = -1.0
    mean = _mean(change) if count else 0.0
    away = change - mean
    square = away * away
    moves = count > 1 and np.maximum.reduce(change) > np.minimum.reduce(change)
    spread = sqrt(_sum(square) / (count - 1)) if moves else 0.0
    years = count / ppy
    worth = _mean(equity)
    down = np.minimum(change, 0.0)
    strain = _sum(path.strain[first:last]) if lam else 0.0
    return Measured(
        total=float(equity[-1] / equity[0] - 1.0),
        cagr=growth,
        sharpe=_over(mean, spread, ppy),
        sortino=_over(mean, sqrt(_mean(down * down)) if count else 0.0, ppy),
        calmar=growth / mdd if growth is not None and mdd > 0 else None,
        mdd=mdd,
        turnover=_sum(path.traded[first:last]) / worth / years if years and worth > 0 else None,
        trades=int(np.add.reduce(path.trades[first:last])),
        periods=count,
        impact=lam * strain,
        error=_error(away, square, mean, spread) * sqrt(ppy) if spread > 0 else None,
    )


def _sum(values: Any) -> float:
    """As ``values.sum()``, without what numpy's method costs around it."""
    return float(np.add.reduce(values))


def _mean(values: Any) -> float:
    return _sum(values) / len(values)


def _over(mean: float, spread: float, ppy: float) -> float | None:
    return mean / spread * sqrt(ppy) if spread > 0 else None


def _error(away: Any, square: Any, mean: float, spread: float) -> float:
    """As ``performance.sharpe_error`` with the sample's own moments; ``away``: from the mean return."""
    m2 = _mean(square)
    skew, kurt = _mean(square * away) / m2**1.5, _mean(square * square) / m2**2
    ratio = mean / spread
    return sqrt(max(0.0, 1.0 - skew * ratio + (kurt - 1.0) / 4.0 * ratio * ratio) / (len(away) - 1))
