"""Many trials side by side: the best one deflated, how many were really different, and PBO by CSCV.

A matrix holds per-period net returns, T rows by N trials. Needs numpy (``pip install 'cockpit[lab]'``).
Sources: Bailey, Borwein, Lopez de Prado & Zhu, SSRN 2326253 (PBO); Roy & Vetterli 2007 (effective rank).
"""

from __future__ import annotations

from itertools import combinations
from math import comb, exp, log
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.proof import deflated
from cockpit.portfolio.performance import moments

FLAT = 1e-13
"""Share of its power below which the spread of a column is rounding."""
SPLITS_AT_ONCE = 2_000


class Best(msgspec.Struct, frozen=True):
    """The best trial of a matrix, and what is left of it."""

    best: int
    sr: float
    sr0: float
    dsr: float | None


def sharpes(matrix: Any) -> Any:
    """Per-period Sharpe ratio of every column (ddof 1); a constant column has none and counts as 0."""
    rows = np.asarray(matrix, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[0] < 2 or rows.shape[1] < 1:
        raise ValueError("a matrix of at least two rows and one column is needed")
    sd = rows.std(axis=0, ddof=1)
    flat = rows.max(axis=0) == rows.min(axis=0)
    return np.where(flat, 0.0, rows.mean(axis=0) / np.where(flat, 1.0, sd))


def best(matrix: Any, n_trials: float | None = None) -> Best:
    """First best column, deflated by all of them (or by ``n_trials`` effective ones)."""
    rows = np.asarray(matrix, dtype=np.float64)
    ratios = sharpes(rows)
    top = int(ratios.argmax())
    count = float(rows.shape[1] if n_trials is None else n_trials)
    var = float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0
    shape = moments(rows[:, top].tolist())
    sr, sr0 = float(ratios[top]), deflated.sr_zero(count, var)
    found = None
    if shape.skew is not None and shape.kurt is not None:
        found = deflated.psr(sr, sr0, rows.shape[0], shape.skew, shape.kurt)
    return Best(top, sr, sr0, found)


class Effective(msgspec.Struct, frozen=True):
    """Three answers to "how many independent trials were these?"; the gate takes the largest."""

    mean_corr: float
    entropy_rank: float
    participation: float


def effective_trials(corr: Any) -> Effective:
    """From the correlation matrix of the trials' returns. Raises ValueError when it is not square."""
    rows = np.asarray(corr, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or not rows.size:
        raise ValueError("a square correlation matrix is needed")
    m = rows.shape[0]
    mean = float((rows.sum() - np.trace(rows)) / (m * (m - 1))) if m > 1 else 1.0
    mean = min(1.0, max(0.0, mean))
    values = np.clip(np.linalg.eigvalsh((rows + rows.T) / 2), 0.0, None)
    share = values[values > 0] / values.sum()
    entropy = -sum(p * log(p) for p in share.tolist())
    participation = float(values.sum() ** 2 / (values**2).sum())
    return Effective(mean + (1.0 - mean) * m, exp(entropy), participation)


class Pbo(msgspec.Struct, frozen=True):
    """Probability of backtest overfitting.

    How often the winner of one half is below the median of the other.
    """

    pbo: float
    n_splits: int
    prob_loss: float
    """How often the winner lost money in the other half."""
    slope: float | None
    intercept: float | None
    """Other half's Sharpe of the winner on its own half's: a falling line is over-fitting."""
    logit_median: float
    logit_mean: float


def pbo(matrix: Any, s: int = 16) -> Pbo:
    """CSCV over all C(s, s/2) halves of ``s`` blocks; the oldest T mod s rows are dropped, nothing demeaned.

    Raises ValueError unless s is even, at least 2, and T holds two rows a block, N two trials.
    """
    won, other, ranks, count = halves(matrix, s)
    odds = ranks / (count + 1.0)
    logits = np.log(odds / (1.0 - odds))
    slope = intercept = None
    if won.max() > won.min():
        slope = float(np.cov(won, other, ddof=1)[0, 1] / won.var(ddof=1))
        intercept = float(other.mean() - slope * won.mean())
    return Pbo(
        float((logits <= 0).mean()),
        len(logits),
        float((other < 0).mean()),
        slope,
        intercept,
        float(np.median(logits)),
        float(logits.mean()),
    )


def halves(matrix: Any, s: int) -> tuple[Any, Any, Any, int]:
    """For each split: the winner's Sharpe in its half and in the other, its rank there (1 = worst), N."""
    rows = np.asarray(matrix, dtype=np.float64)
    if s < 2 or s % 2 or rows.ndim != 2 or rows.shape[0] < 2 * s or rows.shape[1] < 2:
        raise ValueError(f"{s} blocks of a {rows.shape} matrix: s even, at least 2 rows a block and 2 trials")
    size = rows.shape[0] // s
    kept = rows[rows.shape[0] - size * s :]
    shift = kept.mean(axis=0)
    blocks = (kept - shift).reshape(s, size, -1)
    sums, squares = blocks.sum(axis=1), (blocks**2).sum(axis=1)
    # A split and its complement are the same two halves: each pair is worked out once and told both ways.
    # In the order of ``combinations`` the complement of the i-th is the i-th from the end.
    splits = np.array(list(combinations(range(s), s // 2)))[: comb(s, s // 2) // 2]
    n = size * s // 2
    told: tuple[list[Any], list[Any]] = ([], [])
    for start in range(0, len(splits), SPLITS_AT_ONCE):
        some = splits[start : start + SPLITS_AT_ONCE]
        chosen = np.zeros((len(some), s))
        np.put_along_axis(chosen, some, 1.0, axis=1)
        one = _ratio(chosen @ sums, chosen @ squares, n, shift)
        two = _ratio((1 - chosen) @ sums, (1 - chosen) @ squares, n, shift)
        told[0].append(_outcome(one, two))
        told[1].append(_outcome(two, one))
    first, second = (np.concatenate(part, axis=1) for part in told)
    won, other, ranks = np.concatenate((first, second[:, ::-1]), axis=1)
    return won, other, ranks, rows.shape[1]


def _outcome(inside: Any, outside: Any) -> Any:
    """For each split: the winner's ratio in its half, in the other, its rank there (average of equals)."""
    winner = inside.argmax(axis=1)[:, None]
    theirs = np.take_along_axis(outside, winner, axis=1)
    less, equal = np.count_nonzero(outside < theirs, axis=1), np.count_nonzero(outside == theirs, axis=1)
    return np.stack((np.take_along_axis(inside, winner, axis=1)[:, 0], theirs[:, 0], less + (equal + 1) / 2))


def _ratio(total: Any, square: Any, n: int, shift: Any) -> Any:
    """Sharpe ratios from sums of ``x - shift`` and of its squares."""
    power = square - total**2 / n
    flat = power <= FLAT * square
    sd = np.sqrt(np.where(flat, 1.0, power) / (n - 1))
    return np.where(flat, 0.0, (total / n + shift) / sd)
