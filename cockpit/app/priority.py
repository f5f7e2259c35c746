"""Work beside the trading gives way to it, and on Linux that takes more than a niceness.

Linux as most distributions build it shares the processor out among sessions first (``sched_autogroup``) and
by niceness only within one. What we start gets a session of its own, so that whatever interrupts the screen
does not reach it, and is then worth as much as the whole cockpit, however nice it is: beside a busy process
one of niceness 10 got 488 ms of CPU to its 489. Where its session gives way as well it got 62 to 594.

That is about shares; who wakes waits all the same until the other's turn is over, up to the kernel's next
tick (4 ms). Since 6.12 Linux lets a thread that asks for shorter turns in at once, and with it its session.
What trades asks for them: that needs no privilege, and gives it no more of the processor.

Even so an order waits on a machine whose every core works: as soon as one of its threads wakes the next, the
kernel looks whose turn it is, and whoever has just run is not it, however large its share. Work of ours is
let in then until the next tick (seen in the kernel's trace: 4 of 100 orders a millisecond late or more). So
work of ours leaves one core free, where there are two or more; so does the thread that paints.
"""

from __future__ import annotations

import os
import platform
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.adapters.store.sqlite import SqliteStore

TURN_NS = 100_000
"""The shortest turn that Linux grants; its own are of some milliseconds."""
CALLS = {"x86_64": (314, 315), "aarch64": (274, 275)}
"""Numbers of ``sched_setattr`` and ``sched_getattr``."""
ATTRIBUTES = struct.Struct("=IIQiIQQQ")
"""``struct sched_attr``: size, policy, flags, nice, priority, runtime (here: the turn), deadline, period."""
NOT_THE_CHILDREN = 1
"""SCHED_FLAG_RESET_ON_FORK: processes and threads begun by this one have turns as usual."""
NICE = 10
TRIES = 20
AGAIN_S = 0.1
"""A user may change this of a session ten times a second, all programs together."""


def give_way(pid: int) -> bool:
    """Let everybody go before the process ``pid``, a leader of its own session, and all that it starts.

    False: not yet, ask again after ``AGAIN_S``. What the system refuses for good is left as it is.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, pid, max(NICE, os.getpriority(os.PRIO_PROCESS, pid)))
        leave_a_core(pid)
        if os.getsid(pid) == pid:  # anybody else's session is not ours to slow down
            Path(f"/proc/{pid}/autogroup").write_text(f"{NICE}\n", "ascii")
    except BlockingIOError:
        return False
    except (OSError, AttributeError):
        pass
    return True


def leave_a_core(pid: int = 0) -> None:
    """Keep a process or thread (0 = this thread), and all it starts from now on, off its last core."""
    if sys.platform == "linux":
        cores = os.sched_getaffinity(pid)
        if len(cores) > 1:
            os.sched_setaffinity(pid, cores - {max(cores)})


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def step_back() -> None:
    """:func:`give_way` for this process itself, at its start."""
    for _ in range(TRIES):
        if give_way(os.getpid()):
            return
        time.sleep(AGAIN_S)


async def go_first(store: SqliteStore) -> None:
    """The calling thread (the loop's) and the journal's are let in as soon as they wake, where possible."""
    short_turns()
    await store.ask(lambda _connection: short_turns())


def short_turns() -> bool:
    """Short turns for this thread; False where the system knows no such wish."""
    if sys.platform != "linux" or platform.machine() not in CALLS:
        return False
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
        return False  # whoever gave it another policy knows why
    import ctypes

    nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    wish = ATTRIBUTES.pack(ATTRIBUTES.size, 0, NOT_THE_CHILDREN, nice, 0, TURN_NS, 0, 0)
    return bool(ctypes.CDLL(None).syscall(CALLS[platform.machine()][0], 0, wish, 0) == 0)


def turn_ns(thread: int = 0) -> int:
    """The turn of a thread or process by its id, 0 = this thread's. 0 where the system tells nobody."""
    if sys.platform != "linux" or platform.machine() not in CALLS:
        return 0
    import ctypes

    told = ctypes.create_string_buffer(ATTRIBUTES.size)
    if ctypes.CDLL(None).syscall(CALLS[platform.machine()][1], thread, told, ATTRIBUTES.size, 0):
        return 0
    return int(ATTRIBUTES.unpack(told.raw)[5])
