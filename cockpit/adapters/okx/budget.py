"""OKX's rate limits, kept by us: one budget of requests for all sleeves and both doors.

A limit of N per window is a window that slides: no two seconds of ours ever hold more than N requests,
wherever the venue begins to count. Ordinary work may use 80 % of each; the rest is kept for what lowers
risk (cancels, exits, stops), so no strategy can get the account banned or lock its own way out.

Source: OKX API v5, "Rate limits" and the limit named under each endpoint.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from cockpit.core.errors import Transient

ORDINARY = 0.8
"""Part of every limit that ordinary work may use."""
MARGIN_S = 0.02
"""Requests bunch up on the way: our window is a little longer than the venue's."""

LIMITS: dict[str, tuple[int, float]] = {
    "trade/order": (60, 2.0),
    "trade/cancel-order": (60, 2.0),
    "trade/amend-order": (60, 2.0),
    "trade/order-algo": (20, 2.0),
    "trade/cancel-algos": (20, 2.0),
    "trade/amend-algos": (20, 2.0),
    "trade/cancel-all-after": (1, 1.0),
    "trade/new": (1_000, 2.0),
    "GET trade/order": (60, 2.0),
    "GET trade/order-algo": (20, 2.0),
    "trade/orders-pending": (60, 2.0),
    "trade/orders-algo-pending": (20, 2.0),
    "trade/orders-algo-history": (20, 2.0),
    "trade/orders-history": (40, 2.0),
    "trade/orders-history-archive": (20, 2.0),
    "trade/fills": (60, 2.0),
    "trade/fills-history": (10, 2.0),
    "account/balance": (10, 2.0),
    "account/positions": (10, 2.0),
    "account/bills": (5, 1.0),
    "account/config": (5, 2.0),
    "account/trade-fee": (5, 2.0),
    "account/leverage-info": (20, 2.0),
    "public/instruments": (20, 2.0),
    "public/time": (10, 2.0),
    "public/position-tiers": (10, 2.0),
    "public/funding-rate": (10, 2.0),
    "market/candles": (40, 2.0),
    "market/history-candles": (20, 2.0),
    "system/status": (1, 5.0),
}
"""Endpoint → (requests, seconds). ``trade/new`` is the sub-account's cap on new and amended orders."""
PER_INSTRUMENT = frozenset(
    ("trade/order", "trade/cancel-order", "trade/amend-order", "GET trade/order", "trade/order-algo",
     "trade/cancel-algos", "trade/amend-algos", "public/funding-rate", "public/instruments")
)  # fmt: skip
"""Counted for each instrument (``public/instruments``: each type) by itself."""
DEFAULT = (5, 2.0)
"""For an endpoint without an entry: less than the least that OKX allows."""


class Window:
    """The requests of one endpoint and scope within the last seconds."""

    __slots__ = ("ordinary", "seconds", "sent", "size")

    def __init__(self, size: int, seconds: float) -> None:
        self.size = size
        self.seconds = seconds + MARGIN_S
        self.ordinary = max(1, int(size * ORDINARY))
        self.sent: deque[float] = deque()

    def wait(self, now: float, *, urgent: bool) -> float:
        """Seconds until one more request fits; 0 = now."""
        sent = self.sent
        while sent and sent[0] <= now - self.seconds:
            sent.popleft()
        room = self.size if urgent else self.ordinary
        if len(sent) < room:
            return 0.0
        return sent[len(sent) - room] + self.seconds - now

    def take(self, now: float) -> None:
        self.sent.append(now)

    def exhaust(self, now: float) -> None:
        """The venue says that it is full: believe it."""
        self.sent.extend([now] * (self.size - len(self.sent)))


class Budget:
    """All windows of one account. ``now`` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._windows: dict[tuple[str, str], Window] = {}
        self.waited = 0
        """Requests that had to wait."""
        self.refused = 0
        """Requests that were given up because they would have waited too long."""

    def window(self, endpoint: str, scope: str = "") -> Window:
        """The window of an endpoint, of one instrument where OKX counts so."""
        key = (endpoint, scope if endpoint in PER_INSTRUMENT else "")
        found = self._windows.get(key)
        if found is None:
            found = self._windows[key] = Window(*LIMITS.get(endpoint, DEFAULT))
        return found

    def wait(self, endpoint: str, scope: str = "", *, urgent: bool = False) -> float:
        """Seconds until a request fits; 0 = now. Takes nothing."""
        return max(w.wait(self._now(), urgent=urgent) for w in self._both(endpoint, scope))

    async def spend(
        self, endpoint: str, scope: str = "", *, urgent: bool = False, patience: float = 1.0
    ) -> None:
        """Take one request out of the budget: at once where there is room, else within ``patience`` s.

        Raises Transient when it would take longer: then nothing was sent.
        """
        limit = self._now() + patience
        while wait := self.wait(endpoint, scope, urgent=urgent):
            if self._now() + wait > limit:
                self.refused += 1
                raise Transient(f"rate budget of {endpoint}: {wait:.1f} s to wait")
            self.waited += 1
            await asyncio.sleep(wait)
        for window in self._both(endpoint, scope):
            window.take(self._now())

    def exhausted(self, endpoint: str, scope: str = "") -> None:
        """The venue answered "too many requests"."""
        self.window(endpoint, scope).exhaust(self._now())

    def _both(self, endpoint: str, scope: str) -> tuple[Window, ...]:
        own = self.window(endpoint, scope)
        if endpoint in {"trade/order", "trade/amend-order"}:
            return (own, self.window("trade/new"))
        return (own,)
