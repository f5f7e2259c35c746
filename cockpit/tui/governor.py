"""Keeps the screen cheap: when painting costs too much, the less urgent panels are painted less often."""

from __future__ import annotations

PAINT_LIMIT = 0.008
"""Seconds of one round of painting, on average."""
LATE_LIMIT = 0.030
"""Seconds the painting timer fires late, on average: somebody else holds the loop."""
WEIGHT = 0.1


class Governor:
    """Moving averages of what painting costs and how late its timer fires."""

    def __init__(self, period: float) -> None:
        self.period = period
        self.paint = 0.0
        self.late = 0.0
        self.worst = 0.0
        """The dearest round since somebody looked and set it back."""
        self.slow = False
        self._before: float | None = None

    def begin(self, now: float) -> None:
        """A round of painting starts."""
        if self._before is not None:
            lateness = max(0.0, now - self._before - self.period)
            self.late += (lateness - self.late) * WEIGHT
        self._before = now

    def end(self, now: float) -> None:
        """It is done. Slow once a limit is passed, quick again below half of both."""
        if self._before is not None:
            self.paint += (now - self._before - self.paint) * WEIGHT
            self.worst = max(self.worst, now - self._before)
        if self.paint > PAINT_LIMIT or self.late > LATE_LIMIT:
            self.slow = True
        elif self.paint < PAINT_LIMIT / 2 and self.late < LATE_LIMIT / 2:
            self.slow = False
