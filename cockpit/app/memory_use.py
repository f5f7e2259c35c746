"""Memory of this process and of the machine, and a word to the trader before there is none left."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

LOOK_S = 5.0
BELOW = 5.0
"""Percent under the limit at which it counts as over: it must not be said again at each turn."""
MEMINFO = Path("/proc/meminfo")
Say = Callable[[str, str, Mapping[str, str]], None]


def resident_mb() -> float:
    """Memory of this process that is really in RAM; 0 where the system does not say."""
    try:
        with open(f"/proc/{os.getpid()}/statm") as file:
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576


def machine_percent(source: Path = MEMINFO) -> float:
    """Share of the machine's memory that cannot be had any more, percent; 0 where the system does not say."""
    try:
        rows = dict(line.split(":", 1) for line in source.read_text("ascii").splitlines() if ":" in line)
        total, free = (int(rows[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError, IndexError):
        return 0.0
    return 100.0 * (1.0 - free / total) if total > 0 else 0.0


class Watch:
    """Says once that the machine is nearly full, and once that it is not any more (OPS-08, MO-01)."""

    def __init__(self, limit: float, say: Say, used: Callable[[], float] = machine_percent) -> None:
        """``limit``: percent of the machine's memory."""
        self.percent = 0.0
        self._limit = limit
        self._say = say
        self._used = used
        self._full = False

    def look(self) -> None:
        """One reading."""
        self.percent = self._used()
        words = {"percent": f"{self.percent:.0f}", "limit": f"{self._limit:g}", "mb": f"{resident_mb():.0f}"}
        if not self._full and self.percent >= self._limit:
            self._full = True
            self._say("alarm", "memory.full", words)
        elif self._full and self.percent < self._limit - BELOW:
            self._full = False
            self._say("good", "memory.fine", words)

    async def run(self) -> None:
        """For ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)
