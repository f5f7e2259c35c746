"""How late a sleeping task is woken: what a loop makes everybody wait, and what the machine does alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import TracebackType

BEAT_S = 0.002


class Beats:
    """Sleeps and compares, over and over, on the loop it runs on."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    async def run(self, seconds: float) -> None:
        """For so long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (before := loop.time()) < until:
            await asyncio.sleep(BEAT_S)
            self.late_ms.append((loop.time() - before - BEAT_S) * 1_000)


class Neighbour:
    """An empty loop in a process of its own, at the same time: the delays that are not ours."""

    def __init__(self, seconds: float) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.beats", str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.late_ms: list[float] = []

    def __enter__(self) -> Neighbour:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        said, _ = self._process.communicate()
        self.late_ms = [float(word) for word in said.split()]


def main() -> None:
    """Print every delay."""
    beats = Beats()
    asyncio.run(beats.run(float(sys.argv[1])))
    print(*(f"{late:.3f}" for late in beats.late_ms))


if __name__ == "__main__":
    main()
