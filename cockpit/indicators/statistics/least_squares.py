"""Small least-squares problems by orthogonalisation: exact enough for unit-root tests, no library."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import msgspec

Vector = Sequence[float]

COLLINEAR = 1e-13
"""A column of which no larger share is new says nothing new."""


def dot(a: Vector, b: Vector) -> float:
    """Inner product."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def rest(y: Vector, basis: Sequence[Vector]) -> list[float]:
    """``y`` less its projection on orthonormal vectors; twice, because once leaves rounding behind."""
    left = list(y)
    for _ in (1, 2):
        for q in basis:
            share = dot(q, left)
            left = [v - share * u for v, u in zip(left, q, strict=True)]
    return left


def orthonormal(columns: Sequence[Vector]) -> list[list[float]]:
    """Unit vectors that span the same space, in the same order; a column that adds nothing is left out."""
    basis: list[list[float]] = []
    for column in columns:
        left = rest(column, basis)
        size = sqrt(dot(left, left))
        if size > COLLINEAR * sqrt(dot(column, column)):
            basis.append([v / size for v in left])
    return basis


class Last(msgspec.Struct, frozen=True):
    """The coefficient of the last regressor and how sure it is."""

    value: float
    t_stat: float
    """NaN for a perfect fit or without degrees of freedom."""


def last_coefficient(y: Vector, before: Sequence[Vector], last: Vector) -> Last | None:
    """Regress ``y`` on ``before`` and ``last``; None when ``last`` adds nothing to the others."""
    basis = orthonormal(before)
    fresh = rest(last, basis)
    size = sqrt(dot(fresh, fresh))
    if not size > COLLINEAR * sqrt(dot(last, last)):
        return None
    unit = [v / size for v in fresh]
    share = dot(unit, rest(y, basis))
    errors = rest(y, [*basis, unit])
    freedom = len(y) - len(basis) - 1
    spread = sqrt(dot(errors, errors) / freedom) if freedom > 0 else 0.0
    return Last(share / size, share / spread if spread else float("nan"))


def slope(x: Vector, y: Vector) -> float:
    """Of the straight line through the points; NaN with fewer than two different x."""
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    squares = sum((a - mean_x) ** 2 for a in x)
    cross = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return cross / squares if squares else float("nan")
