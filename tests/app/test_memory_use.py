"""The word before the memory is gone: said once, taken back once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cockpit.app.memory_use import Watch, machine_percent, resident_mb


def test_it_is_said_once_and_taken_back_once() -> None:
    said: list[tuple[str, str, str]] = []
    readings: Iterator[float] = iter((50.0, 85.0, 90.0, 82.0, 79.0, 84.9, 86.0))
    watch = Watch(
        85.0, lambda level, message, words: said.append((level, message, words["percent"])), readings.__next__
    )
    for _ in range(7):
        watch.look()
    assert said == [
        ("alarm", "memory.full", "85"),
        ("good", "memory.fine", "79"),
        ("alarm", "memory.full", "86"),
    ]
    assert watch.percent == 86.0


def test_what_the_system_says_and_does_not_say(tmp_path: Path) -> None:
    file = tmp_path / "meminfo"
    file.write_text("MemTotal:   1000 kB\nMemFree: 1 kB\nMemAvailable:  250 kB\n")
    assert machine_percent(file) == 75.0
    file.write_text("nothing\n")
    assert (machine_percent(file), machine_percent(tmp_path / "none")) == (0.0, 0.0)
    assert resident_mb() >= 0.0
