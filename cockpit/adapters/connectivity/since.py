"""From when on an account's records are asked for, kept in the venue's own time.

Our clock may be set while we run, and then the same instant has another number here; the venue's records do
not move. A place to read on from that is kept in our time would lie in the future after our clock was set
back, and everything lost meanwhile would stay lost (F14).
"""

from __future__ import annotations

from collections.abc import Callable

OVERLAP_MS = 5_000
"""A reading begins a little before the moment that was asked for."""
BEHIND_MS = 60_000
"""… and catching up well before the end of the last time: a record may appear later than it happened."""


class Since:
    """Marks in venue time (UTC ms). ``offset`` is the venue's clock minus ours as it was measured last."""

    def __init__(self, now_ms: Callable[[], int], offset: Callable[[], int], born: int) -> None:
        """``born``: when the journal began (our clock, ms); nothing before it is read."""
        self._now_ms = now_ms
        self._offset = offset
        self._least = offset()
        self.birth = born + self._least
        self.started = self.now()
        """When this process began."""
        self._cursor = self.birth

    def now(self) -> int:
        """The venue's clock."""
        return self._now_ms() + self._offset()

    def at(self, ms: int) -> int:
        """The venue's time at ``ms`` of ours, by the earliest clock measured so far: rather too much."""
        self._least = min(self._least, self._offset())
        return max(ms + self._least - OVERLAP_MS, self.birth)

    def behind(self) -> int:
        """Where to catch up from; never from the future, as a clock that was set forward would have it."""
        return max(min(self._cursor, self.now()) - BEHIND_MS, self.birth)

    def caught_up(self, until: int) -> None:
        """Everything up to ``until`` (venue ms) has been read."""
        self._cursor = until
