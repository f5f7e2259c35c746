"""OKX's rate limits: one window an endpoint, some of them counted for each instrument by itself.

Source: OKX API v5, "Rate limits" and the limit named under each endpoint.
"""

from __future__ import annotations

from collections.abc import Callable

from cockpit.adapters.connectivity.budget import MARGIN_S, Limits, Window
from cockpit.adapters.connectivity.budget import Budget as AnyBudget

__all__ = ["LIMITS", "MARGIN_S", "Budget", "Window"]

LIMITS: dict[str, tuple[int, float]] = {
    "trade/order": (60, 2.0),
    "trade/cancel-order": (60, 2.0),
    "trade/amend-order": (60, 2.0),
    "trade/batch-orders": (300, 2.0),
    "trade/cancel-batch-orders": (300, 2.0),
    "trade/amend-batch-orders": (300, 2.0),
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
    "market/history-mark-price-candles": (10, 2.0),
    "market/history-index-candles": (10, 2.0),
    "market/history-trades": (20, 2.0),
    "market/books": (40, 2.0),
    "public/funding-rate-history": (10, 2.0),
    "public/open-interest": (20, 2.0),
    "system/status": (1, 5.0),
}
"""Endpoint → (requests, seconds); a batch counts in orders. ``trade/new`` is the sub-account's cap on new and
amended orders."""
PER_INSTRUMENT = frozenset(
    ("trade/order", "trade/cancel-order", "trade/amend-order", "trade/batch-orders",
     "trade/cancel-batch-orders", "trade/amend-batch-orders", "GET trade/order", "trade/order-algo",
     "trade/cancel-algos", "trade/amend-algos", "public/funding-rate", "public/instruments")
)  # fmt: skip
"""Counted for each instrument (``public/instruments``: each type) by itself."""
DEFAULT = (5, 2.0)
"""For an endpoint without an entry: less than the least that OKX allows."""


NEW = ("trade/order", "trade/amend-order", "trade/batch-orders", "trade/amend-batch-orders")
ALSO = dict.fromkeys(NEW, (("trade/new", 1),))


class Budget(AnyBudget):
    """All windows of one OKX account. ``now`` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(Limits(LIMITS, DEFAULT, PER_INSTRUMENT, ALSO), now)
