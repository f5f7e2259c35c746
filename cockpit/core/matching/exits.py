"""How a bar ends a position that has a stop and a target: the venue's rule in one scalar function.

The simulated venue (``bars``) decides the same, order by order; tests hold the two together.
"""

from __future__ import annotations

from math import isnan


def bar_exit(
    long: bool, stop: float, target: float, open_: float, high: float, low: float
) -> tuple[str, float]:
    """("stop" | "target" | "", price); NaN for a level that does not exist.

    A level that the open has passed fills at the open; where the bar reached both, the stop came first.
    """
    sign = 1.0 if long else -1.0
    against, favour = (low, high) if long else (high, low)
    if not isnan(stop):
        if (open_ - stop) * sign <= 0:
            return "stop", open_
        before_target = isnan(target) or (open_ - target) * sign < 0
        if before_target and (against - stop) * sign <= 0:
            return "stop", stop
    if not isnan(target):
        if (open_ - target) * sign >= 0:
            return "target", open_
        if (favour - target) * sign >= 0:
            return "target", target
    return "", float("nan")
