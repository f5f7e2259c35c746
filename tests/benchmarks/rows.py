"""What a benchmark reports, and how its seconds are counted.

The machine is shared: rates are per CPU second of this process (median of n), latencies are wall time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Row(msgspec.Struct, frozen=True):
    """One figure. ``ratio`` is value / floor; ``met`` is None where no goal is set."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    note: str = ""
    recorded: bool = False
    """True: not measured here, a peer's figure from reference/performance.md."""


def row(
    name: str,
    value: float,
    unit: str,
    *,
    floor: float | None = None,
    goal: str = "",
    met: bool | None = None,
    note: str = "",
) -> Row:
    """A measured figure; its ratio to the floor is worked out."""
    return Row(name, value, unit, floor, value / floor if floor else None, goal, met, note)


def recorded(name: str, value: float, unit: str, note: str = "") -> Row:
    """A peer's figure, measured once on the project's kind of machine and quoted here."""
    return Row(name, value, unit, note=note, recorded=True)


def cpu(work: Callable[[], T], times: int = 3) -> tuple[float, T]:
    """Median CPU seconds of a call, and its last result."""
    spent: list[float] = []
    for _ in range(times):
        begin = process_time()
        result = work()
        spent.append(process_time() - begin)
    return statistics.median(spent), result


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0…1) of all stay at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def resident_mb(pid: int | str = "self") -> float:
    """Memory of a process that is in RAM; NaN where the system does not say."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return float("nan")


def load() -> float:
    """Runnable processes of the last minute: how busy others keep this machine."""
    try:
        return float(Path("/proc/loadavg").read_text().split()[0])
    except OSError:
        return float("nan")


def peak_mb() -> float:
    """Most memory that this process has had, MB.

    Asked of Linux where it is there: ``ru_maxrss`` begins with that of the process that started it.
    """
    import resource

    if (status := Path("/proc/self/status")).is_file():
        found = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(found.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
