"""Do moves add up or cancel: the variance ratio of Lo and MacKinlay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import nan, sqrt

import msgspec


class Ratio(msgspec.Struct, frozen=True):
    """1 = a random walk, above it moves continue, below it they turn back."""

    vr: float
    z_robust: float
    """Standard normal for a random walk, whatever its volatility does."""


def variance_ratio(logprice: Sequence[float], q: int) -> Ratio:
    """Variance of q-bar moves over q times that of one-bar moves; overlapping, debiased.

    Heteroskedasticity-robust z. NaN for a market that did not move. Raises ValueError unless 2 <= q < number
    of moves. Source: Lo and MacKinlay 1988.
    """
    moves = [b - a for a, b in pairwise(logprice)]
    size = len(moves)
    if not 2 <= q < size:
        raise ValueError(f"moves of {q} bars among {size}")
    mean = (logprice[-1] - logprice[0]) / size
    squares = [(m - mean) ** 2 for m in moves]
    total = sum(squares)
    if not total:
        return Ratio(nan, nan)
    wide = sum((b - a - q * mean) ** 2 for a, b in zip(logprice, logprice[q:], strict=False))
    ratio = wide / (q * (size - q + 1) * (1.0 - q / size)) / (total / (size - 1))
    theta = 0.0
    for k in range(1, q):
        overlap = sum(a * b for a, b in zip(squares[k:], squares, strict=False))
        theta += 4.0 * (1.0 - k / q) ** 2 * size * overlap / (total * total)
    return Ratio(ratio, sqrt(size) * (ratio - 1.0) / sqrt(theta) if theta else nan)
