"""Giving up early: the better third goes on, what is given up counts as a trial and ranks below."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.lab.search.halving import RUNGS, Order, halving, told
from cockpit.lab.search.trial import BAD, Outcome, Trial

ORDERS = [(10 + n, 2, (n / 27,)) for n in range(27)]


def ran(log: list[tuple[float, int]], bad: int = -1) -> object:
    """A run whose score is its coordinate; number ``bad`` breaks."""

    def run(orders: Sequence[Order], share: float) -> list[Trial]:
        log.append((share, len(orders)))
        return [
            Trial(n, b, p, {}, Outcome.FAILED if n == bad else Outcome.DONE, (None if n == bad else p[0],))
            for n, b, p in orders
        ]

    return run


def test_the_better_third_of_each_rung_goes_on() -> None:
    log: list[tuple[float, int]] = []
    found = halving(ran(log), ORDERS, RUNGS)  # type: ignore[arg-type]
    assert log == [(1 / 9, 27), (1 / 3, 9), (1.0, 3)]
    assert [trial.number for trial in found] == [order[0] for order in ORDERS]
    assert [trial.number for trial in found if trial.counts] == [34, 35, 36]
    assert sum(trial.outcome is Outcome.PRUNED for trial in found) == 24
    assert {trial.share for trial in found} == {1 / 9, 1 / 3, 1.0}


def test_what_breaks_is_a_failure_and_not_given_up() -> None:
    found = halving(ran([], bad=12), ORDERS, RUNGS)  # type: ignore[arg-type]
    assert found[2].outcome is Outcome.FAILED


def test_a_small_batch_and_one_without_rungs_run_to_the_end() -> None:
    for orders, rungs in ((ORDERS[:5], RUNGS), (ORDERS, ())):
        log: list[tuple[float, int]] = []
        assert all(trial.counts for trial in halving(ran(log), orders, rungs))  # type: ignore[arg-type]
        assert log == [(1.0, len(orders))]


def test_a_method_hears_an_order_in_which_what_was_given_up_is_below() -> None:
    found = halving(ran([]), ORDERS, RUNGS)  # type: ignore[arg-type]
    short = msgspec.structs.replace(found[-1], number=99, outcome=Outcome.SHORT)
    scores = [score[0] for score in told([*found, short], 1)]
    assert scores[:-1] == sorted(scores[:-1])
    assert len(set(scores)) == 28
    assert scores[-1] == BAD
    assert scores[-4:-1] == [24 / 27, 25 / 27, 26 / 27]
