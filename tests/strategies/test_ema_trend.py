"""ema_trend on hand-made series: when it enters, where it stops, and that it does not buy its own stop."""

from collections.abc import Iterator
from decimal import Decimal
from math import isnan, nan
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.book import Book
from cockpit.core.events import Bar, Fill
from cockpit.core.registry import STRATEGIES
from cockpit.core.types import Instrument, Kind, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.strategies.ema_trend import EmaTrend, Params
from tests.indicators import naive

SWAP = Instrument(
    symbol="t:BTC-USDT-SWAP",
    kind=Kind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.1"),
    lot=Decimal(1),
    min_qty=Decimal(1),
)
QUICK = Params(
    ema_fast=2,
    ema_medium=3,
    ema_slow=5,
    rsi_period=3,
    atr_period=3,
    volume_period=3,
    rsi_max=100.0,
    rsi_short_min=0.0,
)


def bar(ts: int, close: float, volume: float = 10.0, reach: float = 1.0) -> Bar:
    return Bar(ts, SWAP.symbol, 60_000, close, close + reach, close - reach, close, volume)


class Stage:
    """A strategy, its window and its pen, with a position that the test moves by hand."""

    def __init__(self, params: Params = QUICK) -> None:
        self.strategy = EmaTrend.create(params)
        self.view = View(SWAP, Book())
        self.want = Want()
        self.ts = 0
        self.history: list[float] = []

    def bars(self, *closes: float, volume: float = 10.0) -> None:
        for close in closes:
            self.ts += 1
            self.strategy.on_bar(bar(self.ts, close, volume), self.view, self.want)
            self.history.append(self.want.weight)

    def fill(self, side: Side, price: float, position: float) -> None:
        self.view.position = position
        fact = {
            "cid": "c",
            "venue_id": "",
            "trade_id": "1",
            "fee": Decimal(0),
            "fee_ccy": "USDT",
            "maker": False,
        }
        event = Fill(
            ts=self.ts, symbol=SWAP.symbol, side=side, price=Decimal(str(price)), qty=Decimal(1), **fact
        )
        self.strategy.on_fill(event, self.view, self.want)

    def rise(self) -> None:
        """Quiet, then up with volume: the long entry of a fast-set strategy."""
        self.bars(100, 100, 100, 100, 100, 100)
        self.bars(104, volume=20)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_enters_long_with_stop_and_take_frozen(stage: Stage) -> None:
    stage.rise()
    want = stage.want
    assert (want.weight, want.tag, want.dirty) == (0.2, "trend-up", True)
    atr = naive.atr([101.0] * 6 + [105.0], [99.0] * 6 + [103.0], [100.0] * 6 + [104.0], 3)[-1]
    assert atr is not None
    assert want.stop == pytest.approx(104 - 2 * atr)
    assert want.take == pytest.approx(104 + 4 * atr)
    frozen = (want.stop, want.take)
    stage.fill(Side.BUY, 104, 5)
    want.dirty = False
    stage.bars(105, 106, 107, volume=50)
    assert (want.stop, want.take) == frozen
    assert not want.dirty, "a wish that stands is not repeated"


def test_it_enters_short_mirrored(stage: Stage) -> None:
    stage.bars(100, 100, 100, 100, 100, 100)
    stage.bars(96, volume=20)
    want = stage.want
    assert (want.weight, want.tag) == (-0.2, "trend-down")
    assert want.take < 96 < want.stop
    assert (want.stop - 96) * 2 == pytest.approx(96 - want.take)


@pytest.mark.parametrize(
    "changes",
    [
        {"volume_threshold": 2.5},
        {"rsi_max": 90.0},
        {"ema_slow": 30},
    ],
)
def test_every_condition_can_keep_it_out(changes: dict[str, Any]) -> None:
    stage = Stage(msgspec.structs.replace(QUICK, **changes))
    stage.rise()
    assert isnan(stage.want.weight)
    assert not stage.want.dirty


def test_volume_is_compared_with_the_bars_before(stage: Stage) -> None:
    """With the bar itself in the mean, 12.4 would not be 1.2 times it."""
    stage.bars(100, 100, 100, 100, 100, 100)
    stage.bars(104, volume=11.9)
    assert isnan(stage.want.weight)
    other = Stage()
    other.bars(100, 100, 100, 100, 100, 100)
    other.bars(104, volume=12.0)
    assert other.want.weight == 0.2


