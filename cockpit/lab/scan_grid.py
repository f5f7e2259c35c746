"""From a strategy's floats to whole ticks and lots, as ``Instrument`` does it in Decimal.

Nearly always a float product is far enough from the next whole number to be sure; where it is not, the
Decimal way decides. The answers are the same, the cost is a tenth.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from cockpit.core.types import ONE, Instrument, Side
from cockpit.lab.scan_order import Unsupported

SURE = 1e-7
"""How far from a whole number a product must be; its error is below 1e-8 up to ``LARGE``."""
LARGE = 1e7


class Grid:
    """An instrument's steps."""

    __slots__ = ("instrument", "least", "lot", "most", "per_lot", "per_tick", "tick")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.tick = instrument.tick
        self.lot = instrument.lot
        self.per_tick = instrument.ticks_per_unit
        self.per_lot = instrument.lots_per_unit
        self.least = int((instrument.min_qty / instrument.lot).quantize(ONE, rounding=ROUND_CEILING))
        """Lots of the smallest order."""
        self.most = int(instrument.max_qty / instrument.lot)
        """Lots of the largest one; 0 = no limit."""
        if self.most * instrument.lot != instrument.max_qty:
            raise Unsupported(f"the largest order {instrument.max_qty} is no whole number of lots")

    def lots(self, qty: float) -> int:
        """Whole lots of a signed quantity, toward zero; 0 below the minimum. As ``Instrument.qty``."""
        steps = abs(qty) * self.per_lot
        if steps < LARGE:
            whole = int(steps)
            if SURE < steps - whole < 1 - SURE:
                whole = whole if whole >= self.least else 0
                return whole if qty >= 0 else -whole
        return int(self.instrument.qty(qty) / self.lot)

    def order(self, lots: int) -> int:
        """The largest order for at most so many lots; 0 = none. As ``dust.whole``."""
        if lots < self.least:
            return 0
        return min(lots, self.most) if self.most else lots

    def trigger(self, price: float, sign: int) -> int:
        """Ticks of a protective price that a position of this sign closes at. As ``Instrument.price``."""
        steps = price * self.per_tick
        if 0 < steps < LARGE:
            whole = int(steps)
            if SURE < steps - whole < 1 - SURE:
                return whole + 1 if sign >= 0 else whole
        exact: Decimal = self.instrument.price(price, Side.SELL if sign >= 0 else Side.BUY)
        return int(exact / self.tick)
