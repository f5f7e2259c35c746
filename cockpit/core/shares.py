"""What is remembered of the last change of shares (``core.capital``)."""

from __future__ import annotations

import msgspec


class Applied(msgspec.Struct, frozen=True):
    """The last change of shares."""

    at: int = 0
    """UTC ms; 0 = there was none."""
    by: str = ""
    why: str = ""
    before: dict[str, float] = {}
    """Sleeve → its share until then."""
    rested: tuple[str, ...] = ()
    undone: int = 0
    """When it was taken back; 0 = it holds."""
