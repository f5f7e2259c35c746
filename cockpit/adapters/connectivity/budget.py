"""An exchange's rate limits, kept by us: one budget of requests for all sleeves and all doors.

A limit of N per window is a window that slides: no two seconds of ours ever hold more than N requests,
wherever the venue begins to count. Ordinary work may use 80 % of each; the rest is kept for what lowers
risk (cancels, exits, stops), so no strategy can get the account banned or lock its own way out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from cockpit.core.errors import Transient

ORDINARY = 0.8
"""Part of every limit that ordinary work may use."""
MARGIN_S = 0.02
"""Requests bunch up on the way: our window is a little longer than the venue's."""


class Limits(msgspec.Struct, frozen=True):
    """What an exchange allows."""

    sizes: Mapping[str, tuple[int, float]]
    """Window → (requests or weight, seconds)."""
    default: tuple[int, float]
    """For an endpoint without an entry: less than the least that the exchange allows."""
    scoped: frozenset[str] = frozenset()
    """Windows counted for each instrument by itself."""
    also: Mapping[str, tuple[tuple[str, int], ...]] = {}
    """Endpoint → the windows in which it counts besides its own, and how much."""
    always: tuple[tuple[str, int], ...] = ()
    """Windows in which every request counts."""
    own: bool = True
    """Every endpoint has a window of its own."""


class Window:
    """The requests of one endpoint and scope within the last seconds."""

    __slots__ = ("ordinary", "seconds", "sent", "size")

    def __init__(self, size: int, seconds: float) -> None:
        self.size = size
        self.seconds = seconds + MARGIN_S
        self.ordinary = max(1, int(size * ORDINARY))
        self.sent: deque[float] = deque()

    def wait(self, now: float, *, urgent: bool, weight: int = 1) -> float:
        """Seconds until one more request fits; 0 = now."""
        sent = self.sent
        while sent and sent[0] <= now - self.seconds:
            sent.popleft()
        room = max(weight, self.size if urgent else self.ordinary)
        if len(sent) + weight <= room:
            return 0.0
        return sent[len(sent) + weight - room - 1] + self.seconds - now

    def take(self, now: float, weight: int = 1) -> None:
        if weight == 1:
            self.sent.append(now)
        else:
            self.sent.extend([now] * weight)

    def exhaust(self, now: float, *, room: bool = False) -> None:
        """The venue says that it is full: believe it. ``room``: what lowers risk may still be tried."""
        self.sent.extend([now] * ((self.ordinary if room else self.size) - len(self.sent)))


class Budget:
    """All windows of one account. ``now`` is a monotonic clock in seconds."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._windows: dict[tuple[str, str], Window] = {}
        self._charges: dict[tuple[str, str], list[tuple[Window, int]]] = {}
        self.waited = 0
        """Requests that had to wait."""
        self.refused = 0
        """Requests that were given up because they would have waited too long."""

    def window(self, endpoint: str, scope: str = "") -> Window:
        """The window of an endpoint, of one instrument where the exchange counts so."""
        key = (endpoint, scope if endpoint in self._limits.scoped else "")
        found = self._windows.get(key)
        if found is None:
            size = self._limits.sizes.get(endpoint, self._limits.default)
            found = self._windows[key] = Window(*size)
        return found

    def wait(self, endpoint: str, scope: str = "", *, urgent: bool = False) -> float:
        """Seconds until a request fits; 0 = now. Takes nothing."""
        now = self._now()
        return max(w.wait(now, urgent=urgent, weight=n) for w, n in self._charged(endpoint, scope))

    async def spend(
        self, endpoint: str, scope: str = "", *, urgent: bool = False, patience: float = 1.0
    ) -> None:
        """Take one request out of the budget: at once where there is room, else within ``patience`` s.

        Raises Transient when it would take longer: then nothing was sent.
        """
        limit = self._now() + patience
        while wait := self.wait(endpoint, scope, urgent=urgent):
            if self._now() + wait > limit:
                self.refused += 1
                raise Transient(f"rate budget of {endpoint}: {wait:.1f} s to wait")
            self.waited += 1
            await asyncio.sleep(wait)
        self._take(endpoint, scope)

    def takes(self, endpoint: str, scope: str = "", *, urgent: bool = False) -> bool:
        """Take one request (of a batch: one order) if there is room now; never waits."""
        now, charged = self._now(), self._charged(endpoint, scope)
        for window, weight in charged:
            # Mostly there is room whatever has left the window meanwhile: then it need not be tidied.
            room = window.size if urgent else window.ordinary
            if len(window.sent) + weight > room and window.wait(now, urgent=urgent, weight=weight):
                return False
        for window, weight in charged:
            window.take(now, weight)
        return True

    def exhausted(self, endpoint: str, scope: str = "") -> None:
        """The venue answered "too many requests"."""
        if self._limits.own:
            self.window(endpoint, scope).exhaust(self._now())
            return
        # One window for everything: a cancel is tried all the same, ordinary work is not.
        for window, _ in self._charged(endpoint, scope):
            window.exhaust(self._now(), room=True)

    def banned(self) -> None:
        """The venue has shut us out: every request would only prolong it."""
        for name, _ in self._limits.always:
            self.window(name).exhaust(self._now())

    def _take(self, endpoint: str, scope: str) -> None:
        for window, weight in self._charged(endpoint, scope):
            window.take(self._now(), weight)

    def _charged(self, endpoint: str, scope: str) -> list[tuple[Window, int]]:
        """The windows in which a request counts, and how much. Worked out once for each of its kind."""
        known = self._charges.get((endpoint, scope))
        if known is not None:
            return known
        rows = [(endpoint, 1)] if self._limits.own else []
        rows += self._limits.also.get(endpoint, ())
        rows += self._limits.always
        found = self._charges[endpoint, scope] = [(self.window(name, scope), n) for name, n in rows]
        return found
