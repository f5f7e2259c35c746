"""Successive halving over growing periods: a batch runs on a part of its rows, the better third goes on.

What is given up is a trial all the same, with the returns it had (quant reference, 7.7). It ranks below
whatever was run to the end in its batch. Source: Jamieson & Talwalkar 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, inf

import msgspec

from cockpit.lab.search.space import Point
from cockpit.lab.search.trial import BAD, Outcome, Trial

Order = tuple[int, int, Point]
Part = Callable[[Sequence[Order], float], list[Trial]]
"""Trials of orders on this share of the training rows, in their order."""
CUT = 3
RUNGS = (1 / 9, 1 / 3)
"""Shares of the training rows: with a third kept at each, all rungs cost a third of a whole batch."""
LEAST = 6
"""Batches that are smaller run to the end: a climb of three has nobody to give up."""


def halving(run: Part, orders: Sequence[Order], rungs: Sequence[float]) -> list[Trial]:
    """Trials in the order of ``orders``; without ``rungs`` all of them to the end."""
    found: dict[int, Trial] = {}
    left = list(orders)
    for share in rungs if len(orders) >= LEAST else ():
        tried = sorted(run(left, share), key=lambda trial: (-_score(trial), trial.number))
        kept = {trial.number for trial in tried[: ceil(len(tried) / CUT)]}
        found |= {trial.number: _given_up(trial, share) for trial in tried if trial.number not in kept}
        left = [order for order in left if order[0] in kept]
    found |= {trial.number: trial for trial in run(left, 1.0)}
    return [found[order[0]] for order in orders]


def _score(trial: Trial) -> float:
    score = trial.scores[0]
    return -inf if score is None or trial.outcome is Outcome.FAILED else score


def _given_up(trial: Trial, share: float) -> Trial:
    if trial.outcome is Outcome.FAILED:
        return trial
    why = f"given up after {share:.0%} of the training rows"
    return msgspec.structs.replace(trial, outcome=Outcome.PRUNED, share=share, validate=None, why=why)


def told(batch: Sequence[Trial], goals: int) -> list[tuple[float, ...]]:
    """What a method hears of a batch: scores, and ``BAD`` for what does not count.

    Those that were given up lie below the worst score of the batch, in their own order.
    """
    ends = [trial.scores[0] or 0.0 for trial in batch if trial.counts]
    floor = min(ends, default=0.0)
    step = max(1e-3, (max(ends, default=0.0) - floor) / max(1, len(batch)))
    pruned = [trial for trial in batch if trial.outcome is Outcome.PRUNED]
    pruned.sort(key=lambda trial: (-trial.share, -_score(trial), trial.number))
    places = {
        trial.number: floor - (at + 1) * step for at, trial in enumerate(pruned) if _score(trial) > -inf
    }
    found = []
    for trial in batch:
        if trial.counts:
            found.append(tuple(BAD if score is None else score for score in trial.scores))
        else:
            found.append((places.get(trial.number, BAD),) * goals)
    return found
