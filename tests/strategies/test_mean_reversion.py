"""ST-07 rule by rule, through the real engine, gate and venue."""

import pytest

from cockpit.app.rehearse import rehearse
from cockpit.core.types import Side
from tests.strategies.crafted import Stage, bars, tags, wave

CALM = wave(30, size=0.0002)
DIP = [99.8, 99.6]
BACK = [99.5, 99.9, 100.0, 100.0]


def mirrored(closes: list[float]) -> list[float]:
    return [round(200.0 - close, 4) for close in closes]


def test_it_buys_far_below_and_leaves_near_the_mean() -> None:
    run = rehearse("mean_reversion", bars([*CALM, *DIP, *BACK]))
    assert tags(run) == ["far-below", "reverted"]
    assert [str(fill.side) for fill in run.fills] == ["buy", "sell"]
    assert float(run.fills[0].qty) * 99.6 == pytest.approx(0.25 * 10_000, rel=0.001)
    assert run.position == 0


def test_it_sells_far_above_mirrored() -> None:
    run = rehearse("mean_reversion", bars(mirrored([*CALM, *DIP, *BACK])))
    assert tags(run) == ["far-above", "reverted"]
    assert [str(fill.side) for fill in run.fills] == ["sell", "buy"]


@pytest.mark.parametrize("params", [{"rsi_oversold": 1.0}, {"entry_std": 6.0}])
def test_both_distance_and_exhaustion_are_needed(params: dict[str, float]) -> None:
    assert tags(rehearse("mean_reversion", bars([*CALM, *DIP, *BACK]), params)) == []


def test_z_is_that_of_the_sample_with_the_current_close() -> None:
    """20 closes: 19 x 100 and one 99 → mean 99.95, deviation 0.2236 (n - 1), z = -4.2485."""
    closes = [*[100.0] * 30, 99.0]
    for entry, wished in ((4.248, "far-below"), (4.249, "")):
        stage = Stage("mean_reversion", {"entry_std": entry}).hear(bars(closes))
        assert stage.want.tag == wished


def test_the_stop_is_three_percent_away_and_rests_at_the_venue() -> None:
    run = rehearse("mean_reversion", bars([*CALM, *DIP, 99.55, 99.5]))
    (wish,) = run.wishes
    assert float(wish.stop or 0) == pytest.approx(99.6 * 0.97, abs=0.011)
    assert wish.take is None
    (guard,) = run.engine.state.orders.values()
    assert (guard.trigger, guard.remaining) == (wish.stop, run.position)


def test_a_market_that_keeps_falling_is_bought_once() -> None:
    run = rehearse("mean_reversion", bars([*CALM, *DIP, *[99.0 - i for i in range(15)]]))
    assert tags(run) == ["far-below", "spent"]
    assert run.position == 0


def test_after_it_has_been_back_the_next_excursion_is_free() -> None:
    stage = Stage("mean_reversion").hear(bars([*CALM, *DIP]))
    stage.fill(Side.BUY, 99.6, 25.0).fill(Side.SELL, stage.want.stop, 0.0)
    assert stage.want.tag == "spent"
    assert stage.hear(bars([99.6, 95.0, 94.0])[1:]).want.weight == 0.0
    assert stage.hear(bars([94.0, *wave(30, 94.0, 0.0002)])[1:]).strategy.used == 0
    assert stage.hear(bars([94.0, 93.8, 93.5])[1:]).want.tag == "far-below"


def test_a_leap_over_the_mean_is_back_too() -> None:
    run = rehearse("mean_reversion", bars([*CALM, *DIP, 101.0, 101.0]))
    assert tags(run)[:2] == ["far-below", "reverted"]


def test_a_dead_market_has_no_distance() -> None:
    assert tags(rehearse("mean_reversion", bars([100.0] * 60, reach=0.0))) == []
