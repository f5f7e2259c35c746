"""How often somebody may ask: sliding windows per endpoint and scope, shared by both doors."""

from __future__ import annotations

from collections import deque

from cockpit.adapters.okx_exchange.endpoints import Limit
from cockpit.adapters.okx_exchange.refusals import Refusal

ACCOUNT_ORDERS = Limit(1_000, 2_000, "uid", "account orders")
"""New and amended derivative orders of one account, all instruments together."""


class Budget:
    """Counts of everybody; ``on`` False lets everything pass."""

    def __init__(self, on: bool = True) -> None:
        self.on = on
        self._seen: dict[tuple[str, ...], deque[tuple[int, int]]] = {}
        self._sums: dict[tuple[str, ...], int] = {}

    def take(self, name: tuple[str, ...], limit: Limit, now: int, count: int = 1) -> bool:
        """Count ``count`` requests at ``now``; False (and nothing is counted) when they are too many."""
        if not self.on:
            return True
        seen = self._seen.setdefault(name, deque())
        total = self._sums.get(name, 0)
        while seen and seen[0][0] <= now - limit.window:
            total -= seen.popleft()[1]
        if total + count > limit.count:
            self._sums[name] = total
            return False
        seen.append((now, count))
        self._sums[name] = total + count
        return True

    def spend(self, name: tuple[str, ...], limit: Limit, now: int, count: int = 1) -> None:
        """As :meth:`take`. Raises Refusal 50011 (HTTP 429)."""
        if not self.take(name, limit, now, count):
            raise Refusal("50011", "Too Many Requests")
