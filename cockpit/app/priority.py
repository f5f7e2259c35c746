"""Work beside the trading gives way to it, and on Linux that takes more than a niceness.

Linux as most distributions build it shares the processor out among sessions first (``sched_autogroup``) and
by niceness only within one. What we start gets a session of its own, so that whatever interrupts the screen
does not reach it, and is then worth as much as the whole cockpit, however nice it is: beside a busy process
one of niceness 10 got 488 ms of CPU to its 489. Where its session gives way as well it got 62 to 594.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

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
        if os.getsid(pid) == pid:  # anybody else's session is not ours to slow down
            Path(f"/proc/{pid}/autogroup").write_text(f"{NICE}\n", "ascii")
    except BlockingIOError:
        return False
    except (OSError, AttributeError):
        pass
    return True


def step_back() -> None:
    """:func:`give_way` for this process itself, at its start."""
    for _ in range(TRIES):
        if give_way(os.getpid()):
            return
        time.sleep(AGAIN_S)
