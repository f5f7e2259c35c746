"""The statistical gate: what is left of a result once everything that was tried is counted.

DSR >= 0.95 over the whole ledger, PBO <= 0.2, record long enough (quant reference, 16). Every number carries
what it is uncertain by.
"""

from __future__ import annotations

from math import inf, isfinite, sqrt
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.proof import deflated
from cockpit.lab.proof.resampling import Figure
from cockpit.lab.proof.trials import Pbo, pbo
from cockpit.lab.trial_ledger.crowd import Crowd
from cockpit.portfolio import performance

DSR_LEAST = 0.95
PBO_MOST = 0.2
BLOCKS = 16
LEAST_ROWS = 10
"""Rows a block at least."""
REFUTED = 0.1
"""A forward stretch with a chance of an edge no higher than this refutes; it need not prove again."""
Z = 1.959963984540054


class Judged(msgspec.Struct, frozen=True):
    """A candidate's in-sample record, judged."""

    n: int
    ppy: float
    years: float
    sharpe: Figure
    """Annual, 95 %."""
    error: float | None
    """Standard error, annual."""
    skew: float | None
    kurt: float | None
    """Raw: normal = 3."""
    rho: float
    """First-order autocorrelation."""
    psr: float | None
    """Chance of a true Sharpe ratio above 0, tries not counted: the smaller of both forms."""
    crowd: Crowd
    sr0: float
    """Annual Sharpe ratio that the best of the crowd is expected to show without an edge."""
    dsr: Figure
    """Against ``sr0``; interval: from every trial counted as independent to this run's trials only."""
    dsr_run: float | None
    pbo: Figure
    """Interval: over other numbers of blocks."""
    blocks: int
    splits: int
    prob_loss: float | None
    slope: float | None
    trl_years: float | None
    """Years of such a record that are needed to believe it after so many tries; None = never."""
    years_needed: float | None
    """The same by the planning rule, for a true Sharpe ratio of that size."""

    @property
    def passes(self) -> bool:
        """DSR and PBO; a candidate that was chosen from nothing has no PBO."""
        if self.dsr.value is None or self.dsr.value < DSR_LEAST:
            return False
        return self.pbo.value is None or self.pbo.value <= PBO_MOST

    @property
    def long_enough(self) -> bool:
        """Is the record at least the minimum track record length?"""
        return self.trl_years is not None and self.trl_years <= self.years


def judge(returns: Any, matrix: Any, crowd: Crowd, ppy: float, blocks: int = BLOCKS) -> Judged:
    """``returns`` of the candidate, ``matrix`` of all trials it was chosen from (rows as long as they).

    ``crowd``: what the ledger counts. ``ppy``: periods a year.
    """
    row = [float(value) for value in returns]
    n, year = len(row), sqrt(ppy)
    ratio = performance.sharpe(row).per_period
    shape = performance.moments(row)
    sr, skew, kurt = ratio or 0.0, shape.skew or 0.0, 3.0 if shape.kurt is None else shape.kurt
    rho = autocorrelation(row)
    error = performance.sharpe_error(sr, n, skew, kurt) if ratio is not None else None
    found, spread, used = overfitting(matrix, blocks)

    def chance(sr0: float) -> float | None:
        return smaller(sr, sr0, n, skew, kurt, rho) if ratio is not None else None

    value = chance(crowd.sr0)
    low = chance(max(crowd.sr0, _all_independent(crowd, n)))
    run = chance(crowd.run.sr0)
    trl = _needed(sr, crowd.sr0, skew, kurt, rho) if ratio is not None else inf
    tried = max(crowd.whole.effective, 1.0)
    return Judged(
        n=n, ppy=ppy, years=n / ppy,
        sharpe=Figure(
            None if ratio is None else sr * year,
            None if error is None else (sr - Z * error) * year,
            None if error is None else (sr + Z * error) * year,
        ),
        error=None if error is None else error * year, skew=shape.skew, kurt=shape.kurt, rho=rho,
        psr=chance(0.0), crowd=crowd, sr0=crowd.sr0 * year, dsr=Figure(value, low, run), dsr_run=run,
        pbo=Figure(None if found is None else found.pbo, *spread), blocks=used,
        splits=0 if found is None else found.n_splits, prob_loss=None if found is None else found.prob_loss,
        slope=None if found is None else found.slope,
        trl_years=_finite(trl / ppy), years_needed=_finite(deflated.years_needed(tried, sr * year)),
    )  # fmt: skip


def _needed(sr: float, sr0: float, skew: float, kurt: float, rho: float) -> float:
    """Observations by the form that asks for more."""
    alpha = 1.0 - DSR_LEAST
    return max(
        deflated.min_trl(sr, sr0, skew, kurt, alpha), deflated.min_trl_null(sr, sr0, skew, kurt, alpha, rho)
    )


def _finite(years: float) -> float | None:
    return years if isfinite(years) else None


def _all_independent(crowd: Crowd, n: int) -> float:
    """The bar when no trial repeats another."""
    whole = crowd.whole
    var = 1.0 / n if whole.var is None else whole.var
    return sqrt(var) * deflated.expected_max_z(max(whole.raw, 1))


def smaller(sr: float, sr0: float, n: int, skew: float, kurt: float, rho: float) -> float | None:
    """PSR by the 2012 and by the 2025 form, whichever believes less."""
    forms = (deflated.psr(sr, sr0, n, skew, kurt), deflated.psr_null_var(sr, sr0, n, skew, kurt, rho))
    known = [value for value in forms if value is not None]
    return min(known) if len(known) == len(forms) else None


def autocorrelation(row: list[float]) -> float:
    """First-order, biased, within 0.9 either way: longer memory needs other tools. 0 for a constant row."""
    values = np.asarray(row)
    away = values - values.mean() if len(row) else values
    power = float((away**2).sum())
    if len(row) < 3 or power == 0.0:
        return 0.0
    return min(0.9, max(-0.9, float((away[1:] * away[:-1]).sum()) / power))


def overfitting(
    matrix: Any, blocks: int = BLOCKS
) -> tuple[Pbo | None, tuple[float | None, float | None], int]:
    """PBO with as many blocks as the rows allow, its range over fewer blocks, and the number of blocks."""
    rows = np.asarray(matrix, dtype=np.float64)
    most = min(blocks, rows.shape[0] // LEAST_ROWS)
    most -= most % 2
    if rows.ndim != 2 or rows.shape[1] < 2 or most < 4:
        return None, (None, None), 0
    found = pbo(rows, most)
    others = [pbo(rows, s).pbo for s in range(max(4, most - 8), most, 2)]
    values = [found.pbo, *others]
    return found, (min(values), max(values)), most


def refuted(returns: Any) -> tuple[bool, float | None]:
    """Does a stretch that nobody had seen speak against the candidate? (verdict, chance of an edge)."""
    chance, _ = deflated.chance_of_edge(returns)
    return chance is not None and chance <= REFUTED, chance
