"""What else could have come of the same edge? Figures with an interval, and drawdowns of made-up pasts.

The stationary bootstrap (Politis & Romano 1994): blocks of random length keep what hangs together in time, so
an interval is not narrower than it should be. Seeded; the seed is kept with the result.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import msgspec
import numpy as np

DRAWS = 2_000
LEAST = 10
"""Returns below which nothing is resampled."""


class Figure(msgspec.Struct, frozen=True):
    """A number and its interval (95 %); None where it is undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Resampled(msgspec.Struct, frozen=True):
    """A stream of returns, and what its own blocks in another order and number say of it."""

    n: int
    draws: int
    block: float
    """Mean length of a block, periods."""
    seed: int
    total: Figure
    cagr: Figure
    sharpe: Figure
    """Annual."""
    sortino: Figure
    calmar: Figure
    mdd: Figure
    mdd_95: float | None
    """Drawdown that one path of this length in twenty is worse than: beyond it something has changed."""
    mdd_99: float | None
    drawdowns: tuple[tuple[int, float], ...]
    """(periods, drawdown that one stretch of so many in twenty is worse than), rising: for one look."""
    loss: float | None
    """Share of paths that end below where they began."""
    loss_error: float | None
    """Its standard error from the number of draws."""
    band: tuple[tuple[int, float], ...] = ()
    """(periods, fall), rising: where a fall is no longer normal, looked at all the time (``_falls``)."""


def block_length(n: int) -> float:
    """Mean block length: n to the third root, at least 2."""
    return max(2.0, float(n ** (1 / 3)))


def stationary(n: int, draws: int, block: float, seed: Any, length: int = 0) -> Any:
    """draws x ``length`` (0 = n) indices into n returns: blocks of geometric length, wrapped around."""
    random, long = np.random.default_rng(seed), length or n
    fresh = random.random((draws, long)) < 1.0 / block
    fresh[:, 0] = True
    starts = random.integers(0, n, size=(draws, long))
    place = np.arange(long)
    began = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    first = np.take_along_axis(starts, began, axis=1)
    return (first + place - began) % n


def resampled(returns: Any, ppy: float, seed: int = 0, draws: int = DRAWS) -> Resampled:
    """Figures of ``returns`` (simple, net, one a period) with intervals. ``ppy``: periods a year."""
    values = np.asarray(returns, dtype=np.float64)
    own = _figures(values[None, :], ppy) if len(values) else {}
    block = block_length(len(values))
    paths = _figures(values[stationary(len(values), draws, block, seed)], ppy) if len(values) >= LEAST else {}

    def figure(name: str) -> Figure:
        return Figure(_one(own.get(name)), *_interval(paths.get(name)))

    lost = float((paths["total"] < 0).mean()) if paths else None
    falls, band = _falls(values, block, ppy, seed, draws) if paths else ((), ())
    return Resampled(
        n=len(values), draws=draws if paths else 0, block=block, seed=seed,
        total=figure("total"), cagr=figure("cagr"), sharpe=figure("sharpe"), sortino=figure("sortino"),
        calmar=figure("calmar"), mdd=figure("mdd"),
        mdd_95=float(np.quantile(paths["mdd"], 0.95)) if paths else None,
        mdd_99=float(np.quantile(paths["mdd"], 0.99)) if paths else None,
        drawdowns=falls,
        loss=lost, loss_error=None if lost is None else sqrt(lost * (1 - lost) / draws),
        band=band,
    )  # fmt: skip


def _figures(paths: Any, ppy: float) -> dict[str, Any]:
    """One number a path; NaN where it is undefined."""
    equity = np.cumprod(1.0 + paths, axis=1)
    high = np.maximum(np.maximum.accumulate(equity, axis=1), 1.0)
    mdd = np.maximum((1.0 - equity / high).max(axis=1), 0.0)
    end, n = np.maximum(equity[:, -1], 0.0), paths.shape[1]
    mean = paths.mean(axis=1)
    sd = paths.std(axis=1, ddof=1) if n > 1 else np.zeros(len(paths))
    flat = paths.max(axis=1) == paths.min(axis=1)
    down = np.sqrt((np.minimum(paths, 0.0) ** 2).mean(axis=1))
    growth = end ** (ppy / n) - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "total": end - 1.0,
            "cagr": growth,
            "sharpe": np.where(flat | (sd == 0), np.nan, mean / sd * sqrt(ppy)),
            "sortino": np.where(down == 0, np.nan, mean / down * sqrt(ppy)),
            "calmar": np.where(mdd == 0, np.nan, growth / mdd),
            "mdd": mdd,
        }


Falls = tuple[tuple[int, float], ...]
LENGTHS = (5, 10, 20, 30, 60, 90, 120, 180, 365, 730, 1_460, 2_920, 5_840)
FARTHEST = 10_000
"""Periods that are looked ahead at most; a year of hours is fewer."""
ONCE = 0.95
UNSEEN = 2 * 0.5826
"""Standard deviations of a period by which a fall between two instants is deeper than between two closes of
periods (Broadie, Glasserman & Kou 1997: -zeta(1/2)/sqrt(2 pi) at either end)."""
CHUNK = 1_000_000
LEFT = 0.01
"""Share of drawn years that leave the band. Of versions that go on exactly as their record went three times
as many do: no record holds the worst of its kind (measured in the tests)."""


def _falls(values: Any, block: float, ppy: float, seed: int, draws: int) -> tuple[Falls, Falls]:
    """How deep what was proven may fall within its first so many periods: (for one look, for all of them).

    For one look: what one stretch of exactly that length in twenty is worse than. For whoever looks at every
    instant: one band for all lengths (each at the same, higher quantile), which ``LEFT`` of all paths leave
    within a year.

    Each path is drawn from a record that is itself drawn anew, because mean and scatter of a short record are
    uncertain; and a fall between two closes is deeper than from close to close. Returns are added up, as a
    stage adds them.
    """
    horizon = max(LENGTHS[0], min(round(ppy), FARTHEST))
    lengths = [*(length for length in LENGTHS if length < horizon), horizon]
    at, n, rows = [length - 1 for length in lengths], len(values), max(1, CHUNK // horizon)
    ends = []
    for number, first in enumerate(range(0, draws, rows)):
        count = min(rows, draws - first)
        record = values[stationary(n, count, block, (seed, number, 0))]
        drawn = stationary(n, count, block, (seed, number, 1), horizon)
        total = np.cumsum(np.take_along_axis(record, drawn, axis=1), axis=1)
        high = np.maximum(np.maximum.accumulate(total, axis=1), 0.0)
        ends.append(np.maximum.accumulate(high - total, axis=1)[:, at])
    worst, unseen = np.concatenate(ends), UNSEEN * float(values.std(ddof=1))
    # How rare the rarest of a path's falls is, over its lengths: that is what one look at all of them sees.
    rank = (np.argsort(np.argsort(worst, axis=0), axis=0) + 1.0) / draws
    level = min(1.0, float(np.quantile(rank.max(axis=1), 1.0 - LEFT)))
    once, always = (np.quantile(worst, share, axis=0) + unseen for share in (ONCE, level))
    return tuple(zip(lengths, once.tolist(), strict=True)), tuple(zip(lengths, always.tolist(), strict=True))


def _one(values: Any) -> float | None:
    return None if values is None or not np.isfinite(values[0]) else float(values[0])


def _interval(values: Any) -> tuple[float | None, float | None]:
    finite = values[np.isfinite(values)] if values is not None else ()
    if len(finite) < LEAST:
        return None, None
    low, high = np.quantile(finite, (0.025, 0.975))
    return float(low), float(high)
