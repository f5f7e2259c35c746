"""From the halt file to the instant at which no entry order rests, with the daemon under SIGSTOP.

Daemon, guardian and ``cockpit exchange`` are processes of their own; the guardian acts. A heart that has
stood still for a moment does not obey a halt file itself (``guardian.STILL_S``): a daemon frozen just now
costs that wait, and one that nobody has missed costs ``run.guardian_after_s``. After each kill the daemon
wakes up, must find itself halted, and is resumed through the door.
"""

from __future__ import annotations

import os
import signal
import time

from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app.commands.kill import leave_file
from cockpit.app.guardian import STILL_S
from cockpit.core.config import Config
from tests.benchmarks.disk import folder
from tests.benchmarks.kill import SYMBOLS, Bench, daemon, exchange
from tests.benchmarks.rows import Row, percentile, row

ASKED, UNASKED = 6, 2
"""Kills each, with a halt file and without."""


def run() -> list[Row]:
    """Frozen for long, frozen just now, and nobody asks."""
    with folder() as place, exchange() as venue, daemon(place, venue, "run.guardian=true") as machine:
        log = machine.folder / "guardian.log"
        machine.wait(lambda: log.exists() and "watching" in log.read_text("utf-8"), 60)
        bench = Bench(machine, venue)
        own_s = Config().run.guardian_after_s
        return [
            _row(
                bench,
                f"halt file, frozen for {STILL_S + 1:.0f} s",
                STILL_S + 1,
                ASKED,
                (5_000.0, "frozen: <= 5 s"),
            ),
            _row(bench, "halt file, frozen just now", 0.0, ASKED, (5_000.0, "frozen: <= 5 s")),
            _row(bench, f"nobody asks, guardian_after_s = {own_s:g}", None, UNASKED),
        ]


def _row(
    bench: Bench, name: str, after_s: float | None, times: int, goal: tuple[float, str] | None = None
) -> Row:
    found = [kill(bench, after_s) for _ in range(times)]
    p99, note = percentile(found, 0.99), f"p50 {percentile(found, 0.5):.0f}; {times} kills"
    if goal is None:
        return row(f"guardian to no entry rests, p99: {name}", p99, "ms", note=note)
    most, words = goal
    return row(f"guardian to no entry rests, p99: {name}", p99, "ms", goal=words, met=p99 <= most, note=note)


def kill(bench: Bench, after_s: float | None) -> float:
    """Ms to no entry resting, counted from the halt file left so long after the freezing; None = no file."""
    machine = bench.machine
    machine.wait(lambda: bench.resting() >= 2 * len(SYMBOLS), 90)
    os.kill(machine.pid, signal.SIGSTOP)
    try:
        time.sleep(after_s or 0.0)
        key = time.monotonic()
        if after_s is not None:
            leave_file(machine.folder, flatten=False)
        seen: list[tuple[float, int]] = []
        bench.watch(seen)
    finally:
        os.kill(machine.pid, signal.SIGCONT)
    if seen[-1][1]:
        raise RuntimeError(f"an entry still rests: {seen[-1][1]}")
    machine.wait(lambda: (machine.status()["halt"] or {}).get("phase") == "confirmed", 60)
    with SyncDoor(door_path(machine.folder), wants_drive=True) as door:
        lifted = door.ask("resume", {"word": "RESUME", "reason": "bench"})
        assert lifted.ok, lifted
    last = max((at for at, count in seen if count), default=key)
    return (min(at for at, _ in seen if at > last) - key) * 1_000
