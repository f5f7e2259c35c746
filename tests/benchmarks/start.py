"""Goal H1: what a command line costs that only wants a word from us."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from tests.benchmarks.rows import Row, recorded, row

RUNS = 15
COCKPIT = (str(Path(sys.executable).with_name("cockpit")),)


def run() -> list[Row]:
    """Wall time of whole processes, taken in turns so that a busy moment hits all alike."""
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "import textual.app": (sys.executable, "-c", "import textual.app"),
        "cockpit --version": (*cockpit(), "--version"),
        "cockpit --help": (*cockpit(), "--help"),
    }
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            begin = perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            spent[name].append((perf_counter() - begin) * 1_000)
    took = {name: statistics.median(times) for name, times in spent.items()}
    floor = took["python -c pass"]
    rows = [row("python -c pass", floor, "ms", note="the floor")]
    rows.append(row("python -c 'import textual.app'", took["import textual.app"], "ms", floor=floor))
    rows += [
        row(name, took[name], "ms", floor=floor, goal="H1: <= 100 ms", met=took[name] <= 100)
        for name in ("cockpit --version", "cockpit --help")
    ]
    rows.append(recorded("freqtrade --help", 109, "ms"))
    return rows


def cockpit() -> tuple[str, ...]:
    """The installed command, or the module where it is not installed."""
    return COCKPIT if Path(COCKPIT[0]).exists() else (sys.executable, "-m", "cockpit")
