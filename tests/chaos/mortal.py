"""``python -m tests.chaos.mortal --daemon …``: the cockpit, which dies by kill -9 at a named point.

The real program with the real store, sockets and threads; what is added is a look at each point that the
simulator's worlds die at (``commit.inside``, ``pre_wire``, …): a file ``death`` in the data directory holds
the name of a point and how many times it may still be passed. Production has no such door: the points get
their meaning here, by replacing the defaults that mean nothing.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
from pathlib import Path

from cockpit.adapters.store import sqlite
from cockpit.cli import main
from cockpit.workers import crew

POINTS = ("commit.before", "commit.inside", "commit.after", "step.after", "pre_wire", "post_wire")
"""What the real store and the real workers pass by."""
DEATH = "death"


class Death:
    """Counts passings once the file says of what."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.point = ""
        self.left = 0

    def __call__(self, point: str) -> None:
        """Passing ``point``: the end, or nothing."""
        if not self.point:
            with contextlib.suppress(OSError, ValueError):
                name, left = self.path.read_text("utf-8").split()
                self.point, self.left = name, int(left)
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def arm(folder: Path, point: str, passings: int) -> None:
    """The next process of ``folder``, or the one that runs, dies there. In one piece: it may look now."""
    draft = folder / f"{DEATH}.part"
    draft.write_text(f"{point} {passings}\n", "utf-8")
    draft.replace(folder / DEATH)


def disarm(folder: Path) -> None:
    """Before the next start."""
    (folder / DEATH).unlink(missing_ok=True)


def wire(folder: Path) -> None:
    """Gives the points of this process their meaning."""
    death = Death(folder / DEATH)
    sqlite.write = functools.partial(sqlite.write, point=death)  # type: ignore[attr-defined]
    crew.Crew.__init__ = functools.partialmethod(crew.Crew.__init__, chaos=death)  # type: ignore[method-assign]


if __name__ == "__main__":
    wire(Path(sys.argv[sys.argv.index("--data-dir") + 1]))
    sys.exit(main())
