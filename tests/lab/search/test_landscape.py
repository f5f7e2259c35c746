"""What a study says of its space."""

from __future__ import annotations

import pytest

from cockpit.lab.search.landscape import heat, strips
from cockpit.lab.search.space import Axis, Space
from tests.lab.search.hills import Shelf, plane, searching


def test_the_parameter_that_matters_comes_first_and_the_good_values_are_found() -> None:
    search = searching("lhs", plane(3), Shelf(), 600, judge=lambda p: (-((p[1] - 0.7) ** 2) - 0.01 * p[0],))
    search.run(600)
    rows = strips(search.trials, plane(3))
    assert rows[0].name == "x1"
    assert rows[0].influence is not None
    assert rows[2].influence is not None
    assert rows[0].influence > 0.9 > 0.1 > rows[2].influence
    assert rows[0].good is not None
    low, high = rows[0].good
    assert 0.5 < float(str(low)) < 0.7 < float(str(high)) < 0.9
    assert sum(cell.count for cell in rows[0].cells) == 600


def test_a_map_has_the_best_of_each_field() -> None:
    space = Space((Axis("a", 1, 3, 1, whole=True), Axis("b", choices=("up", "down"))))
    search = searching("grid", space, Shelf(), 6, judge=lambda p: (p[0] * (1.0 if p[1] == "up" else -1.0),))
    search.run(6)
    found = heat(search.trials, space, "a", "b")
    assert (found.columns, found.rows) == (("1", "2", "3"), ("up", "down"))
    assert [[cell.best for cell in row] for row in found.cells] == [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]
    with pytest.raises(KeyError):
        heat(search.trials, space, "a", "c")


def test_with_few_trials_nothing_is_said_to_matter() -> None:
    search = searching("lhs", plane(2), Shelf(), 8)
    search.run(8)
    assert [row.influence for row in strips(search.trials, plane(2))] == [None, None]
