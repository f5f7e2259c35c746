"""Where a resting order stands in the queue of its price, when only level sizes and trades are public.

Definitions of hftbacktest: ``front`` is the quantity before us. Trades remembered between two depth
updates are not counted a second time when the update shows the smaller level. What else left a level stood
behind us with the probability

    power, log      f(back) / (f(back) + f(front))    f(x) = xⁿ, ln(1 + x)
    power2, log2    f(back) / f(back + front)
    power3          1 - f(front / (front + back))
"""

from __future__ import annotations

from math import inf, log1p

from cockpit.core.matching.books import Working
from cockpit.core.matching.rules import Rules

UNKNOWN = inf
"""Our price lies outside what the source shows: not at the front of anything until it is seen."""


def traded(order: Working, lots: int) -> int:
    """A public trade of ``lots`` at our price: how many lots of it are ours by the queue."""
    order.front -= lots
    order.traded += lots
    if order.front >= 0:
        return 0
    return round(-order.front)


def resized(order: Working, shown: int, rules: Rules) -> None:
    """Our level is now ``shown`` lots: who left, somebody before us or behind us?"""
    before, order.shown = order.shown, shown
    since, order.traded = order.traded, 0
    front = order.front
    if front == UNKNOWN:
        order.front = float(shown)
        return
    gone = before - shown - since
    if rules.queue in ("risk_averse", "front") or gone < 0:
        order.front = float(min(front, shown))
        return
    back = before - front
    share = _behind(max(back, 0.0), max(front, 0.0), rules)
    moved = front - (1 - share) * gone + min(back - share * gone, 0.0)
    order.front = float(max(0.0, min(moved, shown)))


def _behind(back: float, front: float, rules: Rules) -> float:
    """How probable it is that whoever left stood behind us; 0.5 where nobody stands anywhere."""
    if rules.queue == "power3":
        return 1.0 - (front / (front + back)) ** rules.queue_power if front + back > 0 else 0.5
    together = rules.queue in ("power2", "log2")
    behind = _weight(back, rules)
    total = _weight(back + front, rules) if together else behind + _weight(front, rules)
    return behind / total if total > 0 else 0.5


def _weight(quantity: float, rules: Rules) -> float:
    return float(log1p(quantity) if rules.queue.startswith("log") else quantity**rules.queue_power)
