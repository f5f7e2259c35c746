"""What is too small for the venue: it is neither sent again and again nor waited for (F38).

A spot buy that pays its fee in the coin leaves less than whole lots, and the rest of a sale may be worth
less than the venue's minimum. Such a remainder stays in the books until more is bought or the price rises.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.types import Instrument, exact


def whole(instrument: Instrument, qty: Decimal) -> Decimal:
    """The largest order for at most ``qty`` (unsigned) that the venue takes; 0 = none."""
    lots = instrument.qty(qty)
    return min(lots, instrument.max_qty) if instrument.max_qty else lots


def enough(instrument: Instrument, qty: Decimal, price: float, *, reduce_only: bool) -> bool:
    """Is an order of ``qty`` worth the venue's minimum? Reduce-only orders need not be."""
    if qty <= 0:
        return False
    if reduce_only or not instrument.min_notional or not price > 0:
        return True
    return instrument.quote_notional(qty, exact(price)) >= instrument.min_notional


def dust(instrument: Instrument, qty: Decimal, price: float) -> bool:
    """Is a position of ``qty`` (signed) too small to be closed?"""
    size = whole(instrument, abs(qty))
    return not enough(instrument, size, price, reduce_only=instrument.derivative)
