"""Do prices belong together: the tests of Engle and Granger, and of Johansen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log, nan

import msgspec

from cockpit.indicators.statistics.jacobi import eigenvalues
from cockpit.indicators.statistics.least_squares import dot, orthonormal, rest
from cockpit.indicators.statistics.unit_root import adf_tstat, unit_root_p


class Pair(msgspec.Struct, frozen=True):
    """One series hedged with another: y = alpha + beta*x + something that should come back."""

    beta: float
    alpha: float
    t_stat: float
    p: float
    """Probability of so low a t-statistic if the two do not belong together."""


def engle_granger(y: Sequence[float], x: Sequence[float], lags: int = 1) -> Pair:
    """Test whether ``y`` hedged with ``x`` comes back to its mean.

    Least squares of y on x and a constant, then ADF without constant on the residual; p from MacKinnon's
    surface for two series (the ordinary ADF p-value rejects too often). Test on a training window, in both
    directions, and remember how many pairs were tried. NaN when x stands still or the fit is perfect. Raises
    ValueError for unequal lengths or too few values. Equal to statsmodels ``coint(autolag=None)``.
    """
    if len(y) != len(x):
        raise ValueError(f"{len(y)} values of y and {len(x)} of x")
    n = len(x)
    if n < 3:
        raise ValueError(f"a pair of {n} values")
    mean_x, mean_y = sum(x) / n, sum(y) / n
    away = [v - mean_x for v in x]
    squares = dot(away, away)
    if not squares:
        return Pair(nan, nan, nan, nan)
    beta = dot(away, [v - mean_y for v in y]) / squares
    alpha = mean_y - beta * mean_x
    left = [(b - mean_y) - beta * a for a, b in zip(away, y, strict=True)]
    total = sum((v - mean_y) ** 2 for v in y)
    if dot(left, left) <= 1e-12 * total:
        return Pair(beta, alpha, nan, nan)
    t_stat = adf_tstat(left, lags, "n")
    return Pair(beta, alpha, t_stat, unit_root_p(t_stat, "c", 2))


class Johansen(msgspec.Struct, frozen=True):
    """One number per rank, the strongest relation first."""

    eig: list[float]
    trace: list[float]
    max_eig: list[float]


def johansen_trace(matrix: Sequence[Sequence[float]], k_ar_diff: int = 1) -> Johansen:
    """How many relations hold several series together: trace and largest-eigenvalue statistics.

    ``matrix`` one row per time, one column per series; ``k_ar_diff`` lagged changes are allowed for; a
    constant (det_order 0). The eigenvalues are the squared correlations of what is left of the changes with
    what is left of the levels. Raises ValueError for a ragged matrix or too few rows. Equal to statsmodels
    ``coint_johansen``.
    """
    columns = [list(c) for c in zip(*matrix, strict=True)]
    rows, width = len(matrix), len(columns)
    if k_ar_diff < 0:
        raise ValueError(f"{k_ar_diff} lags")
    if not width or rows - 1 - k_ar_diff <= width * (k_ar_diff + 2):
        raise ValueError(f"{rows} rows are too few for {width} series and {k_ar_diff} lags")
    changes = [[b - a for a, b in pairwise(c)] for c in columns]
    size = rows - 1 - k_ar_diff
    past = [c[k_ar_diff - k : len(c) - k] for k in range(1, k_ar_diff + 1) for c in changes]
    known = orthonormal([[1.0] * size, *past])
    now = orthonormal([rest(c[k_ar_diff:], known) for c in changes])
    levels = orthonormal([rest(c[1 : rows - k_ar_diff], known) for c in columns])
    if len(now) < width or len(levels) < width:
        nothing = [nan] * width
        return Johansen(nothing, nothing, nothing)
    cross = [[dot(a, b) for b in now] for a in levels]
    eig = eigenvalues([[dot(a, b) for b in cross] for a in cross])
    single = [-size * log(1.0 - v) if v < 1.0 else float("inf") for v in eig]
    return Johansen(eig, [sum(single[i:]) for i in range(width)], single)
