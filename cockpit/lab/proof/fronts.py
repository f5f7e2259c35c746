"""Searching several ways at once.

Pareto fronts, expected improvement, Latin hypercubes. Quant reference, 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, inf

from cockpit.portfolio import normal

Points = Sequence[Sequence[float]]


def pareto_front(points: Points) -> list[int]:
    """Indices of points that no other beats, everything minimised; exact duplicates all stay."""

    def beats(a: Sequence[float], b: Sequence[float]) -> bool:
        return all(x <= y for x, y in zip(a, b, strict=True)) and any(
            x < y for x, y in zip(a, b, strict=True)
        )

    return [i for i, mine in enumerate(points) if not any(beats(other, mine) for other in points)]


def hypervolume_2d(points: Points, ref: Sequence[float]) -> float:
    """Area between the front and ``ref``, both objectives minimised."""
    inside = sorted((x, y) for x, y in points if x < ref[0] and y < ref[1])
    area, ceiling = 0.0, ref[1]
    for x, y in inside:
        if y < ceiling:
            area += (ref[0] - x) * (ceiling - y)
            ceiling = y
    return area


def crowding_distance(points: Points) -> list[float]:
    """NSGA-II: how alone a point stands; the ends are infinite, each objective scaled by its range."""
    n = len(points)
    found = [0.0] * n
    for k in range(len(points[0]) if n else 0):
        order = sorted(range(n), key=lambda i: points[i][k])
        low, high = points[order[0]][k], points[order[-1]][k]
        found[order[0]] = found[order[-1]] = inf
        if high == low:
            continue
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            found[i] += (points[after][k] - points[before][k]) / (high - low)
    return found


def expected_improvement(
    mu: float, sigma: float, best: float, xi: float = 0.0, direction: str = "max"
) -> float:
    """What a point with this forecast is expected to add to the best so far."""
    if direction not in {"min", "max"} or sigma < 0:
        raise ValueError(f"direction {direction!r}, sigma {sigma}")
    gain = (mu - best if direction == "max" else best - mu) - xi
    if sigma == 0:
        return max(0.0, gain)
    z = gain / sigma
    return gain * normal.cdf(z) + sigma * normal.pdf(z)


def lhs_is_valid(samples: Points) -> bool:
    """Exactly one sample in each [i/n, (i+1)/n) of every column; 1.0 is outside."""
    n = len(samples)
    if not n:
        return False
    for column in zip(*samples, strict=True):
        if sorted(floor(v * n) for v in column) != list(range(n)) or not all(0 <= v < 1 for v in column):
            return False
    return True