def test_it_leaves_when_the_averages_cross(stage: Stage) -> None:
    stage.rise()
    stage.fill(Side.BUY, 104, 5)
    stage.bars(105, 103)
    assert stage.want.weight == 0.2
    stage.bars(102.5)
    assert (stage.want.weight, stage.want.tag) == (0.0, "cross")
    assert isnan(stage.want.stop)


def test_a_stop_that_went_off_is_not_bought_again_in_the_same_run(stage: Stage) -> None:
    stage.rise()
    stage.fill(Side.BUY, 104, 5)
    stage.fill(Side.SELL, stage.want.stop, 0)
    assert (stage.want.weight, stage.want.tag) == (0.0, "spent")
    stage.bars(106, 108, 110, 112, volume=100)
    assert stage.want.weight == 0.0
    assert stage.strategy.used == 1


def test_after_the_run_has_broken_the_next_one_is_free(stage: Stage) -> None:
    stage.rise()
    stage.fill(Side.BUY, 104, 5)
    stage.fill(Side.SELL, stage.want.take, 0)
    stage.bars(100, 96, 95)
    assert stage.strategy.used == 0
    stage.bars(99, 104, volume=100)
    assert (stage.want.weight, stage.want.tag) == (0.2, "trend-up")


def test_a_run_the_other_way_is_another_run(stage: Stage) -> None:
    stage.rise()
    stage.fill(Side.BUY, 104, 5)
    stage.fill(Side.SELL, stage.want.take, 0)
    stage.bars(60, volume=100)
    assert (stage.want.weight, stage.want.tag) == (-0.2, "trend-down")


def test_a_position_that_vanished_unheard_ends_the_wish_at_the_next_bar(stage: Stage) -> None:
    stage.rise()
    stage.view.position = 5
    stage.bars(105)
    stage.view.position = 0
    stage.bars(106)
    assert (stage.want.weight, stage.want.tag) == (0.0, "spent")


def test_a_wish_nobody_filled_ends_when_its_stop_is_passed(stage: Stage) -> None:
    stage.rise()
    stage.bars(105)
    assert stage.want.weight == 0.2
    stage.bars(stage.want.take + 1)
    assert (stage.want.weight, stage.want.tag) == (0.0, "spent")


def test_entry_and_stop_between_two_bars(stage: Stage) -> None:
    stage.rise()
    stage.fill(Side.BUY, 104, 5)
    stage.fill(Side.SELL, 101, 0)
    assert stage.want.weight == 0.0


def test_half_a_stop_ends_the_wish_and_half_a_trim_does_not(stage: Stage) -> None:
    stage.rise()
    stage.fill(Side.BUY, 104, 6)
    stage.fill(Side.SELL, 104.5, 3)
    assert stage.want.weight == 0.2, "the gate may shrink a position; that is not the stop"
    stage.fill(Side.SELL, stage.want.stop, 1)
    assert stage.want.weight == 0.0


def test_the_last_fills_of_an_old_position_do_not_end_a_new_wish(stage: Stage) -> None:
    stage.rise()
    stage.view.position = -4
    stage.bars(105)
    assert not stage.strategy.attempt.held
    stage.fill(Side.BUY, 105, 0)
    assert stage.want.weight == 0.2


def test_a_short_target_below_zero_is_no_target() -> None:
    stage = Stage(msgspec.structs.replace(QUICK, take_profit_atr=50.0))
    stage.bars(100, 100, 100, 100, 100, 100)
    stage.bars(96, volume=20)
    assert stage.want.weight == -0.2
    assert isnan(stage.want.take)


