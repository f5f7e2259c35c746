"""Do two samples come from one distribution? Kolmogorov-Smirnov, exact, and what it would have noticed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

POWER = ((10, 0.28), (30, 0.63), (50, 0.82), (100, 0.97), (200, 1.0))
"""Sample size → chance that a 5 % test notices a shift of half a standard deviation (quant reference 16)."""


def two_samples(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """(D, exact two-sided p), as scipy's exact method. Raises ValueError when one is empty."""
    n, m = len(x), len(y)
    if not n or not m:
        raise ValueError("two samples are needed")
    one, other = sorted(x), sorted(y)
    most = max(abs(bisect_right(one, v) * m - bisect_right(other, v) * n) for v in (*one, *other))
    return most / (n * m), 1.0 - _inside(n, m, most)


def _inside(n: int, m: int, most: int) -> float:
    """Chance that a random order of both keeps |i/n - j/m| below ``most``/(n m) all the way.

    The order is drawn without putting back: from (i, j) the next is one of the first sample with chance
    (n - i) / (n + m - i - j).
    """
    row = [0.0] * (m + 1)
    for i in range(n + 1):
        low = max(0, (i * m - most) // n + 1)
        high = min(m, -((-i * m - most) // n) - 1)
        fresh = [0.0] * (m + 1)
        for j in range(low, high + 1):
            if i == 0 and j == 0:
                fresh[0] = 1.0
                continue
            left = n + m - i - j + 1
            come = row[j] * (n - i + 1) / left if i else 0.0
            if j:
                come += fresh[j - 1] * (m - j + 1) / left
            fresh[j] = come
        row = fresh
    return min(1.0, row[m])


def power(n: int) -> float:
    """Chance that ``n`` observations would have shown a shift of half a standard deviation."""
    before = (0, 0.05)
    for size, chance in POWER:
        if n <= size:
            return before[1] + (chance - before[1]) * (n - before[0]) / (size - before[0])
        before = (size, chance)
    return 1.0
