"""What the State knows of the hotlist: the newest scan, what was decided about each market, and the log."""

from __future__ import annotations

import msgspec

from cockpit.core.config import HotlistConfig
from cockpit.core.events import Scan

LOGGED = 300
MINUTE, HOUR = 60_000, 3_600_000


class Standing(msgspec.Struct, frozen=True):
    """Where a market stands with the person."""

    word: str
    """approved | rejected | snoozed"""
    since: int
    by: str
    until: int = 0
    """Of a snooze."""
    score: float = 0.0
    """What was seen when it was decided."""
    scan: int = 0
    reason: str = ""


class Decision(msgspec.Struct):
    """One line of the decision log: who decided what, having seen what. Refusals stand there too."""

    ts: int
    verb: str
    """approve | reject | snooze | undo | left"""
    symbol: str
    by: str
    command_id: str
    scan: int = 0
    """Time of the scan that was seen."""
    score: float = 0.0
    place: int = 0
    seal: str = ""
    price: float = 0.0
    reason: str = ""
    refused: str = ""
    """Message id of why nothing was done; empty = it was."""
    args: dict[str, str] = {}
    before: Standing | None = None
    undone: bool = False


class Hotlist(msgspec.Struct):
    """Part of the State: it is in the snapshot, and every change of it comes from a fact in the journal."""

    settings: HotlistConfig = HotlistConfig()
    scan: Scan | None = None
    standings: dict[str, Standing] = {}
    log: list[Decision] = []

    def standing(self, symbol: str, now: int) -> Standing | None:
        """What was decided about a market, unless it was a snooze that is over."""
        found = self.standings.get(symbol)
        return None if found is None or 0 < found.until <= now else found

    def approved(self) -> list[str]:
        """The whitelist."""
        return [symbol for symbol, found in self.standings.items() if found.word == "approved"]

    def bars(self, symbol: str) -> bool:
        """Is a market closed for entries because nobody approved it?"""
        if not self.settings.enforce:
            return False
        found = self.standings.get(symbol)
        return found is None or found.word != "approved"

    def write(self, decision: Decision) -> None:
        """Add to the log."""
        self.log.append(decision)
        del self.log[:-LOGGED]
