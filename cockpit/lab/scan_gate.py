"""The rules of the gate for a wish of one market sleeve that wants to grow: ``risk/rules`` in scalars.

A rule that would say "look again later" stops the scan.
"""

from __future__ import annotations

from collections import deque

from cockpit.core.config import RiskConfig
from cockpit.core.types import Kind, exact
from cockpit.lab.scan_books import Books
from cockpit.lab.scan_flight import Flight
from cockpit.lab.scan_grid import Grid
from cockpit.lab.scan_order import Unsupported

RULES = frozenset(("max_leverage", "max_notional", "order_rate", "price_band", "stale_data", "tradable"))
"""Every rule that has its scalar form here."""
SECOND, MINUTE = 1_000, 60_000
HAIR = 1e-9


class Gate:
    """What the sleeve may have of what it wants."""

    def __init__(
        self, grid: Grid, risk: RiskConfig, books: Books, flight: Flight, tf: int, atoms: int
    ) -> None:
        instrument = grid.instrument
        self.grid = grid
        self.risk = risk
        self.books = books
        self.flight = flight
        self.atoms = atoms
        self.fresh = risk.stale_ms + tf
        self.ready = False
        """The account has been read back once."""
        self.confidence = 1.0
        self.placed: deque[int] = deque()
        """When orders were sent within the last minute."""
        self.least = min(risk.max_orders_per_second, risk.max_orders_per_minute)
        self.contract_value = float(instrument.contract_value)
        self.inverse = instrument.kind is Kind.INVERSE
        self.min_notional = instrument.min_notional
        self.atom_value = float(instrument.lot / atoms)

    def unit(self, price: float) -> float:
        """Quote-currency value of one contract or coin."""
        return self.contract_value * (1.0 if self.inverse else price)

    def allow(self, target: int, have: int, price: float) -> int:
        """What is left of a wish that would grow from ``have`` (both signed, in atoms)."""
        now, risk = self.flight.now, self.risk
        if not self.ready or self.confidence < risk.min_confidence:
            return have if have * target > 0 else 0
        if now - self.flight.heard > self.fresh:
            raise Unsupported("the market's data are old", now)
        equity = self.books.equity(price)
        unit = self.unit(price)
        money = max(0.0, equity)
        for room in (min(risk.max_notional, risk.max_position * money), risk.max_leverage * money):
            if abs(target) * self.atom_value * unit * (1 + HAIR) > room:
                target = self._trimmed(target, have, self.grid.lots(room / unit))
                if abs(target) <= abs(have) and have * target >= 0:
                    return target
        self._pace(now)
        return target

    def _pace(self, now: int) -> None:
        placed = self.placed
        while placed and placed[0] <= now - MINUTE:
            placed.popleft()
        if len(placed) < self.least:
            return
        second = sum(1 for ts in placed if ts > now - SECOND)
        if second >= self.risk.max_orders_per_second or len(placed) >= self.risk.max_orders_per_minute:
            raise Unsupported("orders come too fast", now)

    def _trimmed(self, target: int, have: int, limit: int) -> int:
        """No more than ``limit`` lots; what is held on the same side may stay. As ``gate.scaled``."""
        most = limit * self.atoms
        if target * have > 0:
            most = max(most, abs(have))
        if abs(target) <= most:
            return target
        lots = most // self.atoms
        size = lots * self.atoms if lots >= self.grid.least else 0
        return size if target > 0 else -size

    def worthwhile(self, lots: int, price: float, bound: bool) -> bool:
        """Is an order of so many lots worth the venue's minimum? As ``dust.enough``."""
        if lots <= 0:
            return False
        if bound or not self.min_notional or not price > 0:
            return True
        instrument = self.grid.instrument
        return instrument.quote_notional(instrument.lot * lots, exact(price)) >= self.min_notional
