"""ST-04 rule by rule, through the real engine, gate and venue."""

import pytest

from cockpit.app.rehearse import rehearse
from cockpit.core.types import Side
from tests.strategies import crafted
from tests.strategies.crafted import Stage, bars, tags, wave

QUIET = wave(30)
TOP, BOTTOM = 100.2 * 1.001, 99.8 * 0.999
"""The range of the quiet market, wicks included."""
LOUD = {30: 150.0}


@pytest.mark.parametrize(
    ("close", "volume", "wished"),
    [
        (TOP * 1.0021, 150.0, ["break-up"]),
        (TOP * 1.0019, 150.0, []),
        (TOP * 1.0021, 149.0, []),
        (BOTTOM / 1.0021, 150.0, ["break-down"]),
        (BOTTOM / 1.0019, 150.0, []),
    ],
    ids=["out", "not far enough", "not loud enough", "down", "down, not far enough"],
)
def test_it_enters_beyond_the_range_with_volume(close: float, volume: float, wished: list[str]) -> None:
    assert tags(rehearse("breakout", bars([*QUIET, close, close], {30: volume}))) == wished


def test_stop_and_take_are_in_atr_and_rest_at_the_venue() -> None:
    run = rehearse("breakout", bars([*QUIET, 101.5, 101.6, 101.7], LOUD))
    (wish,) = run.wishes
    stop, take = float(wish.stop or 0), float(wish.take or 0)
    assert (take - 101.5) == pytest.approx(2 * (101.5 - stop), abs=0.031)
    assert float(run.position) * 101.5 == pytest.approx(0.25 * 10_000, rel=0.001)
    (guard,) = run.engine.state.orders.values()
    assert (guard.trigger, guard.take, guard.remaining) == (wish.stop, wish.take, run.position)


def test_the_current_bar_is_not_part_of_the_range() -> None:
    """A bar's own high is always at least its close: with it in the range nothing could break out."""
    stage = Stage("breakout").hear(bars([*QUIET, 101.5], LOUD))
    assert stage.strategy.channel.upper == pytest.approx(TOP)
    assert stage.want.weight == 0.25


def test_a_stop_ends_the_try_and_the_next_breakout_is_another_one() -> None:
    closes = [*QUIET, 101.5, 101.4, 99.0, *wave(20), 102.5, 102.5]
    run = rehearse("breakout", bars(closes, {30: 150.0, 32: 10.0, 53: 400.0}))
    assert tags(run) == ["break-up", "spent", "break-up"]
    assert [str(fill.side) for fill in run.fills] == ["buy", "sell", "buy"]


def test_after_a_stop_the_same_breakout_is_not_bought_again() -> None:
    stage = Stage("breakout").hear(bars([*QUIET, 101.5], LOUD))
    stage.fill(Side.BUY, 101.5, 24.0).fill(Side.SELL, stage.want.stop, 0.0)
    assert (stage.want.weight, stage.want.tag) == (0.0, "spent")
    higher = bars([101.5, 103.0, 105.0], 1_000.0)[1:]
    assert stage.hear(higher).want.weight == 0.0
    assert stage.strategy.used == 1
    inside = bars([105.0, 104.0], 1_000.0)[1:]
    again = bars([104.0, 108.0], 1_000.0)[1:]
    assert stage.hear(inside).strategy.used == 0
    assert stage.hear(again).want.tag == "break-up"


def test_the_range_must_be_whole_before_anything_is_said() -> None:
    rising = [100.0 * 1.01**i for i in range(20)]
    assert tags(rehearse("breakout", bars(rising, 1_000.0))) == []


def test_crafted_walks_are_the_same_everywhere() -> None:
    assert crafted.walk(3, 7) == [99.78, 98.82, 99.61]
