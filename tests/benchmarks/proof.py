"""What proof costs: DSR and PBO over 200 trials of 2,000 days (goal: under 2 s), and the trial ledger."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from cockpit.lab.proof import trials
from cockpit.lab.proof.gate import judge
from cockpit.lab.trial_ledger.chain import Ledger
from cockpit.lab.trial_ledger.count import counted
from cockpit.lab.trial_ledger.crowd import Stretch, pool_of
from cockpit.lab.trial_ledger.record import Trial
from cockpit.lab.trial_ledger.verify import verify
from tests.benchmarks.rows import Row, cpu, row

DAYS, TRIALS, BLOCKS, MOST_S = 2_000, 200, 16, 2.0
APPENDED, LEAST = 10_000, 10_000
DAY, DATA = 86_400_000, "ab" * 32


def run() -> list[Row]:
    """DSR + PBO, the whole gate over a ledger, and the ledger's own rates."""
    matrix = np.random.default_rng(7).normal(0.0, 0.01, (DAYS, TRIALS))

    def statistics() -> None:
        trials.best(matrix)
        trials.pbo(matrix, BLOCKS)

    begin = time.monotonic()
    statistics()
    wall = time.monotonic() - begin
    spent, _ = cpu(statistics)
    found = [
        row("DSR + PBO, S=16, N=200, T=2,000", spent, "s CPU", goal="< 2 s", met=spent < MOST_S),
        row("  the same, wall time here", wall, "s", goal="< 2 s", met=wall < MOST_S),
    ]
    with tempfile.TemporaryDirectory() as folder:
        found += _ledger(Path(folder), matrix)
    return found


def _ledger(folder: Path, matrix: np.ndarray) -> list[Row]:
    ledger = Ledger(folder / "small")
    ledger.append(_trial(k, matrix[:, k]) for k in range(TRIALS))
    at = Stretch(DATA, 0, DAYS * DAY, DAY, DAYS)

    def gate() -> None:
        pool = pool_of(ledger, at)
        judge(matrix[:, 0], pool.matrix, pool.crowd, 365.0)

    whole, _ = cpu(gate)
    large, daily = Ledger(folder / "large"), np.random.default_rng(8).normal(0.0, 0.01, 1_461)

    def append() -> None:
        with large.recorder() as note:
            for k in range(APPENDED):
                note(_trial(k, daily))

    begin = time.monotonic()
    appended, _ = cpu(append, 1)
    rate, there = APPENDED / appended, APPENDED / (time.monotonic() - begin)
    verified, verdict = cpu(lambda: verify(large), 1)
    count, counts = cpu(lambda: counted(large.rows()), 1)
    assert verdict.whole
    assert counts.trials == APPENDED
    note_ = "four years of daily returns each"
    return [
        row("the gate over a ledger of 200 trials", whole, "s CPU"),
        row("trials into the ledger", rate, "trials/s CPU", goal=">= 10,000", met=rate >= LEAST, note=note_),
        row("  on the disk, wall time here", there, "trials/s"),
        row("  verified, every byte", APPENDED / verified, "trials/s"),
        row("  counted", APPENDED / count, "trials/s"),
    ]  # fmt: skip


def _trial(k: int, returns: np.ndarray) -> Trial:
    end = len(returns) * DAY
    return Trial("s@1", "0f" * 16, {"k": k}, DATA, 0, end, source="optimize", returns=returns)
