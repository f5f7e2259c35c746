"""ST-06 rule by rule, through the real engine, gate and venue."""

import pytest

from cockpit.app.rehearse import rehearse
from cockpit.core.types import Side
from tests.strategies.crafted import Stage, bars, tags, wave

QUIET = wave(40)
RISE = [100.0 + step for step in range(1, 6)]
"""5 % in five bars."""
FALL = [100.0 - step for step in range(1, 7)]
LOUD = 200.0


def volumes(count: int, size: float) -> dict[int, float]:
    return dict.fromkeys(range(40, 40 + count), size)


def test_it_enters_when_price_volume_and_rsi_agree() -> None:
    up = rehearse("momentum", bars([*QUIET, *RISE, 105.5], volumes(6, LOUD)))
    assert tags(up) == ["surge"]
    down = rehearse("momentum", bars([*QUIET, *FALL], volumes(6, LOUD)))
    assert tags(down) == ["slump"]
    assert down.position <= 0


def test_five_percent_over_fourteen_bars_is_the_least() -> None:
    """The close of 14 bars before is 100.2: 105.21 is 5 % more."""
    almost = Stage("momentum").hear(bars([*QUIET, *RISE[:4], 105.2], volumes(6, LOUD)))
    assert almost.want.tag == ""
    enough = Stage("momentum").hear(bars([*QUIET, *RISE[:4], 105.22], volumes(6, LOUD)))
    assert enough.want.tag == "surge"


@pytest.mark.parametrize(
    ("params", "volume", "wished"),
    [
        ({}, 120.0, []),
        ({"rsi_momentum_threshold": 60.0}, LOUD, []),
        ({"price_momentum_threshold": 0.2}, LOUD, []),
        ({"volume_momentum_threshold": 1.1}, 120.0, ["surge"]),
    ],
)
def test_every_condition_can_keep_it_out(params: dict[str, float], volume: float, wished: list[str]) -> None:
    """Volume 120 against a usual 100 that the rise itself lifts to at most 104."""
    run = rehearse("momentum", bars([*QUIET, *RISE, 105.5], volumes(6, volume)), params)
    assert tags(run) == wished


def test_stop_and_take_are_two_and_a_half_and_five_atr() -> None:
    run = rehearse("momentum", bars([*QUIET, *RISE, 105.1, 105.2], volumes(6, LOUD)))
    (wish,) = run.wishes
    stop, take = float(wish.stop or 0), float(wish.take or 0)
    assert 105.1 - stop == pytest.approx((take - 105.1) / 2, abs=0.02)
    assert float(run.position) * 105.1 == pytest.approx(0.20 * 10_000, rel=0.001)
    (guard,) = run.engine.state.orders.values()
    assert (guard.trigger, guard.take) == (wish.stop, wish.take)


def test_a_take_ends_the_try_and_the_run_must_break_first() -> None:
    stage = Stage("momentum").hear(bars([*QUIET, *RISE, 105.5], volumes(6, LOUD)))
    stage.fill(Side.BUY, 105.5, 19.0).fill(Side.SELL, stage.want.take, 0.0)
    assert stage.want.tag == "spent"
    higher = bars([105.0, 109.0, 113.0, 117.0], 1_000.0)[1:]
    assert stage.hear(higher).want.weight == 0.0
    calm = bars(wave(60, 117.0), 100.0)[1:]
    assert stage.hear(calm).strategy.used == 0
    assert stage.hear(bars([117.0, 119.0, 121.0, 123.5], 1_000.0)[1:]).want.tag == "surge"


def test_it_is_silent_until_rsi_has_its_own_past() -> None:
    """RSI speaks from bar 14 on, its change over 14 bars from bar 28 on."""
    rising = [100.0 * 1.02**i for i in range(28)]
    assert tags(rehearse("momentum", bars(rising, {i: 100.0 * 2**i for i in range(28)}))) == []
