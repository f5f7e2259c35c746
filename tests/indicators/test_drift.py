"""After a long life an indicator says what a young one says that has seen only the last bars."""

from fractions import Fraction
from itertools import accumulate
from math import exp, isnan, sin
from typing import Any

import pytest

from cockpit.core.registry import INDICATORS
from cockpit.indicators.cvd import Cvd
from cockpit.indicators.obv import Obv
from cockpit.indicators.vwap import Vwap
from tests.indicators.samples import fresh, rows

LATE = 400
"""Bars that a young one gets: for the short lengths of the samples all that any memory reaches back."""
REMEMBERS = {
    "obv": "sums since the start",
    "cvd": "sums since the start",
    "psar": "its side depends on where it began",
    "supertrend": "its side depends on where it began",
    "trailing_stop": "never steps back",
    "two_thresholds": "stays what it was",
    "hurst": "needs more bars than a young one gets",
    "regime": "needs more bars than a young one gets",
    "regime_factors": "needs more bars than a young one gets",
}
WILD = 1e9
"""In the middle of its life each indicator has seen a bar of this size; usual are prices about a hundred."""


def bars(begin: int, end: int) -> tuple[list[float], list[float], list[float]]:
    closes = [100.0 * exp(0.05 * sin(i * 0.7) + 0.02 * sin(i * 0.0137 * (i % 97))) for i in range(begin, end)]
    highs = [c * (1.001 + 0.001 * (i % 5)) for i, c in enumerate(closes, begin)]
    lows = [c * (0.999 - 0.001 * (i % 3)) for i, c in enumerate(closes, begin)]
    return highs, lows, closes


def near(name: str, old: Any, young: Any) -> None:
    for line in INDICATORS[name].options["lines"]:
        a, b = getattr(old, line), getattr(young, line)
        assert (isnan(a) and isnan(b)) or a == pytest.approx(b, rel=1e-9, abs=1e-9), (name, line)


@pytest.mark.parametrize("name", sorted(set(INDICATORS) - set(REMEMBERS)))
def test_a_long_life_leaves_nothing_behind(name: str) -> None:
    life = 10_000
    old, young = fresh(name), fresh(name)
    stream = rows(name, bars(0, life))
    for index, row in enumerate(stream):
        if index == life // 2:
            old.update(*rows(name, ([WILD * 2], [WILD / 2], [WILD]))[0])
        old.update(*row)
        if index >= life - LATE:
            young.update(*row)
    near(name, old, young)


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(set(INDICATORS) - set(REMEMBERS)))
def test_nor_do_a_million_bars(name: str) -> None:
    stream = rows(name, bars(0, 10_000))
    old, young = fresh(name), fresh(name)
    for _ in range(100):
        for row in stream:
            old.update(*row)
    for row in stream[-LATE:]:
        young.update(*row)
    near(name, old, young)


def test_sums_since_the_start_are_exact_to_rounding() -> None:
    quantities = [0.1 + (i * 7919 % 1000) / 997 for i in range(100_000)]
    sides = [1.0 if i * i % 7 < 3 else -1.0 for i in range(100_000)]
    cvd, obv, vwap = Cvd(), Obv(), Vwap(session=0)
    close = 100.0
    for qty, side in zip(quantities, sides, strict=True):
        cvd.update(qty, side)
        close += side
        obv.update(close, qty)
        vwap.update(0, close + 1, close - 1, close, qty)
    exact = sum((Fraction(q) * int(s) for q, s in zip(quantities, sides, strict=True)), Fraction(0))
    assert cvd.value == pytest.approx(float(exact), rel=1e-11)
    first = Fraction(quantities[0]) * (1 - int(sides[0]))
    assert obv.value == pytest.approx(float(exact + first), rel=1e-11)
    closes = list(accumulate(sides, initial=100.0))[1:]
    money = sum((Fraction(q) * Fraction(c) for q, c in zip(quantities, closes, strict=True)), Fraction(0))
    volume = sum(map(Fraction, quantities), Fraction(0))
    assert vwap.value == pytest.approx(float(money / volume), rel=1e-12)
