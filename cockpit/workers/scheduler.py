"""Cron lines on the wall clock (OPS-03). What comes of them enters the machine as facts, as all does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from cockpit.core.errors import ConfigError
from cockpit.core.ports import Clock

STEP_S = 20.0
"""Longest sleep: a clock that is set is noticed within that."""


def next_after(line: str, ms: int) -> int:
    """The first instant after ``ms`` (UTC ms) that a cron line names. Raises ConfigError for what is none."""
    try:
        return int(next(CronSim(line, datetime.fromtimestamp(ms / 1_000, UTC))).timestamp() * 1_000)
    except (CronSimError, StopIteration) as error:
        raise ConfigError(f"not a cron line: {line!r} (write 0 */1 * * * for every hour)") from error


class Scheduler:
    """Calls ``fire(due)`` at each instant of one line; a turn that is missed (suspended machine) is made up
    for once."""

    def __init__(self, line: str, fire: Callable[[int], Awaitable[None]], clock: Clock) -> None:
        """Raises ConfigError when ``line`` is no cron line."""
        self.line = line
        self._fire = fire
        self._clock = clock
        self.due = next_after(line, clock.now_ms())

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(min(STEP_S, max(0.05, (self.due - self._clock.now_ms()) / 1_000)))
            await self.look()

    async def look(self) -> None:
        """Fire if it is time."""
        now = self._clock.now_ms()
        if now >= self.due:
            due, self.due = self.due, next_after(self.line, now)
            await self._fire(due)
        elif self.due - now > next_after(self.line, now) - now:
            self.due = next_after(self.line, now)  # the clock was set back
