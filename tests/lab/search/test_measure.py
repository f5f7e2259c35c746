"""What a run was worth: as ``portfolio.performance`` says."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from cockpit.lab.search.measure import Path, measure, net_equity, returns
from cockpit.portfolio import performance
from cockpit.portfolio.drawdown import max_drawdown

DAY = 86_400_000


def made(equity: list[float], traded: float = 0.0) -> Path:
    rows = len(equity) - 1
    column = np.full(rows, traded)
    return Path(DAY, 0, np.array(equity), column, column**1.5, np.ones(rows, dtype=int))


def walk(seed: int, count: int = 400) -> list[float]:
    rng, found = random.Random(seed), [10_000.0]
    for _ in range(count):
        found.append(found[-1] * (1 + rng.gauss(0.0004, 0.01)))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_every_figure_is_the_one_of_the_library(seed: int) -> None:
    equity = walk(seed)
    found = measure(made(equity, 500.0))
    change = [after / before - 1 for before, after in pairwise(equity)]
    assert found.sharpe == pytest.approx(performance.sharpe(change).annual)
    assert found.sortino == pytest.approx(performance.sortino(change))
    assert found.cagr == pytest.approx(performance.cagr(equity))
    assert found.calmar == pytest.approx(performance.calmar(equity))
    assert found.mdd == pytest.approx(max_drawdown(equity).mdd)
    assert found.total == pytest.approx(equity[-1] / equity[0] - 1)
    assert found.turnover == pytest.approx(500.0 * 365 / np.mean(equity))
    assert found.trades == found.periods == 400
    shape, ratio = performance.moments(change), performance.sharpe(change).per_period
    assert shape.skew is not None
    assert shape.kurt is not None
    assert ratio is not None
    error = performance.sharpe_error(ratio, 400, shape.skew, shape.kurt)
    assert error is not None
    assert found.error == pytest.approx(error * 365**0.5)


def test_a_part_is_measured_as_if_it_were_alone() -> None:
    equity = walk(3)
    assert measure(made(equity), 0.0, 100, 250) == measure(made(equity[100:251]))


def test_what_is_undefined_is_none() -> None:
    flat = measure(made([100.0] * 10))
    assert (flat.sharpe, flat.sortino, flat.calmar, flat.mdd) == (None, None, None, 0.0)
    rising = measure(made([100.0, 101.0, 103.0]))
    assert rising.sortino is None
    assert rising.sharpe is not None


def test_ruin_is_a_loss_of_everything_and_no_error() -> None:
    found = measure(made([100.0, 50.0, -10.0, -10.0]))
    assert found.cagr is None
    assert found.total == -1.1
    assert returns(np.array([100.0, -10.0, -20.0])).tolist() == [-1.1, -1.0]


def test_impact_is_taken_off_as_it_arises() -> None:
    path = made([1_000.0] * 5, 100.0)
    assert net_equity(path, 0.001, 0, 4).tolist() == [1000.0, 999.0, 998.0, 997.0, 996.0]
    assert measure(path, 0.001).impact == pytest.approx(4.0)
    assert net_equity(path, 0.001, 2, 4).tolist() == [1000.0, 999.0, 998.0]
