"""Made-up search campaigns through the real path: search, trial ledger, gate, forward stretch.

A campaign is one user's: 100 configurations on a grid, at most one of which has an edge. Returns are daily,
Student-t with 4 degrees of freedom or normal, 1 % a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.proof import deflated
from cockpit.lab.proof.gate import Judged, judge, refuted
from cockpit.lab.search.measure import Path as Run
from cockpit.lab.search.measure import measure
from cockpit.lab.search.method import Brief, discover, made
from cockpit.lab.search.space import Axis, Point, Space
from cockpit.lab.search.store import Unkept
from cockpit.lab.search.study import Search, best
from cockpit.lab.search.trial import Outcome
from cockpit.lab.search.trial import Trial as Tried
from cockpit.lab.trial_ledger.chain import Ledger
from cockpit.lab.trial_ledger.crowd import Stretch, pool_of
from cockpit.lab.trial_ledger.record import Trial

DAY, DATA, FAMILY = 86_400_000, "ab" * 32, "0f" * 16
TRUE = 37
"""The configuration that has the edge, where one has."""
FORWARD = 90
"""Days behind the search."""


class Campaign(msgspec.Struct, frozen=True):
    """What came of one."""

    found: int
    """The configuration that the search took."""
    judged: Judged
    proven: bool
    """90 days later, by themselves significant: PSR(0) >= 0.9."""
    refuted: bool

    @property
    def gate(self) -> bool:
        return self.judged.passes and self.judged.long_enough

    @property
    def through(self) -> bool:
        """The full path."""
        return self.gate and self.proven


def returns_of(seed: int, k: int, days: int, sharpe: float, fat: bool = True) -> Any:
    """Daily returns of configuration ``k``; ``sharpe`` (annual) is the edge of the true one."""
    random = np.random.default_rng([seed, k])
    noise = random.standard_t(4, days) / sqrt(2.0) if fat else random.standard_normal(days)
    return 0.01 * (noise + (sharpe / sqrt(365) if k == TRUE else 0.0))


def campaign(
    folder: Path,
    seed: int,
    years: int,
    sharpe: float = 0.0,
    cells: int = 100,
    blocks: int = 16,
    fat: bool = True,
) -> Campaign:
    """Search, count, judge, and look forward."""
    days = 365 * years
    space = Space((Axis("k", 0, cells - 1, 1.0, whole=True),))
    ledger = Ledger(folder / f"{seed}-{years}-{sharpe}-{fat}")

    def run(order: tuple[int, int, Point]) -> Tried:
        number, batch, point = order
        k = space.params(point)["k"]
        row = returns_of(seed, k, days + FORWARD, sharpe, fat)[:days]
        equity = np.concatenate(([1.0], np.cumprod(1.0 + row)))
        nothing = np.zeros(days)
        measured = measure(Run(DAY, 0, equity, nothing, nothing, nothing))
        kept = row.astype("<f4").tobytes()
        return Tried(number, batch, point, {"k": k}, Outcome.DONE, (measured.sharpe,), measured, None, kept)

    def count(batch: Sequence[Tried]) -> None:
        ledger.append(
            Trial("s@1", FAMILY, t.params, DATA, 0, days * DAY, study="one", source="optimize",
                  returns=np.frombuffer(t.returns, "<f4"))
            for t in batch
        )  # fmt: skip

    discover()
    method = made("grid", Brief(space, seed, cells, 1, lambda _point: True))
    search = Search(
        space,
        method,
        Unkept(),
        lambda orders: [run(order) for order in orders],
        1,
        lambda point: point,
        count,
    )
    search.run(cells)
    winner = best(search.trials)
    assert winner is not None
    k = winner.params["k"]
    every = returns_of(seed, k, days + FORWARD, sharpe, fat)
    pool = pool_of(ledger, Stretch(DATA, 0, days * DAY, DAY, days), "one")
    assert pool.matrix.shape == (days, cells)
    later = every[days:]
    chance, _ = deflated.chance_of_edge(later)
    judged = judge(every[:days], pool.matrix, pool.crowd, 365.0, blocks)
    return Campaign(k, judged, chance is not None and chance >= 0.9, refuted(later)[0])


def share(hits: Sequence[bool]) -> tuple[float, float]:
    """(share, its standard error)."""
    value = sum(hits) / len(hits)
    return value, sqrt(max(value * (1 - value), 1e-9) / len(hits))
