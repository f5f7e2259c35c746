"""How fast simulated hours pass (goal: 0.5 a second of the processor), and how much happens in one.

The goal was taken from a prototype whose hour held 151 orders, 72 wire faults, 3.1 crashes and 0.6 kill
presses: a trader's hours hold at least that. The usual worlds are several times as busy, and miss it.
"""

from __future__ import annotations

from tests.benchmarks.rows import Row, row
from tests.simulation.campaign import KINDS, Sum, account
from tests.simulation.faults import HELD_FROM

LEAST = 0.5
SEEDS = {"trader": 10, "busy": 40}
"""Ten hours; and forty worlds that live for 90 s and as long again until they are quiet."""


def run() -> list[Row]:
    """Both kinds, one process; a violated invariant is no figure."""
    return [measured(name, count) for name, count in SEEDS.items()]


def measured(name: str, count: int) -> Row:
    """So many worlds of a kind, with what an hour of them holds in the note."""
    sums = Sum()
    for seed in range(HELD_FROM, HELD_FROM + count):
        sums.add(account(seed, KINDS[name]))
    if sums.bad:
        raise RuntimeError("; ".join(sums.bad))
    goal, met = f">= {LEAST}", sums.speed >= LEAST
    words = f"simulated hours, kind {name}"
    return row(words, sums.speed, "h/CPU s", goal=goal, met=met, note=f"an hour holds {sums.density()}")
