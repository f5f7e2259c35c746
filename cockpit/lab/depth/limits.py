"""Between which prices no rule of the gate surely says anything to a maker's wish: ``risk/rules`` from afar.

What is near a limit is not decided here: then nothing is sure, and the kernel is woken.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from cockpit.core.config import RiskConfig
from cockpit.core.engine import Engine
from cockpit.core.intents import Intent
from cockpit.core.slots import Slot
from cockpit.core.types import ONE, ZERO, Kind, PositionMode
from cockpit.risk.rules.price_band import MARK_MS, RECORDED

SETTLED = frozenset(
    ("tradable", "hotlist", "whitelist", "min_confidence", "strangers", "loss_streak", "repeated_entries")
)
"""Rules that look at nothing which changes by a price, by time (but to allow more) or by an answer."""
LOOKED_AT = frozenset(
    ("stale_data", "latency", "price_band", "min_depth", "order_rate", "max_notional", "stage_limit",
     "strategy_limit", "max_leverage", "margin_use")
)  # fmt: skip
WIDTH = 0.02
"""Largest move of the price that a range allows for, fraction."""
LOOSE = 1.001
"""More than any rounding, and than the hair that the rules themselves allow for."""
FAR = 1 << 62


class Limits:
    """The rules of one engine with one sleeve."""

    def __init__(self, engine: Engine, slot: Slot) -> None:
        self._state, self._slot, self._instrument = engine.state, slot, slot.instrument
        names = {rule.name for rule in engine.rules}
        found: list[Any] = [r.params for r in engine.rules if isinstance(r.params, RiskConfig)]
        alike = all(params == found[0] for params in found)
        self.risk: RiskConfig = found[0] if found else RiskConfig()
        sleeve, instrument = slot.sleeve, self._instrument
        self.known = (
            names <= SETTLED | LOOKED_AT and alike
            and instrument.kind is Kind.LINEAR and instrument.settle == engine.state.currency
            and engine.state.ledger.mode is PositionMode.NET
            and not (sleeve.pool or sleeve.group or sleeve.capital)
        )  # fmt: skip
        """Are all rules such as are known here, and the account of the plain kind?"""
        self._proof: tuple[Intent | None, int, int] = (None, -1, -1)
        """For which wish, after how many fills and bills ``_range`` holds."""
        self._money = self._priced = 0.0
        """Equity after these, and the price at which that was worked out."""
        self._range: tuple[float, float] | None = None

    def marks_age(self) -> int:
        """How old a mark may be (ms)."""
        state = self._state
        return MARK_MS if state.boot and state.mode != RECORDED else FAR

    def depth(self, intent: Intent) -> float:
        """What the book must show on either side; 0 = it is not asked."""
        return self.risk.min_depth * float(max([quote.qty for quote in intent.quotes], default=ZERO))

    def paced(self) -> bool:
        """May as many orders, cancels and amends be sent as have been, and one more?"""
        state, risk = self._state, self.risk
        for times, second, minute in (
            (state.placed, risk.max_orders_per_second, risk.max_orders_per_minute),
            (state.changed, risk.max_changes_per_second, risk.max_changes_per_minute),
        ):
            if len(times) >= minute or len(times) - bisect_right(times, state.now - 1_000) >= second:
                return False
        return True

    def calm(self, intent: Intent) -> tuple[float, float] | None:
        """Prices between which every limit surely has room for a wish; None = none are known."""
        state = self._state
        price = state.price(self._instrument.symbol)
        fills, bills = state.fills, len(state.ledger.seen)
        before, same_fills, same_bills = self._proof
        same = same_fills == fills and same_bills == bills
        if same and before is intent and self._range is not None and self._range[0] < price < self._range[1]:
            return self._range
        if not same:
            self._money = state.equity()
            self._priced = price
        self._proof = (intent, fills, bills)
        self._range = self._worked_out(intent, price)
        return self._range

    def _worked_out(self, intent: Intent, price: float) -> tuple[float, float] | None:
        risk = self.risk
        width = min(WIDTH, risk.max_deviation / 3)
        if not price > 0 or not width > 0:
            return None
        low, high = price * (1 - width), price * (1 + width)
        if not self._has_room(intent, price, width):
            return None
        for quote in intent.quotes:
            at = float(quote.price)
            if quote.side.sign > 0:
                low = max(low, at / (1 + risk.price_band) * LOOSE)
            elif risk.price_band < 1:
                high = min(high, at / (1 - risk.price_band) / LOOSE)
        return (low, high) if low < price < high else None

    def _has_room(self, intent: Intent, price: float, width: float) -> bool:
        state, sleeve, instrument, risk = self._state, self._slot.sleeve, self._instrument, self.risk
        ledger = state.ledger
        if any(qty for coin, qty in ledger.balances.items() if coin != state.currency):
            return False
        if any(held.symbol != instrument.symbol for held in ledger.held()):
            return False
        have, unit = abs(float(state.position(sleeve.id))), float(instrument.contract_value)
        size = have + max([float(quote.qty) for quote in intent.quotes], default=0.0)
        size = (max(size, float(instrument.min_qty)) + float(instrument.lot)) * LOOSE
        moved = abs(price - self._priced) + price * width
        worth = self._money - abs(float(ledger.net_qty(instrument.symbol))) * unit * moved * LOOSE
        worth = max(0.0, worth / LOOSE)
        lever = float(ledger.leverages.get(instrument.symbol, ONE))
        rooms = [
            risk.max_notional, risk.max_position * worth, risk.max_leverage * worth,
            risk.max_margin_use * worth * lever,
        ]  # fmt: skip
        if sleeve.limit:
            rooms.append(sleeve.limit * worth * sleeve.share)
        return size * unit * price * (1 + width) * LOOSE < min(rooms)
