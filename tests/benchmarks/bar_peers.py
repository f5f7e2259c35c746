"""What bar backtests are measured beside: the hand-written kernel, and vectorbt where a Python has it.

The kernel runs in this process; vectorbt in its own environment (``COCKPIT_PEERS_PYTHON``), by the peers' own
scripts on the same bars in the same run. Without it what was recorded on another, faster machine is quoted.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from cockpit.lab.compiled.tape import Tape
from tests.benchmarks import peers

FIELDS = ("open", "high", "low", "close", "volume")


class Kernel(NamedTuple):
    """The hand-written kernel on the same bars."""

    once: Callable[[], Any]
    sweep: Callable[[], Any]
    cores: Callable[[int], Any]
    """Its sweep on so many."""


def kernel(tape: Tape, count: int) -> Kernel | None:
    """None where it is not at hand."""
    script = peers.FOLDER / "kernel.py"
    if not script.is_file():
        return None
    spec = importlib.util.spec_from_file_location("peer_kernel", _copied(script))
    if spec is None or spec.loader is None:
        return None
    import numba

    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    columns = [np.array(column) for column in (tape.open, tape.high, tape.low, tape.close)]
    none, answers = np.empty(0), np.empty(count)
    sets = np.array([(5 + i % 20, 30 + i % 40, 14, 2.0) for i in range(count)], dtype=float)

    def cores(most: int) -> None:
        numba.set_num_threads(min(most, numba.config.NUMBA_NUM_THREADS))
        module.sweep_par(*columns, sets, 0.0005, answers)

    return Kernel(
        lambda: module.run(*columns, 9, 21, 14, 2.0, 0.0005, none),
        lambda: module.sweep(*columns, sets, 0.0005, answers),
        cores,
    )


def _copied(script: Path) -> Path:
    """In a folder where numba may keep its cache."""
    place = Path(tempfile.mkdtemp()) / script.name
    place.write_text(script.read_text())
    return place


class Vectorbt(NamedTuple):
    """Of one core."""

    once: float
    """Bars a second."""
    sweep: float
    """Backtests a second."""
    whence: str


RECORDED = Vectorbt(2.1e6, 207.0, "recorded on another machine")


def vectorbt(tape: Tape, count: int) -> Vectorbt:
    """Measured on these bars now, or as it was recorded."""
    stamps = np.asarray(tape.ts, np.int64) * 1_000_000
    columns = {k: np.asarray(getattr(tape, n), float) for k, n in zip("ohlcv", FIELDS, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "bars_1h.npz", ts=stamps, **columns)
        once = peers.figure(peers.python(), [peers.FOLDER / "a_vectorbt.py", "1h"], folder, "bars_s")
        sweep = peers.figure(
            peers.python(), [peers.FOLDER / "b_sweep_vectorbt.py", str(count)], folder, "backtests_s"
        )
    return Vectorbt(once, sweep, "of this run") if once and sweep else RECORDED
