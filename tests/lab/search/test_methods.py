"""Every search method: finds a hill, keeps to the rules, gives the same again, and goes on where it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from cockpit.core.errors import ConfigError
from cockpit.core.registry import SEARCHES
from cockpit.lab.proof.fronts import lhs_is_valid
from cockpit.lab.search.method import Brief, choose, discover, made
from cockpit.lab.search.study import best, front
from tests.lab.search.hills import Shelf, hill, plane, searching

discover()
ALL = sorted(SEARCHES)
LEARNING = [name for name in ALL if name not in {"grid", "lhs"}]
BUDGET = 48


def points(shelf: Shelf) -> list[Any]:
    return [(trial.number, trial.batch, trial.point, trial.scores) for trial in shelf.kept]


def test_the_methods_of_the_specification_are_there() -> None:
    assert {"grid", "lhs", "nelder-mead", "tpe", "cmaes", "nsga2"} <= set(ALL)


@pytest.mark.parametrize("name", LEARNING)
def test_a_method_that_learns_ends_nearer_the_peak_than_it_began(name: str) -> None:
    search = searching(name, plane(3), Shelf(), 160)
    search.run(160)
    first = max(trial.scores[0] for trial in search.trials[:16])
    top = best(search.trials)
    assert top is not None
    assert 1.0 - top.scores[0] < min(0.02, 0.6 * (1.0 - first) + 1e-3)


@pytest.mark.parametrize("name", ALL)
def test_points_stay_in_the_cube_and_within_the_rules(name: str) -> None:
    shelf = Shelf()
    search = searching(name, plane(4), shelf, BUDGET, allowed=lambda p: p[0] < p[1])
    search.run(BUDGET)
    assert all(0.0 <= u <= 1.0 for trial in shelf.kept for u in trial.point)
    barred = [trial for trial in shelf.kept if trial.outcome == "barred"]
    assert all(trial.point[0] >= trial.point[1] for trial in barred)
    assert len(barred) <= len(shelf.kept) // 4


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_gives_the_same_trials_with_any_number_of_workers(name: str) -> None:
    def four(one: Any, orders: Any) -> list[Any]:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, orders))

    shelves = [Shelf(), Shelf(), Shelf()]
    searching(name, plane(4), shelves[0], BUDGET).run(BUDGET)
    searching(name, plane(4), shelves[1], BUDGET, spread=four).run(BUDGET)
    searching(name, plane(4), shelves[2], BUDGET, seed=8).run(BUDGET)
    assert points(shelves[0]) == points(shelves[1])
    assert points(shelves[0]) != points(shelves[2])


@pytest.mark.parametrize("name", ALL)
def test_a_study_that_is_taken_up_again_is_the_one_that_was_never_left(name: str) -> None:
    whole, parts = Shelf(), Shelf()
    searching(name, plane(4), whole, BUDGET).run(BUDGET)
    first = searching(name, plane(4), parts, BUDGET)
    for _ in zip(range(2), first.steps(BUDGET), strict=False):
        pass
    again = searching(name, plane(4), parts, BUDGET)
    assert again.resume() == len(parts.kept) > 0
    again.run(BUDGET)
    assert points(parts) == points(whole)


def test_a_hypercube_uses_each_slice_once() -> None:
    method = made("lhs", Brief(plane(5), 3, 64, 1, lambda _point: True))
    assert lhs_is_valid(method.ask(64))


def test_a_grid_is_every_combination_and_then_ends() -> None:
    shelf = Shelf()
    search = searching("grid", plane(2, cells=5), shelf, 100)
    assert search.run(100) == "exhausted"
    assert len({trial.point for trial in shelf.kept}) == 25
    assert max(trial.scores[0] for trial in shelf.kept) == max(
        hill((a / 4, b / 4))[0] for a in range(5) for b in range(5)
    )


def test_what_was_tried_is_not_run_again_and_is_no_second_trial() -> None:
    ran: list[Any] = []
    told: list[Any] = []
    search = searching(
        "lhs", plane(2, cells=3), Shelf(), 64, record=told.extend,
        judge=lambda p: (ran.append(p) or hill(p)),
    )  # fmt: skip
    search.run(64)
    assert len(ran) == len(set(ran)) == len(told) == 9
    assert len(search.trials) == 64
    assert {trial.twin for trial in search.trials if trial.twin >= 0} <= {trial.number for trial in told}


def test_several_goals_leave_a_front_that_nobody_beats() -> None:
    search = searching("nsga2", plane(2), Shelf(), 300, goals=2, judge=lambda p: (p[0], -p[0] - p[1] ** 2))
    search.run(300)
    rows = front(search.trials)
    assert len(rows) > 10
    assert [row.scores for row in rows] == sorted((row.scores for row in rows), key=lambda s: -s[0])
    scores = [row.scores for row in rows]
    assert all(after[1] > before[1] for before, after in pairwise(scores))
    assert min(row.params["x1"] for row in rows) < 0.1


def test_a_method_for_one_goal_says_so_when_there_are_several() -> None:
    with pytest.raises(ConfigError, match=r"cmaes follows one goal, not 3; grid, lhs, nsga2"):
        made("cmaes", Brief(plane(2), 1, 10, 3, lambda _point: True))


def test_an_unknown_method_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no search method 'simplex'; there are auto, cmaes, "):
        made("simplex", Brief(plane(2), 1, 10, 1, lambda _point: True))


@pytest.mark.parametrize(
    ("dim", "cells", "goals", "budget", "chosen"),
    [
        (2, 5, 1, 100, "grid"),
        (2, 50, 1, 100, "nelder-mead"),
        (3, 0, 1, 100, "nelder-mead"),
        (4, 0, 1, 100, "tpe"),
        (8, 0, 1, 100, "tpe"),
        (9, 0, 1, 100, "cmaes"),
        (9, 0, 3, 100, "nsga2"),
    ],
)
def test_the_method_follows_the_dimension(dim: int, cells: int, goals: int, budget: int, chosen: str) -> None:
    assert choose(plane(dim, cells), goals, budget) == chosen
