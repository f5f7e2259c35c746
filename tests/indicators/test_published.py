"""Values other people published."""

from math import e, isnan, log

import pytest

from cockpit.indicators.batch import batch
from cockpit.indicators.parkinson import Parkinson
from cockpit.indicators.psar import Psar
from cockpit.indicators.rsi import Rsi

QQQQ = """44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328
45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835
45.3548 44.0288 44.1783 44.2181 44.5672 43.4205 42.6628 43.1314"""
STOCKCHARTS = """70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87
45.46 37.30 33.08 37.77"""
WILDER_HIGH = """51.12 52.35 52.1 51.8 52.1 52.5 52.8 52.5 53.5 53.5 53.8 54.2 53.4 53.5 54.4 55.2 55.7 57
57.5 58 57.7 58 57.5 57 56.7 57.5 56.7 56 56.2 54.8 55.5 54.7 54 52.5 51 51.5 51.7 53"""
WILDER_LOW = """50 51.5 51 50.5 51.25 51.7 51.85 51.5 52.3 52.5 53 53.5 52.5 52.1 53 54 55 56 56.5 57 56.5
57.3 56.7 56.3 56.2 56 55.5 55 54.9 54 54.5 53.8 53 51.5 50 50.5 50.2 51.5"""


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def test_rsi_of_stockcharts() -> None:
    values = batch(Rsi(14), numbers(QQQQ))
    assert all(isnan(v) for v in values[:14])
    assert values[14:] == pytest.approx(numbers(STOCKCHARTS), abs=0.005)


def test_parabolic_sar_of_wilder() -> None:
    values = batch(Psar(0.02, 0.2), numbers(WILDER_HIGH), numbers(WILDER_LOW))
    assert isnan(values[0])
    found = [values[i] for i in (1, 2, 5, 36, 37)]
    assert found == pytest.approx([50.00, 50.047, 50.182, 52.93, 50.00], abs=0.005)


def test_parkinson_of_a_bar_of_one_unit_of_log() -> None:
    assert Parkinson(1).update(e, 1.0) == pytest.approx(0.36067376022, abs=1e-11)
    assert Parkinson(1).update(2.0, 1.0) == pytest.approx(log(2) / 4)
