"""How much to bet when the edge is known, and when it is only estimated. Quant reference, section 11."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

import msgspec


def binary(p: float, b: float) -> float:
    """Fraction for a bet won with chance ``p`` at odds ``b``; <= 0 means no bet.

    Raises ValueError for b <= 0.
    """
    if b <= 0:
        raise ValueError(f"odds of {b}")
    return p - (1.0 - p) / b


class Shrunk(msgspec.Struct, frozen=True):
    """``f`` of equity to use; ``shrink`` is what the uncertainty of the estimate left of it."""

    shrink: float
    f: float


def shrunk(mean: float, var: float, n: int, fraction: float = 0.5, cap: float = 1.0) -> Shrunk:
    """``fraction`` of Kelly, times max(0, 1 - 1/t^2), t^2 = n mean^2/var, capped both ways.

    An edge that is not significant (|t| <= 1) bets nothing. Raises ValueError for var <= 0.
    """
    if var <= 0:
        raise ValueError(f"a variance of {var}")
    square = n * mean * mean / var
    keep = max(0.0, 1.0 - 1.0 / square) if square > 0 else 0.0
    return Shrunk(keep, max(-cap, min(cap, fraction * keep * mean / var)))


def empirical(trades: Sequence[float], f_max: float) -> float:
    """The fraction that maximises growth over these trade returns: the root of sum r/(1 + f r).

    0 without an edge; never above ``f_max``, never where one of the trades would have ruined us.
    """
    if not trades or fsum(trades) <= 0:
        return 0.0
    worst = min(trades)
    top = f_max if worst >= 0 else min(f_max, (1.0 - 1e-12) / -worst)

    def slope(f: float) -> float:
        return fsum(r / (1.0 + f * r) for r in trades)

    if slope(top) >= 0:
        return top
    low, high = 0.0, top
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return 0.5 * (low + high)
