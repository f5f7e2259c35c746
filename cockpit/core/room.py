"""Is there surely room for a wish? Most wishes are far below a limit, and floats are enough to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.intents import Intent
from cockpit.core.types import Side

if TYPE_CHECKING:
    from cockpit.core.gate import GateContext

HAIR = 1e-9
"""More than any rounding of a float."""
MANY = 1e15
"""Lots beyond which a float no longer counts them one by one."""


def fits(intent: Intent, limit: float, context: GateContext) -> bool:
    """Is a wish surely within ``limit`` (contracts), the grid and its minimum allowed for?

    False says nothing: then ``gate.scaled`` looks exactly. True only where it would change nothing.
    """
    quotes, target = intent.quotes, intent.target
    if not quotes and target is None:
        return True
    instrument = context.instrument
    lot = float(instrument.lot)
    size = abs(float(target)) if target is not None else 0.0
    if quotes:
        engaged = _engaged(intent, context)
        if engaged is None:
            return False
        size += engaged + max([float(quote.qty) for quote in quotes])
    return (max(size, float(instrument.min_qty)) + lot) * (1 + HAIR) < limit < lot * MANY


def _engaged(intent: Intent, context: GateContext) -> float | None:
    """What is held and what may be entered toward a target, both sides together (contracts).

    None: a quote is no whole number of lots that the venue takes. Worked out once a wish.
    """
    if context.room is None or context.room[0] is not intent:
        qty = context.instrument.qty
        if any(qty(quote.qty) != quote.qty for quote in intent.quotes):
            return None
        entering = context.entering(Side.BUY) + context.entering(Side.SELL)
        context.room = (intent, float(abs(context.have) + entering))
    return context.room[1]
