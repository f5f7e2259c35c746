"""Normalisers and signal filters: what a strategy feeds on, and what keeps it from trembling."""

from math import inf, isnan, nan

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.indicators.batch import batch
from cockpit.indicators.candle_quality import FAULTS, CandleQuality
from cockpit.indicators.confirm import Confirm
from cockpit.indicators.minmax_prior import MinmaxPrior
from cockpit.indicators.two_thresholds import TwoThresholds
from cockpit.indicators.zscore import Zscore

numbers = st.lists(st.integers(-20, 20).map(float), max_size=40)


@given(numbers, st.integers(2, 8), st.integers(0, 1))
def test_zscore_is_that_of_the_window(x: list[float], n: int, ddof: int) -> None:
    series = pd.Series(x, dtype=float)
    want = (series - series.rolling(n).mean()) / series.rolling(n).std(ddof=ddof)
    for i, (got, w) in enumerate(zip(batch(Zscore(n, ddof), x), want, strict=True)):
        if i + 1 < n or len(set(x[i + 1 - n : i + 1])) == 1:
            assert isnan(got)
        else:
            assert got == pytest.approx(w, abs=1e-6)


@given(numbers, st.integers(1, 8))
def test_place_in_the_range_before(x: list[float], n: int) -> None:
    for i, got in enumerate(batch(MinmaxPrior(n), x)):
        before = x[i - n : i] if i >= n else []
        if len(set(before)) < 2:
            assert isnan(got)
        else:
            assert got == pytest.approx((x[i] - min(before)) / (max(before) - min(before)))


def test_a_signal_counts_when_it_has_held() -> None:
    flicker = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, nan, 0.0, 0.0, 0.0]
    got = batch(Confirm(3), flicker)
    assert all(isnan(v) for v in got[:5])
    assert got[5:] == [1.0] * 6 + [0.0]
    assert batch(Confirm(1), [2.0, 3.0]) == [2.0, 3.0]


def test_two_thresholds_do_not_tremble() -> None:
    x = [nan, 1.0, 2.0, 1.0, 1.9, 0.5, 1.9, -2.5, -1.0, nan, -0.4, 3.0, -3.0]
    got = batch(TwoThresholds(2.0, 0.5), x)
    assert isnan(got[0])
    assert got[1:] == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, -1.0, -1.0, -1.0, 0.0, 1.0, -1.0]


def test_a_long_signal_does_not_survive_a_fall_through_the_floor() -> None:
    assert batch(TwoThresholds(2.0, 0.5), [2.0, -1.0]) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("bar", "fault"),
    [
        ((10.0, 12.0, 9.0, 11.0, 5.0), ""),
        ((10.0, 10.0, 10.0, 10.0, 0.0), ""),
        ((10.0, 13.5, 9.0, 11.0, 5.0), ""),
        ((10.0, 13.6, 9.0, 11.0, 5.0), "range"),
        ((10.0, 10.5, 9.0, 11.0, 5.0), "order"),
        ((10.0, 12.0, 10.5, 11.0, 5.0), "order"),
        ((10.0, 12.0, 9.0, 11.0, -1.0), "volume"),
        ((0.0, 12.0, 9.0, 11.0, 5.0), "price"),
        ((10.0, 12.0, -9.0, 11.0, 5.0), "price"),
        ((10.0, 12.0, 0.0, 11.0, 5.0), "price"),
        ((10.0, 0.0, 9.0, 11.0, 5.0), "price"),
        ((10.0, 12.0, 9.0, 0.0, 5.0), "price"),
        ((10.0, nan, 9.0, 11.0, 5.0), "number"),
        ((10.0, inf, 9.0, 11.0, 5.0), "number"),
        ((10.0, inf, -inf, 11.0, 5.0), "number"),
    ],
)
def test_impossible_candles_are_named(bar: tuple[float, ...], fault: str) -> None:
    quality = CandleQuality()
    assert FAULTS[int(quality.update(*bar))] == fault
    assert (quality.seen, quality.bad) == (1, int(fault != ""))


def test_refusals_name_the_number() -> None:
    for wrong in (
        lambda: Confirm(0),
        lambda: TwoThresholds(0.5, 0.5),
        lambda: TwoThresholds(1.0, -0.1),
        lambda: Zscore(1),
        lambda: Zscore(2, 2),
        lambda: MinmaxPrior(0),
        lambda: CandleQuality(1.0),
    ):
        with pytest.raises(ValueError, match=r"\d"):
            wrong()
