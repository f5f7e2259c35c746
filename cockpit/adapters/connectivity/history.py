"""How an exchange's past is asked for: page by page from the newest back, each page complete in itself."""

from __future__ import annotations

from typing import Protocol

import msgspec

from cockpit.core.events import AnyEvent
from cockpit.core.types import Instrument


class Page(msgspec.Struct, frozen=True):
    """Everything that the exchange knows of [lo, hi), UTC ms; of candles by their OPENING time.

    A page that has reached the ``lo`` it was asked for is the last one.
    """

    events: list[AnyEvent]
    lo: int
    hi: int


class History(Protocol):
    """An exchange's public past, read without a key."""

    paged: frozenset[str]
    """Kinds that it tells of the past (``bars``, ``funding`` …)."""
    sampled: frozenset[str]
    """Kinds of which it tells only how they stand now."""
    instruments: dict[str, Instrument]

    def offers(self, kind: str, symbol: str, tf: int) -> bool:
        """Does this market have such a series here?"""

    async def page(self, kind: str, symbol: str, tf: int, lo: int, hi: int) -> Page:
        """The newest part of [lo, hi). Raises Transient when asking again may help, VenueError when not."""

    async def sample(self, kind: str, symbol: str) -> list[AnyEvent]:
        """How a thing stands now. Raises as ``page``."""

    async def look(self) -> int:
        """The exchange's clock (UTC ms). Raises Transient."""

    async def close(self) -> None:
        """Let go of the connection."""
