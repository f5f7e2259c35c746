"""The practice market's long past, made up in a process of its own.

Nine days are seconds of pure arithmetic: in a thread they would take the interpreter from the machine and
from the screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import msgspec

from cockpit.adapters.practice import PracticeSpec, history
from cockpit.app import priority
from cockpit.core import events as ev
from cockpit.core.unreadable import UNREADABLE

HOUR_MS, HOURS = 3_600_000, 9 * 24


class Wanted(msgspec.Struct, frozen=True):
    """Which hours of which markets."""

    spec: PracticeSpec
    symbols: tuple[str, ...]
    hours: int = HOURS


def hours(wanted: Wanted) -> list[ev.Bar]:
    """Hourly candles before the session, made by a child; blocks for as long as that takes.

    Where no child can be had they are made here: slower for everybody, but the same.
    """
    command = [sys.executable, "-m", "cockpit.app.practice_past", msgspec.json.encode(wanted).decode()]
    read, write = os.pipe()
    try:
        # A session of its own: what interrupts the screen must not leave a traceback on it. Nothing is ever
        # written into the pipe; where this process dies it ends, and the child with it.
        said = subprocess.run(command, stdin=read, capture_output=True, start_new_session=True)
        found = [ev.decode(bytes.fromhex(line)) for line in said.stdout.decode("ascii").splitlines()]
    except (OSError, ValueError, *UNREADABLE):
        said, found = None, []
    finally:
        os.close(read)
        os.close(write)
    if said is None or said.returncode:
        return list(_made(wanted))
    return [bar for bar in found if isinstance(bar, ev.Bar)]


def _made(wanted: Wanted) -> Iterator[ev.Bar]:
    for symbol in wanted.symbols:
        yield from history(wanted.spec, symbol, HOUR_MS, wanted.hours)


def main(text: str) -> int:
    """The child: one candle a line."""
    priority.step_back()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for bar in _made(msgspec.json.decode(text, type=Wanted)):
        sys.stdout.write(ev.encode(bar).hex() + "\n")
    return 0


def _end_with_parent() -> None:
    """Nobody is left who would read it."""
    os.read(0, 1)  # not through ``sys.stdin``, whose lock the end of this process would wait for
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
