"""Processors that do not go to sleep between two messages (``run.keep_awake``), for who has cores to spare.

A processor with nothing to do is halted, and coming back takes longer than all the work on a message: on a
virtual machine 25 to 50 us, and an order's way is woken some four times (a tick comes in, the journal's
thread, the loop when the row is durable, the venue's answer). Linux keeps them awake for as long as somebody
holds ``/dev/cpu_dma_latency`` open with a zero in it: 3 us. The price is power: every core of the machine
waits at full speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

WISH = Path("/dev/cpu_dma_latency")
"""Linux's power management quality of service: the longest wake-up that its holders bear, int32, us."""
NO_SLEEP = bytes(4)
TRIES = 61
Say = Callable[[str, str, Mapping[str, str]], None]
REST_S = 0.002
"""What lies between two messages of a busy market."""


class Awake:
    """Holds the processors awake from its making to ``close``; nothing of it outlives the process."""

    def __init__(self, wish: Path = WISH) -> None:
        """Raises OSError where this system has no such wish, or not for this user."""
        # Not O_CREAT: on a system without it no file of that name may come into being.
        self._held = os.open(wish, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(self._held, NO_SLEEP)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """They may sleep again."""
        held, self._held = self._held, -1
        if held >= 0:
            os.close(held)

    def __enter__(self) -> Awake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def kept(say: Say, wish: Path = WISH) -> None:
    """For ever, as every worker. A system that refuses costs speed, no trade: it is said once."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(Awake(wish))
        except OSError as error:
            say("warn", "awake.refused", {"path": str(wish), "reason": str(error.strerror)})
        else:
            say("good", "awake.held", {})
        await asyncio.Event().wait()


def wake_us(tries: int = TRIES) -> float:
    """How long after it was called a thread on another core is at work, us, the median of ``tries``."""
    ask, asked = os.pipe(), os.pipe()
    late: list[int] = []

    def sleeper() -> None:
        _move_to(other)
        while os.read(ask[0], 1) == b"?":
            late.append(time.perf_counter_ns() - at[0])
            os.write(asked[1], b"!")

    at, before = [0], _cores()
    other = {max(before)} if before else set()
    _move_to(before - other)
    thread = threading.Thread(target=sleeper, name="wake", daemon=True)
    thread.start()
    try:
        for _ in range(tries):
            time.sleep(REST_S)
            at[0] = time.perf_counter_ns()
            os.write(ask[1], b"?")
            os.read(asked[0], 1)
    finally:
        os.write(ask[1], b".")
        thread.join()
        _move_to(before)
        for end in (*ask, *asked):
            os.close(end)
    return sorted(late)[tries // 2] / 1_000


def _cores() -> set[int]:
    """Those of this thread; none where the system does not say."""
    return os.sched_getaffinity(0) if sys.platform == "linux" else set()


def _move_to(cores: set[int]) -> None:
    """This thread only; nowhere else where there is nowhere else."""
    if sys.platform == "linux" and cores:
        os.sched_setaffinity(0, cores)