def test_defaults_are_the_ones_of_st_01() -> None:
    expected = {
        "ema_fast": 9,
        "ema_medium": 21,
        "ema_slow": 55,
        "rsi_period": 14,
        "atr_period": 14,
        "stop_loss_atr": 2.0,
        "take_profit_atr": 4.0,
        "max_position": 0.20,
        "max_leverage": 3,
        "rsi_min": 50,
        "rsi_max": 70,
        "rsi_short_min": 30,
        "rsi_short_max": 50,
        "volume_threshold": 1.2,
        "volume_period": 20,
    }
    assert msgspec.structs.asdict(Params()) == expected
    plugin = STRATEGIES["ema_trend"]
    assert (plugin.target, plugin.params) == (EmaTrend, Params)
    assert (plugin.options["version"], plugin.options["wakes"]) == (1, ("bar", "fill"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ema_fast": 1}, "ema_fast"),
        ({"ema_fast": 21}, "ema_fast < ema_medium"),
        ({"max_position": 1.5}, "max_position"),
        ({"rsi_min": 70.0}, "RSI bound"),
        ({"stop_loss_atr": 0.0}, "stop_loss_atr"),
        ({"atr_period": 2.5}, "atr_period"),
    ],
)
def test_wrong_parameters_are_named(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(wrong, Params)


def test_every_parameter_says_what_it_is_and_in_which_unit() -> None:
    schema = msgspec.json.schema(Params)["$defs"]["Params"]["properties"]
    assert len(schema) == 15
    for field in schema.values():
        assert field["description"]
        assert field["unit"]


def walk(seed: list[float]) -> Iterator[Bar]:
    close = 100.0
    for ts, step in enumerate(seed):
        before, close = close, close * (1 + step)
        high, low = max(before, close) * 1.001, min(before, close) * 0.999
        yield Bar(ts, SWAP.symbol, 60_000, before, high, low, close, 1.0 + 40 * abs(step))


steps = st.lists(st.floats(-0.04, 0.04) | st.sampled_from([0.01, 0.012, -0.01]), max_size=120)
setups = st.builds(
    lambda fast, medium, slow, weight: msgspec.structs.replace(
        QUICK, ema_fast=fast, ema_medium=fast + medium, ema_slow=fast + medium + slow, max_position=weight
    ),
    st.integers(2, 5),
    st.integers(1, 5),
    st.integers(1, 12),
    st.floats(0.01, 1.0),
)


@given(steps, setups)
def test_never_in_warm_up_never_too_big_and_always_protected(seed: list[float], params: Params) -> None:
    stage = Stage(params)
    warm = max(params.ema_slow - 1, params.rsi_period, params.atr_period, params.volume_period)
    for index, candle in enumerate(walk(seed)):
        stage.strategy.on_bar(candle, stage.view, stage.want)
        want = stage.want
        if index < warm:
            assert isnan(want.weight)
        elif want.weight:
            assert isnan(want.weight) or abs(want.weight) == params.max_position
            if not isnan(want.weight) and want.dirty:
                sign = 1 if want.weight > 0 else -1
                assert (candle.close - want.stop) * sign > 0
                assert (candle.close - want.take) * sign < 0 or isnan(want.take)
        want.dirty = False


@given(steps, setups, st.integers(0, 120))
def test_a_snapshot_continues_as_if_nothing_had_happened(seed: list[float], params: Params, cut: int) -> None:
    whole, part = Stage(params), Stage(params)
    for index, candle in enumerate(walk(seed)):
        for stage in (whole, part):
            stage.view.position = (
                {1: 5.0, -1: -5.0}.get(stage.strategy.attempt.side, 0.0) if index % 7 else 0.0
            )
        if index == cut:
            raw = msgspec.msgpack.encode(part.strategy)
            part.strategy = msgspec.msgpack.decode(raw, type=EmaTrend)
        whole.strategy.on_bar(candle, whole.view, whole.want)
        part.strategy.on_bar(candle, part.view, part.want)
        for name in ("weight", "stop", "take", "tag"):
            a, b = getattr(whole.want, name), getattr(part.want, name)
            assert a == b or (isnan(a) and isnan(b))
    assert msgspec.msgpack.encode(whole.strategy) == msgspec.msgpack.encode(part.strategy)


@given(steps)
def test_entries_are_those_of_the_definition(seed: list[float]) -> None:
    """Against the whole-series definitions: enters exactly at the first good bar of a run, if it is free."""
    candles = list(walk(seed))
    close = [c.close for c in candles]
    volume = [c.volume for c in candles]
    fast, medium, slow = (naive.ema(close, n) for n in (2, 3, 5))
    rsi, usual = naive.rsi(close, 3), [None, *naive.sma(volume, 3)]
    stage = Stage()
    for i, candle in enumerate(candles):
        idle = stage.strategy.attempt.side == 0
        spent = stage.strategy.used
        stage.strategy.on_bar(candle, stage.view, stage.want)
        entered = idle and stage.strategy.attempt.side != 0
        f, m, s, r, u = (x if x is not None else nan for x in (fast[i], medium[i], slow[i], rsi[i], usual[i]))
        if min(abs(f - m), abs(m - s), abs(r - 50)) < 1e-6 or abs(candle.volume - 1.2 * u) < 1e-9:
            continue  # too close to call with two roundings
        loud = candle.volume >= 1.2 * u
        up = f > m > s and r >= 50 and loud and spent != 1
        down = f < m < s and r <= 50 and loud and spent != -1
        assert entered == (idle and (up or down))
        if entered:
            assert (stage.want.weight > 0) == up
