"""Eigenvalues of a small symmetric matrix."""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, sqrt

SWEEPS = 60


def eigenvalues(matrix: Sequence[Sequence[float]]) -> list[float]:
    """Largest first, by Jacobi's rotations; right for symmetric matrices only."""
    a = [list(row) for row in matrix]
    n = len(a)
    for _ in range(SWEEPS):
        off = sum(a[i][j] ** 2 for i in range(n) for j in range(n) if i != j)
        if off <= 1e-32 * sum(a[i][i] ** 2 for i in range(n)) or off == 0.0:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                if a[p][q]:
                    _rotate(a, p, q)
    return sorted((a[i][i] for i in range(n)), reverse=True)


def _rotate(a: list[list[float]], p: int, q: int) -> None:
    """Turn rows and columns p and q so that a[p][q] becomes 0."""
    half = (a[q][q] - a[p][p]) / (2.0 * a[p][q])
    t = copysign(1.0, half) / (abs(half) + sqrt(half * half + 1.0))
    c = 1.0 / sqrt(t * t + 1.0)
    s = t * c
    for row in a:
        row[p], row[q] = c * row[p] - s * row[q], s * row[p] + c * row[q]
    up, low = a[p], a[q]
    a[p] = [c * x - s * y for x, y in zip(up, low, strict=True)]
    a[q] = [s * x + c * y for x, y in zip(up, low, strict=True)]
