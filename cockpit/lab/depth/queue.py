"""Places of our resting orders in their queues: ``matching.queues`` on rows."""

from __future__ import annotations

from math import inf, log1p
from typing import Any

AVERSE, FRONT, POWER, POWER2, POWER3, LOG, LOG2 = range(7)
MODELS = ("risk_averse", "front", "power", "power2", "power3", "log", "log2")


def resized(order: Any, shown: int, model: int, power: float) -> None:
    """The level is now ``shown`` lots: who left, somebody before us or behind us?"""
    before = order.shown
    order.shown = shown
    since = order.traded
    order.traded = 0
    front = order.front
    if front == inf:
        order.front = float(shown)
        return
    gone = before - shown - since
    if model <= FRONT or gone < 0:
        order.front = min(front, float(shown))
        return
    back = before - front
    share = behind(max(back, 0.0), max(front, 0.0), model, power)
    moved = front - (1 - share) * gone + min(back - share * gone, 0.0)
    order.front = max(0.0, min(moved, float(shown)))


def behind(back: float, front: float, model: int, power: float) -> float:
    """How probable it is that whoever left stood behind us."""
    if model == POWER3:
        return 1.0 - (front / (front + back)) ** power if front + back > 0 else 0.5
    weight = weight_of(back, model, power)
    if model in (POWER2, LOG2):
        total = weight_of(back + front, model, power)
    else:
        total = weight + weight_of(front, model, power)
    return weight / total if total > 0 else 0.5


def weight_of(quantity: float, model: int, power: float) -> float:
    return log1p(quantity) if model >= LOG else quantity**power
