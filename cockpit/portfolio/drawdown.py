"""How far below its best an equity curve fell, and for how long. Quant reference, section 6."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import nan

import msgspec


class Drawdown(msgspec.Struct, frozen=True):
    """The worst fall from a high. Indices are None when there was none; lengths are in periods."""

    mdd: float
    """Fraction of the high."""
    peak_index: int | None
    """The last strict new high before the trough."""
    trough_index: int | None
    recovery_index: int | None
    """First point at or above that high again; None = not yet."""
    longest_underwater: int
    """Longest time without a strict new high."""
    since_high: int
    """Time since the last one: "no new high for n days"."""


def max_drawdown(equity: Sequence[float]) -> Drawdown:
    """One pass. A new high is strictly greater: touching an old one does not reset the clock.

    Raises ValueError for an empty curve or one that starts at or below 0.
    """
    if not equity or equity[0] <= 0:
        raise ValueError("an equity curve must start above 0")
    high, high_at, longest = equity[0], 0, 0
    worst, peak, trough, level, recovery = 0.0, None, None, 0.0, None
    for index, money in enumerate(equity):
        if money > high:
            high, high_at = money, index
        longest = max(longest, index - high_at)
        fall = 1.0 - money / high
        if fall > worst:
            worst, peak, trough, level, recovery = fall, high_at, index, high, None
        elif trough is not None and recovery is None and money >= level:
            recovery = index
    return Drawdown(worst, peak, trough, recovery, longest, len(equity) - 1 - high_at)


def rolling_drawdown(equity: Sequence[float], window: int) -> list[float]:
    """1 - E/max of the last ``window`` points, this one included; NaN before there are that many.

    Raises ValueError for a window below 1.
    """
    if window < 1:
        raise ValueError(f"a window of {window}")
    highs: deque[int] = deque()
    found = []
    for index, money in enumerate(equity):
        while highs and equity[highs[-1]] <= money:
            highs.pop()
        highs.append(index)
        if highs[0] <= index - window:
            highs.popleft()
        found.append(1.0 - money / equity[highs[0]] if index >= window - 1 else nan)
    return found
