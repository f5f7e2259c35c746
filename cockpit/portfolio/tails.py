"""How bad the bad days are: VaR and expected shortfall, losses positive, and whether the forecast held.

Quant reference, section 17. ``alpha`` is the confidence (0.99 = one day in a hundred is worse).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import erfc, fsum, log, sqrt

import msgspec

from cockpit.portfolio import normal
from cockpit.portfolio.performance import moments, spread


class Tail(msgspec.Struct, frozen=True):
    """Value at risk and expected shortfall, as losses (> 0 is lost)."""

    var: float
    es: float


def enough(n: int, alpha: float) -> bool:
    """Are there observations enough for a historical VaR? At least 10 beyond it."""
    return n * (1.0 - alpha) >= 10.0 - 1e-9


def historical(returns: Sequence[float], alpha: float) -> Tail:
    """The ceil(n alpha)-th smallest loss, and the mean beyond it (Rockafellar-Uryasev: right for atoms).

    Raises ValueError without returns or for an alpha outside (0, 1).
    """
    _checked(returns, alpha)
    losses = sorted(-r for r in returns)
    n = len(losses)
    share = n * Fraction(repr(alpha))  # 0.95 * 20 is 19, not 19.000...1
    rank = -(-share.numerator // share.denominator)
    var = losses[max(rank, 1) - 1]
    beyond = fsum(max(loss - var, 0.0) for loss in losses) / n
    return Tail(var, var + beyond / (1.0 - alpha))


def gaussian(returns: Sequence[float], alpha: float) -> Tail:
    """Were the returns normal with the sample's mean and deviation (ddof 1)."""
    _checked(returns, alpha)
    mean, sd, z = fsum(returns) / len(returns), spread(returns, 1), normal.quantile(alpha)
    return Tail(-mean + sd * z, -mean + sd * normal.pdf(z) / (1.0 - alpha))


def student(mu: float, scale: float, df: float, alpha: float) -> Tail:
    """Were they Student-t with this location and SCALE (not deviation). Raises ValueError for df <= 1."""
    if df <= 1:
        raise ValueError(f"{df} degrees of freedom have no expected shortfall")
    q = normal.student_quantile(alpha, df)
    es = normal.student_pdf(q, df) * (df + q * q) / ((df - 1.0) * (1.0 - alpha))
    return Tail(-mu + scale * q, -mu + scale * es)


def cornish_fisher(returns: Sequence[float], alpha: float) -> float:
    """VaR with the normal quantile bent by skewness and excess kurtosis (population moments)."""
    _checked(returns, alpha)
    mean, sd = fsum(returns) / len(returns), spread(returns, 1)
    shape = moments(returns)
    if shape.skew is None or shape.kurt is None:
        return -mean
    z, skew, excess = normal.quantile(1.0 - alpha), shape.skew, shape.kurt - 3.0
    bent = z + (z * z - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew * skew / 36
    return -(mean + sd * bent)


class Verdict(msgspec.Struct, frozen=True):
    """A likelihood ratio and its p-value (chi-squared, one degree of freedom)."""

    lr: float
    p: float


def kupiec(n: int, x: int, alpha: float) -> Verdict:
    """Is the NUMBER of exceedances (x of n) what alpha promised?"""
    promised = 1.0 - alpha
    rate = x / n
    expected = _times(n - x, 1.0 - promised) + _times(x, promised)
    return _verdict(2.0 * (_times(n - x, 1.0 - rate) + _times(x, rate) - expected))


def christoffersen(hits: Sequence[int]) -> Verdict:
    """Do exceedances (1) come independently of whether the day before was one?"""
    counts = {(a, b): 0 for a in (0, 1) for b in (0, 1)}
    for pair in pairwise(hits):
        counts[int(bool(pair[0])), int(bool(pair[1]))] += 1
    (calm, after_calm), (hit, after_hit) = ((counts[a, 0] + counts[a, 1], counts[a, 1]) for a in (0, 1))
    together = (after_calm + after_hit) / max(calm + hit, 1)
    apart = 0.0
    for days, ones in ((calm, after_calm), (hit, after_hit)):
        rate = ones / days if days else 0.0
        apart += _times(days - ones, 1.0 - rate) + _times(ones, rate)
    zeros, ones = calm + hit - after_calm - after_hit, after_calm + after_hit
    return _verdict(2.0 * (apart - _times(zeros, 1.0 - together) - _times(ones, together)))


def _verdict(lr: float) -> Verdict:
    lr = max(lr, 0.0)
    return Verdict(lr, erfc(sqrt(lr / 2.0)))


def _times(count: int, chance: float) -> float:
    """count * ln(chance), with 0 * ln 0 = 0."""
    return count * log(chance) if count else 0.0


def _checked(returns: Sequence[float], alpha: float) -> None:
    if not returns:
        raise ValueError("no returns")
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"a confidence of {alpha}")
