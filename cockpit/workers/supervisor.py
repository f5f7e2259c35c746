"""Runs the workers side by side. A task that ends is never unnoticed (F22).

A worker that fails is our bug: everything stops in order (crash-only), and the next start is replay plus
reconciliation, the one path that is always tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from cockpit.core.errors import InvariantError

Job = Callable[[], Awaitable[None]]


MAY_END = frozenset(("feed",))
"""A source that is over; everybody else works until they are stopped."""


class Supervisor:
    """``main`` ends the run when it ends. Of the other jobs only a feed may end before it."""

    def __init__(self, main: Job, others: Mapping[str, Job]) -> None:
        self._main = main
        self._others = others
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Until ``main`` ends or ``stop`` is called.

        Raises what a worker raised, and InvariantError when one ended that must not.
        """
        main = asyncio.ensure_future(self._main())
        names = {asyncio.ensure_future(job()): name for name, job in self._others.items()}
        self._tasks = [main, *names]
        try:
            working = set(self._tasks)
            while not main.done():
                done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done - {main}, key=lambda task: names[task]):
                    _explain(names[task], task)
            if not main.cancelled():
                main.result()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """End the run in order."""
        for task in self._tasks[:1]:
            task.cancel()


def _explain(name: str, task: asyncio.Task[None]) -> None:
    if task.cancelled():
        raise InvariantError(f"the worker {name!r} was cancelled")
    task.result()
    if name not in MAY_END:
        raise InvariantError(f"the worker {name!r} has ended")
