"""Walk forward: search on the past, choose on what comes next, count only what comes after that.

train [ purge ] validate [ purge + embargo ] test, moved on by a step. The test pieces in a row are the only
curve that may be called out of sample. Quant reference, section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from cockpit.lab.proof.deflated import chance_of_edge
from cockpit.lab.proof.resampling import Figure, Resampled, resampled
from cockpit.lab.proof.windows import Span, Window, wf_windows

TRAIN, VALIDATE, TEST, STEP = 180, 45, 30, 30
"""Days."""


class Choice(msgspec.Struct, frozen=True):
    """What a search took in one window."""

    params: dict[str, Any]
    train: float | None
    """The objective on the training rows."""
    validate: float | None
    """The same on rows that the search did not see."""
    trials: int
    """Configurations tried for it."""


Search = Callable[[Span, Span | None], Choice | None]
"""(train, validate) → the best found; None = nothing that may be chosen."""
Evaluate = Callable[[dict[str, Any], Span], Any]
"""(params, rows) → net returns of these rows."""


class Step(msgspec.Struct, frozen=True):
    """One window, when it was over."""

    train: Span
    validate: Span | None
    test: Span
    choice: Choice | None
    inside: float | None
    """Annual Sharpe ratio of the choice on its training rows."""
    outside: float | None
    """On its test rows."""
    total: float


class Walk(msgspec.Struct, frozen=True):
    """All of it. ``returns`` are the test rows one after the other: out of sample, and nothing else is."""

    steps: tuple[Step, ...]
    returns: tuple[float, ...]
    first: int
    """Row of the first return."""
    figures: Resampled
    chance: float | None
    """Of an edge, from the out-of-sample curve alone."""
    efficiency: Figure
    """Annual return out of sample over annual return in training; interval from resampling the windows."""
    trials: int
    purge: int
    embargo: int
    ppy: float


def spans(
    n: int,
    train: int,
    validate: int,
    test: int,
    step: int,
    purge: int,
    embargo: int = 0,
    anchored: bool = False,
) -> list[Window]:
    """Windows of rows, ``embargo`` rows more between the last choice and the test. Raises ValueError."""
    if embargo < 0 or step < test:
        raise ValueError("an embargo below 0, or a step shorter than the test: rows would be tested twice")
    windows = wf_windows(n - embargo, train, validate, test, step, purge, anchored)
    return [
        msgspec.structs.replace(window, test=(window.test[0] + embargo, window.test[1] + embargo))
        for window in windows
    ]


def walk(
    windows: Sequence[Window], search: Search, evaluate: Evaluate, ppy: float, purge: int = 0,
    embargo: int = 0, seed: int = 0, told: Callable[[int, Step], None] | None = None,
) -> Walk:  # fmt: skip
    """Search, choose and test window by window; where nothing could be chosen it stays out (returns of 0).

    ``told`` hears every finished step. Raises ValueError without windows.
    """
    if not windows:
        raise ValueError("not one window fits the data")
    steps, pieces, inner = [], [], []
    for number, window in enumerate(windows):
        choice = search(window.train, window.validate)
        length = window.test[1] - window.test[0]
        outside = np.zeros(length)
        inside = np.zeros(0)
        if choice is not None:
            outside = np.asarray(evaluate(choice.params, window.test), dtype=np.float64)
            inside = np.asarray(evaluate(choice.params, window.train), dtype=np.float64)
        if len(outside) != length:
            raise ValueError(f"{len(outside)} returns for the test rows {window.test}")
        step = Step(
            window.train, window.validate, window.test, choice, _annual(inside, ppy), _annual(outside, ppy),
            float(np.prod(1.0 + outside) - 1.0),
        )  # fmt: skip
        steps.append(step)
        pieces.append(outside)
        inner.append(inside)
        if told is not None:
            told(number, step)
    returns = np.concatenate(pieces)
    tried = sum(step.choice.trials for step in steps if step.choice is not None)
    return Walk(
        tuple(steps), tuple(returns.tolist()), windows[0].test[0], resampled(returns, ppy, seed),
        chance_of_edge(returns)[0], _efficiency(pieces, inner, ppy, seed), tried, purge, embargo, ppy,
    )  # fmt: skip


def _efficiency(outside: Sequence[Any], inside: Sequence[Any], ppy: float, seed: int) -> Figure:
    pairs = [(o, i) for o, i in zip(outside, inside, strict=True) if len(i)]
    if not pairs:
        return Figure(None)
    out = np.array([o.mean() * ppy for o, _ in pairs])
    fit = np.array([i.mean() * ppy for _, i in pairs])
    if fit.mean() <= 0:
        return Figure(None)
    drawn = np.random.default_rng(seed).integers(0, len(pairs), (2_000, len(pairs)))
    base = fit[drawn].mean(axis=1)
    ratios = out[drawn].mean(axis=1)[base > 0] / base[base > 0]
    low, high = np.quantile(ratios, (0.025, 0.975)) if len(pairs) > 1 else (None, None)
    return Figure(
        float(out.mean() / fit.mean()),
        None if low is None else float(low),
        None if high is None else float(high),
    )


def _annual(row: Any, ppy: float) -> float | None:
    if len(row) < 2 or row.max() == row.min():
        return None
    return float(row.mean() / row.std(ddof=1) * np.sqrt(ppy))
