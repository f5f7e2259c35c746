"""Who serves and who is measured have cores of their own, as where the goals come from, and kept awake ones.

Left to itself Linux may run both on the core of whoever sends (seen on an idle machine): a reader then waits
until all of a burst has been written, and what is measured is the sender.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cockpit.app.awake import Awake


def parted() -> tuple[set[int], set[int]]:
    """(for the server, for its clients); the same ones where there is only one, none where nobody can say."""
    if sys.platform != "linux":
        return set(), set()
    cores = os.sched_getaffinity(0)
    server = {min(cores)}
    return (server, cores - server) if len(cores) > 1 else (cores, cores)


@contextmanager
def kept_to(cores: set[int]) -> Iterator[None]:
    """This thread, and what it starts meanwhile, on ``cores`` only."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def states() -> list[tuple[str, bool]]:
    """(in words, judged) of each state of the processors in which latency is measured.

    As they are found they sleep between two messages, and half of what any client takes is its waking up.
    Goals are judged where they are kept awake, for peers as for us, as ``run.keep_awake`` has it; only where
    the system does not let us, as they are found.
    """
    try:
        Awake().close()
    except OSError:
        return [("", True)]
    return [(", cores awake", True), (", cores as found", False)]


@contextmanager
def held(words: str) -> Iterator[None]:
    """The processors in one of the ``states``."""
    if "awake" not in words:
        yield
        return
    with Awake():
        yield
