"""An order that was taken must be told by the account's stream. One that stays silent about it is broken.

Account streams may be silent for hours, so age says nothing about them; this does. Bound: ``TOLD_S``.
A stream owes nothing about what was taken while it was not listening: of that it may never speak.
"""

from __future__ import annotations

from collections.abc import Callable

from cockpit.adapters.connectivity.traces import Recent

TOLD_S = 5.0


class Promises:
    """What one stream still owes us, by client id. ``now`` is monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lives = 0
        self._listening = False
        self._owed: dict[str, float] = {}
        self._kept: Recent[str, bool] = Recent()

    @property
    def life(self) -> int:
        """Which of its lives the stream is in, counted from 1; 0 = it does not listen."""
        return self._lives if self._listening else 0

    def link(self, up: bool) -> None:
        """The stream listens from now on, or no more: what it owed before, nobody will tell."""
        self._lives += up
        self._listening = up
        self._owed.clear()

    def expect(self, cid: str, life: int) -> None:
        """The venue has taken an order; its push may even have come before the answer.

        ``life``: the stream's when the request left. Another one since then has not heard of it.
        """
        if life and life == self.life and cid not in self._kept:
            self._owed[cid] = self._now()

    def keep(self, cid: str) -> None:
        """The stream has told something about this order."""
        self._kept[cid] = True
        self._owed.pop(cid, None)

    def broken(self) -> str:
        """The order that should have been told of long ago; empty = none. Asked once, it is forgotten."""
        limit = self._now() - TOLD_S
        for cid, since in self._owed.items():
            if since < limit:
                self._owed.clear()
                return cid
        return ""
