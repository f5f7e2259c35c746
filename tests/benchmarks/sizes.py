"""The whole cockpit in three sizes at three tempos; keys while it is busy; a terminal that stalls for 10 s.

Tempos are those of the practice market: its slowest (about 9 messages a second), 5,000 and 20,000.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from textual import events

from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.tui.app import CockpitApp
from tests.benchmarks.disk import folder
from tests.benchmarks.rows import Row, row
from tests.benchmarks.screen import PAINTED, _command, together, watch
from tests.benchmarks.terminal import Terminal

SIZES = ((80, 24), (120, 40), (200, 60))
TEMPOS = {"quiet": 0.05, "5,000/s": 25.0, "20,000/s": 110.0}
WATCH_S = 5.0
PRESSES = 60
STALL_S = 10.0


def run() -> list[Row]:
    """Sizes and tempos, then the keys, then the stall."""
    return [*_matrix(), *_keys(), *_stalled()]


def _matrix() -> list[Row]:
    rows: list[Row] = []
    for size in SIZES:
        for tempo, rate in TEMPOS.items():
            name = f"{size[0]}x{size[1]}, {tempo}"
            seen = watch(rate, size, WATCH_S)
            _, screen, outside = together(rate, size, WATCH_S)
            aimed = size == (120, 40) and tempo == "5,000/s"
            share, stall = seen.screen * 100, _at(screen, 0.999)
            goal, met = ("<= 10 % of a core", share <= 10) if aimed else ("", None)
            rows.append(row(f"screen CPU, {name}", share, "% of core", goal=goal, met=met))
            rows.append(row("  the machine's threads", seen.machine * 100, "% of core"))
            goal, met = ("p99.9 <= 10 ms", stall <= 10) if aimed else ("", None)
            floor = _at(outside, 0.999)
            note = f"worst {max(screen):.1f}, an empty loop {max(outside):.1f}"
            rows.append(
                row("  stall of its loop, p99.9", stall, "ms", floor=floor, goal=goal, met=met, note=note)
            )
            rows.append(
                row("  written to the terminal", seen.kilobytes, "kB/s", note=f"{seen.rss_mb:.0f} MB RSS")
            )
    return rows


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _keys() -> list[Row]:
    """From a key on the screen's queue to its command at the engine's door, at 5,000 messages a second."""
    taken: list[float] = []

    async def press(app: CockpitApp) -> None:
        link, stamps = app.link, [0.0]
        real = link.send

        def send(verb: str, args: dict[str, str]) -> str:
            taken.append((time.perf_counter() - stamps[0]) * 1_000)
            return real("status", {})

        link.send = send  # type: ignore[method-assign]
        for _ in range(PRESSES):
            for _ in range(2):  # armed, then fired
                await asyncio.sleep(0.13)
                key: Any = events.Key("ctrl+g", None)
                stamps[0] = time.perf_counter()
                app.post_message(key)
        await asyncio.sleep(0.2)

    _, _, outside = together(TEMPOS["5,000/s"], (120, 40), PRESSES * 0.3 + 3.0, press)
    late, floor = _at(taken, 0.99), _at(outside, 0.99)
    return [
        row("kill switch to engine at 5,000/s, p50", _at(taken, 0.5), "ms", note=f"of {len(taken)} presses"),
        row("kill switch to engine at 5,000/s, p99", late, "ms", floor=floor, goal="< 10 ms", met=late < 10),
    ]


def _stalled() -> list[Row]:
    """The engine's own heartbeat, in the same process, while its terminal reads nothing for ten seconds."""
    with folder() as place, Terminal(_command(place, 25.0), place, (120, 40)) as terminal:
        terminal.until(PAINTED, 30)
        terminal.read(4.0)
        with SyncDoor(door_path(place / "data"), rate=4.0) as door:
            before = _worst(door, 4.0, terminal)
            stalled = _worst(door, STALL_S, None)
        terminal.read(1.0)
        alive = terminal.process.poll() is None
    met = stalled < 60 and alive
    words = "engine heartbeat, worst delay, terminal stalled 10 s"
    return [row(words, stalled, "ms", floor=before, goal="< 60 ms", met=met, note="floor: while it is read")]


def _worst(door: SyncDoor, seconds: float, reader: Terminal | None) -> float:
    worst, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        worst = max(worst, door.frame().health.loop_ms)
        if reader is not None:
            reader.read(0.05)
    return worst
