"""Walking forward: what is tested was never searched, and only that is out of sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.lab.proof.walkforward import Choice, Step, spans, walk
from cockpit.lab.proof.windows import Span


@given(
    st.integers(50, 400), st.integers(20, 60), st.integers(0, 20), st.integers(5, 20), st.integers(0, 5),
    st.integers(0, 4), st.booleans(),
)  # fmt: skip
def test_no_row_is_searched_and_tested(
    n: int, train: int, validate: int, test: int, purge: int, embargo: int, anchored: bool
) -> None:
    windows = spans(n, train, validate, test, test, purge, embargo, anchored)
    tested: set[int] = set()
    for window in windows:
        chosen = window.validate or window.train
        assert window.test[0] == chosen[1] + purge + embargo
        if window.validate:
            assert window.validate[0] == window.train[1] + purge
        assert window.test[1] <= n
        rows = set(range(*window.test))
        assert not rows & tested
        tested |= rows


def test_tests_may_not_overlap() -> None:
    with pytest.raises(ValueError, match="twice"):
        spans(100, 40, 0, 10, 5, 0)
    with pytest.raises(ValueError, match="not one window"):
        walk([], lambda *_: None, lambda *_: [], 365.0)


def test_the_best_of_the_past_is_walked_forward() -> None:
    """100 candidates without an edge and one with: only the search may look, only at its own rows."""
    random = np.random.default_rng(4)
    rows = random.normal(0, 0.01, (900, 60))
    rows[:, 17] += 0.004
    seen: list[Span] = []

    def search(train: Span, validate: Span | None) -> Choice | None:
        seen.append(train)
        part = rows[slice(*train)]
        ratios = part.mean(0) / part.std(0)
        best = np.argsort(-ratios)[:5]
        assert validate is not None
        later = rows[slice(*validate)][:, best]
        k = int(best[(later.mean(0) / later.std(0)).argmax()])
        return Choice({"k": k}, float(ratios[k]), None, 60)

    def evaluate(params: dict[str, Any], span: Span) -> Any:
        return rows[slice(*span), params["k"]]

    steps: list[Step] = []
    windows = spans(900, 180, 45, 30, 30, 2, 1)
    found = walk(windows, search, evaluate, 365.0, 2, 1, told=lambda _n, step: steps.append(step))
    assert len(found.steps) == len(windows) == len(seen)
    assert tuple(steps) == found.steps
    assert len(found.returns) == 30 * len(windows)
    assert found.first == windows[0].test[0]
    assert found.trials == 60 * len(windows)
    expected = np.concatenate([rows[slice(*s.test), s.choice.params["k"]] for s in found.steps if s.choice])
    assert found.returns == pytest.approx(expected.tolist())
    assert sum(1 for s in found.steps if s.choice and s.choice.params["k"] == 17) > len(windows) * 0.9
    assert found.figures.sharpe.value == pytest.approx(expected.mean() / expected.std(ddof=1) * 365**0.5)
    assert found.efficiency.value is not None
    assert found.efficiency.low is not None
    assert found.efficiency.high is not None
    assert found.efficiency.low <= found.efficiency.value <= found.efficiency.high


def test_noise_does_not_walk_forward() -> None:
    outside, inside = [], []
    for seed in range(8):
        rows = np.random.default_rng(seed).normal(0, 0.01, (600, 40))

        def search(train: Span, _: Span | None, rows: Any = rows) -> Choice | None:
            part = rows[slice(*train)]
            return Choice({"k": int((part.mean(0) / part.std(0)).argmax())}, None, None, 40)

        def evaluate(params: dict[str, Any], span: Span, rows: Any = rows) -> Any:
            return rows[slice(*span), params["k"]]

        found = walk(spans(600, 180, 0, 30, 30, 0), search, evaluate, 365.0)
        outside.append(found.figures.sharpe.value or 0.0)
        inside.append(np.mean([s.inside for s in found.steps]))
    assert np.mean(inside) > 2.0
    assert abs(float(np.mean(outside))) < 1.0


def test_a_window_in_which_nothing_can_be_chosen_stays_out() -> None:
    found = walk(spans(100, 30, 0, 10, 10, 0), lambda *_: None, lambda *_: 1 / 0, 365.0)
    assert set(found.returns) == {0.0}
    assert found.efficiency.value is None
    assert found.steps[0].choice is None
