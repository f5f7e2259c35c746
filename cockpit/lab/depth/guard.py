"""Between which prices nothing of ours at the venue goes off, and nothing is liquidated."""

from __future__ import annotations

from math import inf
from typing import Any

from cockpit.core.matching import algos, liquidation
from cockpit.core.matching.books import Market, Phase
from cockpit.core.matching.desk import Desk
from cockpit.core.orders import OrderKind
from cockpit.core.types import MarginMode
from cockpit.lab.depth.records import FAR

WIDE = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
NOTHING = (FAR, -FAR)
NOWHERE = (inf, -inf)


class Guard:
    """Looks at one market of the venue."""

    def __init__(self, desk: Desk, market: Market) -> None:
        self._desk = desk
        self._market = market
        self._proof: tuple[tuple[Any, ...], tuple[float, float]] | None = None

    def armed(self) -> tuple[int, int]:
        """Ticks between which no order that waits for its trigger goes off."""
        low, high = -FAR, FAR
        for order in self._market.orders.values():
            if order.phase is not Phase.ARMED:
                continue
            if order.kind is OrderKind.TRAIL:
                return NOTHING
            for leg, direction in algos.legs(order):
                at = algos.level(order, leg)
                if not direction:
                    return NOTHING
                if at:
                    low, high = (low, min(high, at)) if direction > 0 else (max(low, at), high)
        return low, high

    def safe(self) -> tuple[float, float]:
        """Prices between which liquidation is known to be far."""
        market, desk = self._market, self._desk
        held = desk.account.held(market.instrument.symbol)
        if not held:
            return -inf, inf
        if desk.rules.margin_mode is MarginMode.ISOLATED or len(desk.account.holdings) > 1:
            return NOWHERE
        price = market.mark or market.last / market.ticks_per_unit
        settle = market.instrument.settle
        money = (held[0].qty, held[0].cost, desk.account.cash.get(settle), market.instrument)
        if self._proof is not None and self._proof[0] == money:
            low, high = self._proof[1]
            if low < price < high:
                return low, high
        found = NOWHERE
        if price > 0:
            for width in WIDE:
                low, high = price * (1 - width), price * (1 + width)
                if self._far(low) and self._far(high):
                    found = (low, high)
                    break
        self._proof = (money, found)
        return found

    def _far(self, price: float) -> bool:
        """What is left after maintenance changes along a straight line with the price (inverse: with its
        reciprocal), so two harmless prices prove all between them.
        """
        market = self._market
        before, market.mark = market.mark, price
        far = not liquidation.close_call(self._desk, market.instrument.settle)
        market.mark = before
        return far
