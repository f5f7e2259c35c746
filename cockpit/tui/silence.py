"""Why a strategy is still that nothing has refused: the same words wherever it is told."""

from __future__ import annotations

from cockpit.core.frames import SleeveRow
from cockpit.text import safe_text
from cockpit.tui.picture import Look


def silence(row: SleeveRow, look: Look) -> str:
    """Nothing said no: either it has what it wants, or it wants nothing, for a reason of its own."""
    if row.idle and row.tag:
        return look.say("sleeves.wants_nothing", tag=safe_text(row.tag))
    return look.say("sleeves.nothing_said_no")
