"""A bar is heard some milliseconds after it closed. What is lined up by time must not notice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.aligned import Aligned
from cockpit.core.resample import Resampler
from cockpit.core.returns import Track, learn, together
from cockpit.core.tails import Candles
from cockpit.portfolio.pasts import Past

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NAME = "sim:BTC-USDT"


def bar(end: int, tf: int = MINUTE, late: int = 0, symbol: str = NAME) -> ev.Bar:
    close = 100.0 + end // tf % 7
    return ev.Bar(end + late, symbol, tf, 100.0, close + 1, 99.0, close, 2.0)


@given(st.sampled_from([1_000, 5_000, MINUTE, HOUR, 4 * HOUR, DAY]), st.integers(1, 10**6), st.data())
def test_its_end_is_its_close_whenever_it_was_heard(tf: int, number: int, data: st.DataObject) -> None:
    late = data.draw(st.integers(0, min(tf - 1, 59_999)))
    assert bar(number * tf, tf, late).end == number * tf


def test_a_day_that_is_cut_elsewhere_keeps_its_own_close() -> None:
    assert bar(20_000 * DAY + 16 * HOUR, DAY).end == 20_000 * DAY + 16 * HOUR


@pytest.mark.parametrize("lates", [[0], [10], [900, 3, 0, 250]], ids=["none", "constant", "jitter"])
def test_longer_bars_are_the_same_however_late_the_short_ones_are_heard(lates: list[int]) -> None:
    """A bar that was heard 10 ms late once fell into the hour after its own."""
    prompt, late = Resampler(HOUR), Resampler(HOUR)
    wanted, made = [], []
    for n in range(1, 60 * 5 + 1):
        wanted += [(n, row) for row in prompt.update(bar(n * MINUTE))]
        made += [(n, row) for row in late.update(bar(n * MINUTE, late=lates[n % len(lates)]))]
    assert made == wanted
    assert [n for n, _ in made] == [60, 120, 180, 240, 300]
    assert all(row.volume == 120.0 and row.ts == n * MINUTE for n, row in made)


def test_a_candle_on_the_screen_is_one_candle() -> None:
    """The forming one, made of trades, is replaced by the bar that closes it: not joined by it."""
    candles = Candles(5_000)
    for n in range(1, 9):
        candles.trade(n * 5_000 - 4_000, 100.0, 1.0)
        candles.bar(bar(n * 5_000, 5_000, late=10))
    assert [row.ts for row in candles.rows] == [n * 5_000 for n in range(8)]
    assert all(row.closed and row.volume == 2.0 for row in candles.rows)
    candles.trade(41_000, 101.0, 0.5)
    assert (candles.rows[-1].ts, candles.rows[-1].closed, candles.rows[-1].volume) == (40_000, False, 0.5)


def test_legs_that_are_heard_apart_still_meet() -> None:
    closes = Aligned.of(2)
    met = [
        closes.update(leg, row.end, row.close)
        for n in range(1, 5)
        for leg, row in enumerate((bar(n * MINUTE, late=3), bar(n * MINUTE, late=48, symbol="sim:ETH-USDT")))
    ]
    assert met == [False, True] * 4


def test_returns_of_two_markets_stand_beside_each_other() -> None:
    history: dict[str, Track] = {}
    for n in range(1, 6):
        learn(history, 100, bar(n * MINUTE, late=7 * n))
        learn(history, 100, bar(n * MINUTE, late=90, symbol="sim:ETH-USDT"))
    rows = together(history, (NAME, "sim:ETH-USDT"))
    assert [len(row) for row in rows.values()] == [4, 4]


def test_a_past_told_by_history_goes_on_with_bars_that_are_heard_late() -> None:
    def told(late: int) -> Past:
        past = Past()
        for n in range(1, 121):
            past.hear(bar(n * MINUTE, late=late if n > 60 else 0))
        return past

    assert msgspec.structs.asdict(told(10))["hours"] == msgspec.structs.asdict(told(0))["hours"]
