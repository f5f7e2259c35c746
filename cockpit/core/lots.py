"""Whole lots: how a quantity that was worked out becomes one that a venue takes."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, Context, Decimal, localcontext

from cockpit.core.types import ONE, ZERO

EXACT = Context(prec=50)


def round_contracts(qty: Decimal, lot: Decimal, least: Decimal, mode: str = "down") -> Decimal:
    """The compliant quantity: whole lots, sign kept, 0 below the minimum.

    ``down`` rounds toward zero; ``nearest`` to the nearest lot, ties toward zero (use it only where limits
    still hold afterwards). Raises ValueError for another mode or a lot that is not above 0.
    """
    if mode not in {"down", "nearest"} or lot <= 0:
        raise ValueError(f"mode {mode!r}, lot {lot}")
    rounding = ROUND_DOWN if mode == "down" else ROUND_HALF_DOWN
    with localcontext(EXACT):
        lots = (abs(qty) / lot).quantize(ONE, rounding=rounding)
        size = lots * lot
    if size < least or not size:
        return ZERO
    return size if qty > 0 else -size


def nearest_within(qty: Decimal, most: Decimal, lot: Decimal, least: Decimal) -> Decimal:
    """The compliant quantity nearest to ``qty`` whose size is at most ``most``: up only where it may be."""
    nearest = round_contracts(qty, lot, least, "nearest")
    return nearest if abs(nearest) <= most else round_contracts(qty, lot, least)
