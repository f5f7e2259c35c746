"""Does it depend on luck in its numbers, its market or its entries? Quant reference, section 8.

Plateau (jitter), other markets, signs, random entries. Each result carries what it is uncertain by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import sqrt
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.proof.multiplicity import sign_flip_pvalue, sign_test
from cockpit.lab.proof.resampling import Figure
from cockpit.portfolio.performance import wilson

DELTA = 0.1
"""How far a parameter is moved, as a part of its value."""
FLAT_RATIO, FLAT_POSITIVE = 0.7, 0.9
"""What a plateau must keep: median of its neighbourhood over its own, and share of it that makes money."""
DRAWS = 2_000


def neighbours(
    params: Mapping[str, Any], names: Sequence[str], seed: int = 0, delta: float = DELTA,
    steps: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """2 d single moves of ``names`` and 4 d joint ones in random directions, none of them twice.

    A move is ``delta`` of the value or one grid step (``steps``), whichever is more; whole numbers move by
    whole ones. A value of 0 without a step stays.
    """
    moves = {name: _move(params[name], delta, (steps or {}).get(name, 0.0)) for name in names}
    moves = {name: move for name, move in moves.items() if move}
    found: list[dict[str, Any]] = []
    for name, sign in product(moves, (-1, 1)):
        found.append({**params, name: _moved(params[name], sign * moves[name])})
    random = np.random.default_rng(seed)
    for _ in range(4 * len(moves)):
        signs = random.uniform(-1.0, 1.0, len(moves)).tolist()
        joint = {
            name: _moved(params[name], share * move)
            for (name, move), share in zip(moves.items(), signs, strict=True)
        }
        found.append({**params, **joint})
    unique: list[dict[str, Any]] = []
    for row in found:
        if row != dict(params) and row not in unique:
            unique.append(row)
    return unique


def _move(value: Any, delta: float, step: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    move = max(abs(value) * delta, step)
    return max(1.0, round(move)) if isinstance(value, int) and move else move


def _moved(value: Any, by: float) -> Any:
    return value + round(by) if isinstance(value, int) else float(value) + by


class Plateau(msgspec.Struct, frozen=True):
    """How a result holds when its parameters are a little otherwise."""

    metric: str
    best: float | None
    ratio: Figure
    """Median of the neighbourhood over the chosen one; interval from resampling the neighbours."""
    positive: Figure
    """Share of neighbours that make money; interval by Wilson."""
    count: int
    barred: int
    """Neighbours that the strategy's own rules forbid: left out."""

    @property
    def flat(self) -> bool:
        """Does it pass?"""
        ratio, positive = self.ratio.value, self.positive.value
        return (
            ratio is not None and positive is not None and ratio >= FLAT_RATIO and positive >= FLAT_POSITIVE
        )


def plateau(
    metric: str, best: float | None, around: Sequence[float | None], barred: int = 0, seed: int = 0
) -> Plateau:
    """``around``: the metric of each neighbour that could be run; None = undefined, counts as no profit."""
    values = np.array([0.0 if value is None else value for value in around])
    wins = int((values > 0).sum())
    share = wilson(wins, len(values))
    positive = Figure(wins / len(values), *share) if share else Figure(None)
    ratio = Figure(None)
    if best is not None and best > 0 and len(values):
        random = np.random.default_rng(seed)
        drawn = np.median(values[random.integers(0, len(values), (DRAWS, len(values)))], axis=1) / best
        low, high = np.quantile(drawn, (0.025, 0.975))
        ratio = Figure(float(np.median(values)) / best, float(low), float(high))
    return Plateau(metric, best, ratio, positive, len(values), barred)


class Elsewhere(msgspec.Struct, frozen=True):
    """The same parameters on other markets."""

    symbols: tuple[str, ...]
    sharpe: tuple[float | None, ...]
    """Annual, one a market."""
    positive: int
    share: Figure
    effective: float | None
    """Independent markets among them: correlated ones repeat one another."""
    p: float | None
    """Chance of as many winners by fair coins, with the effective number; None without other markets."""


