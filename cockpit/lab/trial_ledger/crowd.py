"""Among how many tries does a result stand? Effective trials and their spread, from the whole ledger.

Three crowds, each inside the next: what was chosen from (one study, or all that was tried alike), everything
tried on the same stretch of data, everything ever tried. The gate takes the highest bar of the three, so what
is tried elsewhere never lowers it. Quant reference, 7.4 to 7.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.proof.deflated import expected_max_z
from cockpit.lab.proof.trials import Effective, effective_trials
from cockpit.lab.trial_ledger.chain import Ledger
from cockpit.lab.trial_ledger.record import Row

MOST_EIGEN = 1_000
"""Columns whose full correlation matrix is looked at; of more, as many spread evenly."""
MOST_ELSEWHERE = 500
"""Returns read of each other stretch of data, to see how alike its trials are."""


class Scope(msgspec.Struct, frozen=True):
    """One crowd."""

    raw: int
    """Different trials."""
    effective: float
    """Independent ones among them: the largest of the estimates."""
    var: float | None
    """Variance (ddof 1) of their per-period Sharpe ratios; None with fewer than two."""
    sr0: float
    """Per-period Sharpe ratio that the best of them is expected to show without any edge."""


class Crowd(msgspec.Struct, frozen=True):
    """All three, and how alike the trials on the same data are."""

    run: Scope
    data: Scope
    whole: Scope
    estimates: Effective | None
    """The three estimates for the trials on this data."""
    lost: int
    without_returns: int
    """Trials that stand for themselves, because nothing is kept of how they went."""

    @property
    def sr0(self) -> float:
        """The bar."""
        return max(self.run.sr0, self.data.sr0, self.whole.sr0)


class Stretch(msgspec.Struct, frozen=True):
    """A data set, the part of it that was used, and how its returns are counted."""

    data: str
    start: int
    end: int
    period: int
    n: int
    """Returns of a whole trial."""


class Pool(msgspec.Struct, frozen=True):
    """The trials that a candidate was chosen from, side by side."""

    matrix: Any
    """n rows of returns by as many columns as trials."""
    keys: tuple[bytes, ...]
    crowd: Crowd


def pool_of(ledger: Ledger, at: Stretch, study: str = "") -> Pool:
    """Everything that the ledger knows, seen from one stretch of data. Raises StoreError.

    ``study``: the run is that study; else all trials on the stretch but those that only shook parameters.
    """
    rows = _distinct(ledger.rows())
    own = [row for row in rows if _stretch(row) == at]
    others = [row for row in rows if _stretch(row) != at]
    columns, run_columns, chosen, keys = [], [], [], []
    for row, told, returns in ledger.told(own):
        column = np.asarray(returns, dtype=np.float64)
        columns.append(column)
        if row.source != "robustness":
            chosen.append(column)
            keys.append(row.key)
            if not study or told.study == study:
                run_columns.append(column)
    run, _ = _scope(run_columns, at.n)
    data, estimates = _scope(columns, at.n)
    lost = sum(row.weight for row in rows if row.source == "lost")
    bare, elsewhere = _elsewhere(ledger, others)
    whole = _whole(rows, data, at.n, lost + bare + elsewhere)
    matrix = np.column_stack(chosen) if chosen else np.zeros((at.n, 0))
    return Pool(matrix, tuple(keys), Crowd(run, data, whole, estimates, lost, bare))


def _stretch(row: Row) -> Stretch:
    return Stretch(row.data, row.start, row.end, row.period, row.n)


def _distinct(rows: Iterable[Row]) -> list[Row]:
    """One row a key: the one that knows most of how it went."""
    found: dict[bytes, Row] = {}
    for row in rows:
        if row.source == "passport":
            continue
        known = found.get(row.key)
        if known is None or row.n > known.n:
            found[row.key] = row
    return list(found.values())


def _scope(columns: Sequence[Any], n: int) -> tuple[Scope, Effective | None]:
    moving = [column for column in columns if len(column) > 1 and column.max() > column.min()]
    if not moving:
        count = float(bool(columns))
        return Scope(len(columns), count, None, 0.0), None
    matrix = np.column_stack(moving)
    ratios = matrix.mean(axis=0) / matrix.std(axis=0, ddof=1)
    estimates = _estimates(matrix)
    idle = 1.0 if len(moving) < len(columns) else 0.0  # those that never traded are one and the same
    effective = max(estimates.mean_corr, estimates.entropy_rank, estimates.participation) + idle
    var = float(ratios.var(ddof=1)) if len(ratios) > 1 else None
    return Scope(len(columns), effective, var, _bar(effective, var, n)), estimates


def _bar(effective: float, var: float | None, n: int) -> float:
    """Expected maximum; without a spread of their own, tries without an edge vary by 1/n."""
    return float(sqrt(1.0 / n if var is None else var) * expected_max_z(effective))


def mean_correlation(matrix: Any) -> float:
    """Mean off-diagonal correlation of the columns, within [0, 1]; none of them may be constant."""
    away = matrix - matrix.mean(axis=0)
    unit = away / np.sqrt((away**2).sum(axis=0))
    m = unit.shape[1]
    if m < 2:
        return 1.0
    mean = (float((unit.sum(axis=1) ** 2).sum()) - m) / (m * (m - 1))
    return float(min(1.0, max(0.0, mean)))


def _estimates(matrix: Any) -> Effective:
    m = matrix.shape[1]
    if m == 1:
        return Effective(1.0, 1.0, 1.0)
    some = matrix if m <= MOST_EIGEN else matrix[:, np.linspace(0, m - 1, MOST_EIGEN).astype(int)]
    found = effective_trials(np.corrcoef(some, rowvar=False))
    mean = mean_correlation(matrix)
    return Effective(mean + (1.0 - mean) * m, found.entropy_rank, found.participation)


def _elsewhere(ledger: Ledger, rows: Sequence[Row]) -> tuple[int, float]:
    """(trials of which no returns are kept, effective trials of the others), stretch by stretch."""
    bare, groups = 0, dict[Stretch, list[Row]]()
    for row in rows:
        if row.source == "lost":
            continue
        if row.n < 2:
            bare += row.weight
        else:
            groups.setdefault(_stretch(row), []).append(row)
    total = 0.0
    for group in groups.values():
        step = max(1, len(group) // MOST_ELSEWHERE)
        columns = [np.asarray(returns, dtype=np.float64) for _, _, returns in ledger.told(group[::step])]
        moving = [column for column in columns if column.max() > column.min()]
        mean = mean_correlation(np.column_stack(moving)) if len(moving) > 1 else 0.0
        total += mean + (1.0 - mean) * len(group)
    return bare, total


def _whole(rows: Sequence[Row], data: Scope, n: int, others: float) -> Scope:
    """Everything: spreads of unlike lengths are compared as Sharpe times root of length."""
    said = [row.sharpe * sqrt(row.n) for row in rows if row.sharpe == row.sharpe and row.n > 1 and row.half]
    raw = sum(row.weight for row in rows)
    effective = data.effective + others
    var = float(np.var(said, ddof=1)) / n if len(said) > 1 and n else None
    return Scope(raw, effective, var, _bar(effective, var, n) if n else 0.0)
