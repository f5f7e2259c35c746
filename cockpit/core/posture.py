"""How much the cockpit dares. Several voices speak (kill switch, breakers, faults); the worst one counts."""

from __future__ import annotations

from enum import IntEnum


class Posture(IntEnum):
    """Each level forbids a superset of what the one before it forbids."""

    NORMAL = 0
    DELEVER = 1
    """No increase beyond a fraction of the usual size."""
    REDUCE_ONLY = 2
    """No new entries; exits and protection go on."""
    HALT = 3
    """As REDUCE_ONLY, and resting entries are cancelled; only a human lifts it."""
    FLATTEN = 4
    """As HALT, and positions are closed."""

    @property
    def entries(self) -> bool:
        """May anything that increases exposure be sent?"""
        return self <= BOLD


# Looked up once: naming a member of an enum is dear.
NORMAL, BOLD = Posture.NORMAL, Posture.DELEVER


def combine(voices: dict[str, Posture]) -> Posture:
    """The strictest of all voices; NORMAL when nobody speaks."""
    return max(voices.values()) if voices else NORMAL
