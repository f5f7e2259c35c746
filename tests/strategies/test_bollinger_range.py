"""ST-02 rule by rule, through the real engine, gate and venue."""

import pytest

from cockpit.app.rehearse import rehearse
from cockpit.core.types import Side
from tests.strategies.crafted import Stage, bars, tags, wave

CALM = wave(30, size=0.0002)
DIP = [99.8, 99.6]
BACK = [99.5, 99.9, 100.2, 100.2]


def mirrored(closes: list[float]) -> list[float]:
    return [round(200.0 - close, 4) for close in closes]


def test_it_buys_the_lower_band_and_leaves_in_the_middle() -> None:
    run = rehearse("bollinger_range", bars([*CALM, *DIP, *BACK]))
    assert tags(run) == ["lower-band", "middle"]
    assert [str(fill.side) for fill in run.fills] == ["buy", "sell"]
    assert float(run.fills[0].qty) * 99.6 == pytest.approx(0.25 * 10_000, rel=0.002)
    assert run.position == 0


def test_it_sells_the_upper_band_mirrored() -> None:
    run = rehearse("bollinger_range", bars(mirrored([*CALM, *DIP, *BACK])))
    assert tags(run) == ["upper-band", "middle"]
    assert [str(fill.side) for fill in run.fills] == ["sell", "buy"]


@pytest.mark.parametrize("params", [{"rsi_oversold": 1.0}, {"bandwidth_max": 0.0001}])
def test_every_condition_can_keep_it_out(params: dict[str, float]) -> None:
    assert tags(rehearse("bollinger_range", bars([*CALM, *DIP, *BACK]), params)) == []


def test_a_wide_range_is_left_alone() -> None:
    """Moves of 3 % either way make bands 12 % apart: three times the widest it trades."""
    wild = wave(30, size=0.03)
    falling = bars([*wild, 92.0, 88.0, 84.0])
    assert tags(rehearse("bollinger_range", falling, {"rsi_oversold": 50})) == []
    assert tags(rehearse("bollinger_range", falling, {"rsi_oversold": 50, "bandwidth_max": 1.0})) != []


def test_a_touch_is_half_a_percent_from_the_band() -> None:
    """Bands of 30 equal closes and one of 99.5; the low is what touches, by its wick."""
    closes = [*[100.0] * 30, 99.5]
    lower = Stage("bollinger_range").hear(bars(closes)).strategy.bands.lower
    near, far = 1 - (lower * 1.005 - 0.001) / 99.5, 1 - (lower * 1.005 + 0.001) / 99.5
    narrow = {"touch_threshold": 1.0}
    assert Stage("bollinger_range").hear(bars(closes, reach=max(near, 0.0))).want.tag == "lower-band"
    edge = 1 - lower / 99.5
    assert Stage("bollinger_range", narrow).hear(bars(closes, reach=edge + 1e-6)).want.tag == "lower-band"
    assert Stage("bollinger_range", narrow).hear(bars(closes, reach=edge - 1e-6)).want.tag == ""
    assert far < near


def test_the_stop_is_two_percent_away_and_rests_at_the_venue() -> None:
    run = rehearse("bollinger_range", bars([*CALM, *DIP, 99.55, 99.5]))
    (wish,) = run.wishes
    assert float(wish.stop or 0) == pytest.approx(99.6 * 0.98, abs=0.011)
    assert wish.take is None
    (guard,) = run.engine.state.orders.values()
    assert (guard.trigger, guard.remaining) == (wish.stop, run.position)


def test_a_range_that_breaks_is_bought_once() -> None:
    stage = Stage("bollinger_range", {"bandwidth_max": 0.5}).hear(bars([*CALM, *DIP]))
    stage.fill(Side.BUY, 99.6, 25.0).fill(Side.SELL, stage.want.stop, 0.0)
    assert (stage.want.weight, stage.want.tag) == (0.0, "spent")
    assert stage.hear(bars([99.6, 97.5, 97.4, 97.3])[1:]).want.weight == 0.0
    assert stage.hear(bars([97.3, 99.9])[1:]).strategy.used == 0
    assert stage.hear(bars([99.9, 97.3, 96.5])[1:]).want.tag == "lower-band"
