"""Funding that has been settled: counted once, per 8 hours, whatever the feed says and how late."""

from __future__ import annotations

from math import isnan

import pytest

from cockpit.indicators.settled_rate import HOUR, SettledRate

T0 = 1_700_006_400_000


def test_an_announcement_is_no_settlement() -> None:
    rate = SettledRate()
    assert not rate.update(0.001, T0, False)
    assert not rate.update(0.002, T0, False)
    assert isnan(rate.value)
    assert rate.update(0.005, T0 + 8 * HOUR, False)
    assert (rate.value, rate.at) == (0.002, T0), "the last word before the next interval"


@pytest.mark.parametrize("late", [-5, 0, 7, 60_000])
def test_the_same_settlement_heard_twice_counts_once(late: int) -> None:
    rate = SettledRate()
    rate.update(0.001, T0, False)
    assert rate.update(0.001, T0 + late, True)
    assert not rate.update(0.003, T0 + 8 * HOUR, False)
    assert rate.update(0.003, T0 + 8 * HOUR + late, True)
    assert rate.value == 0.003


@pytest.mark.parametrize(("hours", "scaled"), [(1, 0.008), (2, 0.004), (4, 0.002), (8, 0.001), (24, 0.001)])
def test_rates_are_per_eight_hours(hours: int, scaled: float) -> None:
    rate = SettledRate()
    assert rate.update(0.001, T0, True)
    assert rate.value == 0.001
    assert rate.update(0.001, T0 + hours * HOUR, True)
    assert rate.value == pytest.approx(scaled)


def test_an_old_settlement_is_passed_over() -> None:
    rate = SettledRate()
    rate.update(0.001, T0, True)
    assert not rate.update(0.009, T0 - 8 * HOUR, True)
    assert rate.value == 0.001
