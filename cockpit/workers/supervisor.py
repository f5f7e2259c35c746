"""Runs the workers side by side. A task that ends is never unnoticed (F22).

A worker that fails is our bug: everything stops in order (crash-only), and the next start is replay plus
reconciliation, the one path that is always tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Job = Callable[[], Awaitable[None]]


class Supervisor:
    """``main`` ends the run when it ends; every other job must not end at all."""

    def __init__(self, main: Job, others: Mapping[str, Job]) -> None:
        self._main = main
        self._others = others
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Until ``main`` ends or ``stop`` is called. Raises what a worker raised."""
        main = asyncio.ensure_future(self._main())
        others = {asyncio.ensure_future(job()): name for name, job in self._others.items()}
        self._tasks = [main, *others]
        try:
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.cancelled():
                    continue
                error = task.exception()
                if error is not None:
                    raise error
                if task is not main and not main.done():
                    await main
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """End the run in order."""
        for task in self._tasks[:1]:
            task.cancel()
