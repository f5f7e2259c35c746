"""Says that the journal cannot be written, when nothing else would: a full disk is silent in a quiet market.

What waits is written every few seconds. A write that fails loses nothing (the next one takes its rows along),
but no order leaves meanwhile, and a person must hear why (F45, I15).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from cockpit.core.errors import StoreError

LOOK_S = 5.0
Say = Callable[[str, str, Mapping[str, str]], None]


class Journal(Protocol):
    """What of a store is needed here."""

    async def flush(self) -> None: ...


class JournalWatch:
    """One task beside the trading; ``failure`` is why the journal cannot be written, empty while it can."""

    def __init__(self, journal: Journal, say: Say) -> None:
        self._journal = journal
        self._say = say
        self.failure = ""

    async def look(self) -> None:
        """Write what waits; say once that it fails, and once that it works again."""
        try:
            await self._journal.flush()
        except StoreError as error:
            if not self.failure:
                self._say("alarm", "journal.failing", {"reason": str(error)})
            self.failure = str(error)
            return
        if self.failure:
            self.failure = ""
            self._say("good", "journal.again", {})

    def light(self, colour: str, why: str) -> tuple[str, str]:
        """The traffic light with this seen: without a journal nothing new is entered."""
        return ("red", f"journal: {self.failure}") if self.failure else (colour, why)

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()
