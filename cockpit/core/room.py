"""Is there surely room for a wish? Most wishes are far below a limit, and floats are enough to know it."""

from __future__ import annotations

from cockpit.core.intents import Intent
from cockpit.core.types import Instrument

HAIR = 1e-9
"""More than any rounding of a float."""
MANY = 1e15
"""Lots beyond which a float no longer counts them one by one."""


def fits(intent: Intent, limit: float, instrument: Instrument) -> bool:
    """Is a wish without quotes surely within ``limit`` (contracts), the grid and its minimum allowed for?

    False says nothing: then ``gate.scaled`` looks exactly. True only where it would change nothing.
    """
    if intent.quotes:
        return False
    if intent.target is None:
        return True
    lot = float(instrument.lot)
    need = max(abs(float(intent.target)), float(instrument.min_qty)) + lot
    return need * (1 + HAIR) < limit < lot * MANY
