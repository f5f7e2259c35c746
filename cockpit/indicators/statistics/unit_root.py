"""Does a series come back to its mean, or does it walk: the augmented Dickey-Fuller test."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import erfc, isnan, nan, sqrt

from cockpit.indicators.statistics.least_squares import last_coefficient

# MacKinnon's response surfaces (1994): (largest t, smallest t, join, coefficients below, above the join).
Surface = tuple[float, float, float, tuple[float, ...], tuple[float, ...]]
SURFACES: dict[tuple[str, int], Surface] = {
    ("n", 1): (
        float("inf"),
        -19.04,
        -1.04,
        (0.6344, 1.2378, 0.032496),
        (0.4797, 0.93557, -0.06999, 0.033066),
    ),
    ("c", 1): (2.74, -18.83, -1.61, (2.1659, 1.4412, 0.038269), (1.7339, 0.93202, -0.12745, -0.010368)),
    ("c", 2): (0.92, -18.86, -2.62, (2.92, 1.5012, 0.039796), (2.1945, 0.64695, -0.29198, -0.042377)),
}


def adf_tstat(x: Sequence[float], lags: int = 1, trend: str = "c") -> float:
    """t-statistic of the level in a regression of the change: far below 0 = it comes back.

    Change on the level before, ``lags`` earlier changes and, with ``trend`` "c", a constant; "n" has none.
    The lag count is fixed, never chosen by the data. NaN when the series is degenerate. Raises ValueError
    for another trend, negative lags or too few values. Equal to statsmodels ``adfuller(autolag=None)``.
    """
    if trend not in ("c", "n"):
        raise ValueError(f"trend {trend!r}: c (constant) and n (none) are known")
    if lags < 0:
        raise ValueError(f"{lags} lags")
    change = [b - a for a, b in pairwise(x)]
    size = len(change) - lags
    if size < lags + 3:
        raise ValueError(f"{len(x)} values are too few for {lags} lags")
    y = change[lags:]
    others = [change[lags - k : len(change) - k] for k in range(1, lags + 1)]
    if trend == "c":
        others.insert(0, [1.0] * size)
    found = last_coefficient(y, others, list(x[lags:-1]))
    return found.t_stat if found is not None else nan


def unit_root_p(t_stat: float, trend: str = "c", series: int = 1) -> float:
    """Approximate probability of so low a t-statistic if the series walks; below 0.05 it likely does not.

    ``series`` 1 for a series as it is, 2 for the residual of one regressed on another (a constant in it).
    NaN for NaN. Raises ValueError where no surface is known. Source: MacKinnon 1994.
    """
    if (trend, series) not in SURFACES:
        raise ValueError(f"no surface for trend {trend!r} and {series} series")
    if isnan(t_stat):
        return nan
    most, least, join, below, above = SURFACES[trend, series]
    if t_stat > most:
        return 1.0
    if t_stat < least:
        return 0.0
    z = 0.0
    for coefficient in reversed(below if t_stat <= join else above):
        z = z * t_stat + coefficient
    return 0.5 * erfc(-z / sqrt(2.0))
