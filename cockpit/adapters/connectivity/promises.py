"""An order that was taken must be told by the account's stream. One that stays silent about it is broken.

Account streams may be silent for hours, so age says nothing about them; this does. Bound: ``TOLD_S``.
"""

from __future__ import annotations

from collections.abc import Callable

from cockpit.adapters.connectivity.traces import Recent

TOLD_S = 5.0


class Promises:
    """What one stream still owes us, by client id. ``now`` is monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._owed: dict[str, float] = {}
        self._kept: Recent[str, bool] = Recent()

    def expect(self, cid: str) -> None:
        """The venue has taken an order; its push may even have come before the answer."""
        if cid not in self._kept:
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
