"""The venue's clock: the wall's, and a wrong one where a fault wants it."""

from __future__ import annotations

import time


class Clock:
    """``now`` is when things happen; ``told`` is what the venue says the time is."""

    def __init__(self) -> None:
        self.skew = 0
        """Ms by which the venue's clock is wrong."""

    def now(self) -> int:
        """UTC ms."""
        return time.time_ns() // 1_000_000

    def told(self) -> int:
        """UTC ms by the venue's own clock: signatures are judged by it."""
        return self.now() + self.skew

    def micros(self) -> int:
        """As :meth:`told`, in microseconds."""
        return time.time_ns() // 1_000 + self.skew * 1_000