def elsewhere(symbols: Sequence[str], returns: Sequence[Any], ppy: float) -> Elsewhere:
    """Net returns of one strategy on several markets; rows of unlike length are compared at their ends."""
    from cockpit.lab.proof.trials import effective_trials

    rows = [np.asarray(row, dtype=np.float64) for row in returns]
    ratios = [_annual(row, ppy) for row in rows]
    won = sum(1 for row in rows if len(row) and row.sum() > 0)
    share = wilson(won, len(rows))
    if not rows or share is None:
        return Elsewhere((), (), 0, Figure(None), None, None)
    moving = [row for row in rows if len(row) > 2 and row.max() > row.min()]
    effective = float(len(rows))
    if len(moving) > 1:
        least = min(map(len, moving))
        corr = np.corrcoef(np.array([row[-least:] for row in moving]))
        effective = max(1.0, effective_trials(np.nan_to_num(corr, nan=0.0)).mean_corr)
    n = max(1, round(effective))
    p = sign_test(min(n, round(won / len(rows) * n)), n)
    return Elsewhere(tuple(symbols), tuple(ratios), won, Figure(won / len(rows), *share), effective, p)


class Signs(msgspec.Struct, frozen=True):
    """Would it do without knowing the direction?"""

    p: float
    """Share of random signs on the same net returns that sum to at least as much."""
    p_error: float
    """Standard error of p from the number of draws; 0 = enumerated."""
    gross: float | None
    """Annual Sharpe ratio before cost."""
    twin: float | None
    """The same with every signal turned round: what is about as good has no timing skill."""
    p_gross: float | None
    """The same test before cost."""


def signs(net: Any, gross: Any, ppy: float, seed: int = 0) -> Signs:
    """``gross``: returns before fees and funding, as long as ``net``; empty = not known."""
    from cockpit.lab.proof.multiplicity import DRAWS as SIGN_DRAWS
    from cockpit.lab.proof.multiplicity import EXACT_UP_TO

    p = sign_flip_pvalue([float(value) for value in net], seed)
    error = 0.0 if len(net) <= EXACT_UP_TO else sqrt(p * (1 - p) / SIGN_DRAWS)
    before = np.asarray(gross, dtype=np.float64)
    if not len(before):
        return Signs(p, error, None, None, None)
    ratio = _annual(before, ppy)
    twin = None if ratio is None else -ratio
    return Signs(p, error, ratio, twin, sign_flip_pvalue(before.tolist(), seed))


class Entries(msgspec.Struct, frozen=True):
    """The same trades, entered at random instants."""

    trips: int
    mean: float | None
    """Mean return a trip before cost."""
    random_mean: float | None
    random_high: float | None
    """What one set of random entries in forty is better than."""
    p: float | None
    p_error: float | None


LEAST_TRIPS = 5


def random_entries(
    prices: Sequence[float], trips: Sequence[tuple[int, int, int]], seed: int = 0, draws: int = DRAWS
) -> Entries:
    """Is the rule better than its own trades in another order and with other pauses between?

    ``trips``: (index of entry, index of exit, +1 or -1) into ``prices``, one after the other. How long is
    held, which way and how much of the time stays; when it is entered is drawn anew. p by (b + 1)/(m + 1).
    """
    closes = np.asarray(prices, dtype=np.float64)
    rows = [row for row in trips if 0 <= row[0] < row[1] < len(closes)]
    if len(rows) < LEAST_TRIPS:
        return Entries(len(rows), None, None, None, None, None)
    starts, ends, sides = (np.array(column) for column in zip(*rows, strict=True))
    own = float((sides * (closes[ends] / closes[starts] - 1.0)).mean())
    held, free = ends - starts, max(0, len(closes) - 1 - int((ends - starts).sum()))
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        order = random.permutation(len(rows))
        spans = held[order]
        pauses = np.diff(np.sort(random.integers(0, free + 1, len(rows))), prepend=0)
        begin = np.cumsum(pauses) + np.concatenate(([0], np.cumsum(spans)[:-1]))
        begin = np.minimum(begin, len(closes) - 1 - spans)
        means[draw] = (sides[order] * (closes[begin + spans] / closes[begin] - 1.0)).mean()
    p = (float((means >= own - 1e-15).sum()) + 1) / (draws + 1)
    return Entries(
        len(rows), own, float(means.mean()), float(np.quantile(means, 0.975)), p, sqrt(p * (1 - p) / draws)
    )


def _annual(row: Any, ppy: float) -> float | None:
    if len(row) < 2 or row.max() == row.min():
        return None
    return float(row.mean() / row.std(ddof=1) * sqrt(ppy))
