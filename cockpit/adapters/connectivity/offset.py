"""The venue's clock minus ours, whatever somebody does to ours between two measurements (I20).

Our clock may be set, or jump when it is synchronised. Until the next measurement a number that was kept
would then be wrong by as much, and with it every deadline that the venue is given, and the proof that a
request can no longer arrive. So what is kept is the venue's time against the steady clock, which nobody sets.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def steady_ms() -> float:
    """A clock that only runs (ms)."""
    return time.monotonic_ns() / 1e6


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Offset:
    """``ms`` is what must be added to our clock now to have the venue's; 0 until it has been measured."""

    def __init__(self, steady: Callable[[], float] = steady_ms) -> None:
        self.steady = steady
        self._ours: Callable[[], int] = wall_ms
        self._ahead: float | None = None
        """The venue's clock minus the steady one."""

    def measured(self, venue_ms: float, at: float, ours: Callable[[], int]) -> None:
        """The venue showed ``venue_ms`` at ``at`` of the steady clock; ``ours`` is the clock to compare."""
        self._ours = ours
        self._ahead = venue_ms - at

    @property
    def ms(self) -> int:
        return 0 if self._ahead is None else round(self._ahead + self.steady() - self._ours())
