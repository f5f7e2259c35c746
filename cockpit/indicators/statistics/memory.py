"""Hurst's exponent, five ways: above 0.5 moves tend to continue, below it to turn back, if one can tell.

Read it only beside :func:`dfa_band`: on 500 bars of pure noise raw R/S says 0.58 on average. Default of the
house: DFA-1 on log returns, n >= 512. ``sizes`` are the block lengths; blocks do not overlap and begin at the
oldest value. NaN where a size has nothing to measure. Source: quant reference section 9; Weron 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from math import exp, isnan, lgamma, log, nan, pi, sqrt

from cockpit.indicators.statistics.least_squares import dot, orthonormal, rest, slope

Series = Sequence[float]

BANDS = ((128, 0.31, 0.74), (256, 0.36, 0.66), (512, 0.40, 0.61), (1024, 0.42, 0.58), (2048, 0.44, 0.56))
"""Number of returns; 95 % of what DFA-1 says about noise, sizes 8..n/4 (2,000 simulated paths each)."""


def dfa_band(n: int) -> tuple[float, float]:
    """Between which values DFA-1 on ``n`` returns means nothing: linear in ln n between the simulated ones.

    Outside 128..2048 the nearest one holds; below 128 nothing can be said, so the band is everything.
    """
    if n < BANDS[0][0]:
        return -float("inf"), float("inf")
    for (n0, low0, high0), (n1, low1, high1) in pairwise(BANDS):
        if n <= n1:
            share = log(n / n0) / log(n1 / n0)
            return low0 + share * (low1 - low0), high0 + share * (high1 - high0)
    return BANDS[-1][1], BANDS[-1][2]


def hurst_rs(x: Series, sizes: Sequence[int]) -> float:
    """Rescaled range of Hurst: slope of ln(R/S) on ln n. Reads high; see ``hurst_rs_al``."""
    return _scaling(sizes, len(x), lambda n: _rescaled(x, n))


def hurst_rs_al(x: Series, sizes: Sequence[int]) -> float:
    """R/S less what it says about noise (Anis and Lloyd): 0.5 + slope of ln(R/S) - ln E[R/S]."""
    return 0.5 + _scaling(sizes, len(x), lambda n: _rescaled(x, n) / expected_rs(n))


def expected_rs(n: int) -> float:
    """Mean R/S of n independent normal values, with the factor (n - 1/2)/n."""
    front = exp(lgamma((n - 1) / 2) - lgamma(n / 2)) / sqrt(pi)
    return (n - 0.5) / n * front * sum(sqrt((n - i) / i) for i in range(1, n))


def hurst_dfa(x: Series, sizes: Sequence[int], order: int = 1) -> float:
    """Detrended fluctuation analysis: how the residual of a local trend of the path grows with its length.

    Profile = running sum of x less its mean; F(n) = root mean square after a polynomial of ``order`` in each
    block; slope of ln F on ln n. Raises ValueError for an order below 0 or a size without room for it.
    """
    if order < 0 or any(n < order + 2 for n in sizes):
        raise ValueError(f"order {order} in blocks of {sizes}")
    mean = sum(x) / len(x) if x else 0.0
    path = list(accumulate(v - mean for v in x))

    def fluctuation(n: int) -> float:
        places = [i - (n - 1) / 2 for i in range(n)]
        basis = orthonormal([[p**k for p in places] for k in range(order + 1)])
        blocks = [rest(block, basis) for block in _blocks(path, n)]
        total = sum([dot(left, left) for left in blocks], 0.0)
        return sqrt(total / (n * len(blocks)))

    return _scaling(sizes, len(x), fluctuation)


def hurst_ghe(logprice: Series, q: float = 1.0, max_lag: int = 19) -> float:
    """Generalised exponent: slope of ln mean |X(t+lag) - X(t)|^q on ln lag, lags 1..max_lag, over q.

    Raises ValueError unless q > 0 and 2 <= max_lag < number of prices.
    """
    if not q > 0 or not 2 <= max_lag < len(logprice):
        raise ValueError(f"power {q}, lags to {max_lag} of {len(logprice)} prices")

    def moment(lag: int) -> float:
        moves: list[float] = [abs(b - a) ** q for a, b in zip(logprice, logprice[lag:], strict=False)]
        return sum(moves) / len(moves)

    return _slope_of_logs(list(range(1, max_lag + 1)), moment) / q


def hurst_aggvar(x: Series, sizes: Sequence[int]) -> float:
    """Aggregated variance: 1 + half the slope of ln(variance of block means) on ln n."""

    def variance(n: int) -> float:
        means = [sum(block) / n for block in _blocks(x, n)]
        middle = sum(means) / len(means)
        return sum((m - middle) ** 2 for m in means) / len(means)

    return 1.0 + _scaling(sizes, len(x), variance) / 2.0


def _blocks(x: Series, n: int) -> list[Series]:
    return [x[i : i + n] for i in range(0, len(x) - n + 1, n)]


def _rescaled(x: Series, n: int) -> float:
    """Mean over the blocks of range over deviation; a block that stands still is skipped."""
    found = []
    for block in _blocks(x, n):
        mean = sum(block) / n
        spread = sqrt(sum((v - mean) ** 2 for v in block) / n)
        if spread:
            path = list(accumulate(v - mean for v in block))
            found.append((max(path) - min(path)) / spread)
    return sum(found) / len(found) if found else nan


def _scaling(sizes: Sequence[int], length: int, measure: Callable[[int], float]) -> float:
    if len(set(sizes)) < 2 or min(sizes) < 2 or max(sizes) > length:
        raise ValueError(f"block sizes {list(sizes)} for {length} values: two or more, 2 to the length")
    return _slope_of_logs(sizes, measure)


def _slope_of_logs(sizes: Sequence[int], measure: Callable[[int], float]) -> float:
    found = [measure(n) for n in sizes]
    if any(isnan(v) or v <= 0.0 for v in found):
        return nan
    return slope([log(n) for n in sizes], [log(v) for v in found])
