"""Windows agree with the whole history at hand, and a million bars later still do."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.indicators.line_fit import LineFit
from cockpit.indicators.pair_moments import PairMoments
from cockpit.indicators.peak import Peak
from cockpit.indicators.ring import Ring

numbers = st.lists(st.integers(-50, 50).map(lambda i: i / 4), min_size=30, max_size=60)
lengths = st.integers(1, 12)


def lean_of(values: list[float]) -> float:
    e = [Fraction(v) for v in values]
    middle, mean = Fraction(len(e) - 1, 2), sum(e, Fraction(0)) / len(e)
    return float(sum(((i - middle) * (v - mean) for i, v in enumerate(e)), Fraction(0)))


@given(numbers, lengths)
def test_a_line_through_the_last_values(x: list[float], n: int) -> None:
    fit = LineFit(n)
    for i, value in enumerate(x):
        assert fit.add(value) == (i + 1 >= n)
        if i + 1 >= n:
            window = x[i + 1 - n : i + 1]
            assert fit.mean == pytest.approx(sum(window) / n, abs=1e-9)
            assert fit.lean == pytest.approx(lean_of(window), abs=1e-9)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=30, max_size=60), lengths)
def test_two_series_together(pairs: list[tuple[int, int]], n: int) -> None:
    moments = PairMoments(n)
    for i, (a, b) in enumerate(pairs):
        assert moments.add(a, b) == (i + 1 >= n)
        if i + 1 >= n:
            x, y = np.array(pairs[i + 1 - n : i + 1], float).T
            dx, dy = x - x.mean(), y - y.mean()
            found = (moments.mean_x, moments.mean_y, moments.xx, moments.yy, moments.xy)
            assert found == pytest.approx((x.mean(), y.mean(), dx @ dx, dy @ dy, dx @ dy), abs=1e-9)
            assert moments.xx >= 0


@given(numbers, lengths)
def test_the_newest_of_equal_peaks(x: list[float], n: int) -> None:
    peak = Peak(n)
    for i, value in enumerate(x):
        assert peak.add(value) == (i + 1 >= n)
        if i + 1 >= n:
            window = x[i + 1 - n : i + 1]
            assert peak.high == max(window)
            assert peak.age == window[::-1].index(max(window))


@given(numbers, lengths)
def test_what_was_n_bars_ago(x: list[float], n: int) -> None:
    ring = Ring(n)
    got = [ring.push(value) for value in x]
    assert got[n:] == x[: max(len(x) - n, 0)]
    assert all(value != value for value in got[:n])


def test_a_million_bars_at_a_hundred_million_leave_no_drift() -> None:
    n = 50
    fit, pair = LineFit(n), PairMoments(n)
    tail: list[float] = []
    for i in range(1_000_000):
        x = 1e8 + 0.01 * ((i * 7919) % 101)
        fit.add(x)
        pair.add(x, -x)
        if i >= 1_000_000 - n:
            tail.append(x)
    exact = [Fraction(v) for v in tail]
    mean = sum(exact, Fraction(0)) / n
    squares = float(sum(((v - mean) ** 2 for v in exact), Fraction(0)))
    assert fit.lean == pytest.approx(lean_of(tail), rel=1e-6, abs=1e-6)
    assert pair.xx == pytest.approx(squares, rel=1e-7)
    assert pair.xy == pytest.approx(-squares, rel=1e-7)


@pytest.mark.parametrize("kind", [LineFit, PairMoments, Peak, Ring])
def test_no_values_are_no_window(kind: type) -> None:
    with pytest.raises(ValueError, match="0"):
        kind(0)
