"""Work spread over an executor comes back in its order, and what went wrong is said."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, Future

import pytest

from cockpit.core.errors import CockpitError, TapeError
from cockpit.lab.search.pools import spread, threads


def squares(rows: Sequence[int]) -> list[int]:
    time.sleep(0.002 * (rows[0] % 3))  # later pieces may well be done first
    return [row * row for row in rows]


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("count", [0, 1, 2, 29])
def test_results_come_in_the_order_of_the_questions(workers: int, count: int) -> None:
    with threads(workers) as pool:
        assert spread(pool, squares, range(count), workers) == [n * n for n in range(count)]


def test_what_the_work_raises_is_raised() -> None:
    def broken(rows: Sequence[int]) -> list[int]:
        raise TapeError(f"no {rows[0]}")

    with threads(2) as pool, pytest.raises(TapeError, match="no 0"):
        spread(pool, broken, range(9), 2)


def test_a_worker_that_dies_leaves_a_study_that_goes_on() -> None:
    class Dying(Executor):
        def submit(self, *_args: object, **_options: object) -> Future[object]:
            gone: Future[object] = Future()
            gone.set_exception(BrokenExecutor("out of memory"))
            return gone

    with pytest.raises(
        CockpitError, match="a worker died: out of memory; take the study up again with --resume"
    ):
        spread(Dying(), squares, range(4), 2)
