"""What holds for all of them: the sources' defaults, words for wrong numbers, silence, size, protection."""

from __future__ import annotations

from math import isnan
from typing import Any

import msgspec
import pytest

from cockpit.app.discover import discover
from cockpit.app.rehearse import rehearse
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STRATEGIES
from tests.strategies.crafted import LIVELY, SPOT, Stage, bars, walk, wave

discover()

SOURCES: dict[str, dict[str, float]] = {
    "bollinger_range": {
        "bb_period": 20, "bb_std": 2.0, "rsi_oversold": 35, "rsi_overbought": 65, "bandwidth_max": 0.04,
        "touch_threshold": 1.005, "stop_loss_pct": 0.02, "max_position": 0.25, "max_leverage": 2,
    },
    "breakout": {
        "lookback_period": 20, "breakout_threshold": 1.002, "volume_threshold": 1.5, "atr_period": 14,
        "stop_loss_atr": 2.0, "take_profit_atr": 4.0, "max_position": 0.25, "max_leverage": 3,
    },
    "momentum": {
        "momentum_period": 14, "price_momentum_threshold": 0.05, "volume_momentum_threshold": 1.3,
        "rsi_period": 14, "rsi_momentum_threshold": 5, "atr_period": 14, "stop_loss_atr": 2.5,
        "take_profit_atr": 5.0, "max_position": 0.20, "max_leverage": 3,
    },
    "mean_reversion": {
        "ma_period": 20, "std_period": 20, "entry_std": 2.0, "exit_std": 0.5, "rsi_period": 14,
        "rsi_oversold": 30, "rsi_overbought": 70, "stop_loss_pct": 0.03, "max_position": 0.25,
        "max_leverage": 2,
    },
}  # fmt: skip
"""ST-02 … ST-07, word for word."""

WARM = {"bollinger_range": 19, "breakout": 20, "ema_trend": 19, "mean_reversion": 19, "momentum": 28}
"""Bars that each must have heard before its first word, with the parameters above."""


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_defaults_are_those_of_the_sources(name: str) -> None:
    plugin = STRATEGIES[name]
    assert plugin.params is not None
    have = msgspec.structs.asdict(plugin.params())
    assert {key: have[key] for key in SOURCES[name]} == SOURCES[name]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_parameter_says_what_it_is_in_which_unit_and_within_which_bounds(name: str) -> None:
    schema = msgspec.json.schema(STRATEGIES[name].params)["$defs"]["Params"]["properties"]
    for key, field in schema.items():
        assert field["description"], key
        assert field["unit"], key
        assert {"minimum", "exclusiveMinimum"} & field.keys(), key


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("bollinger_range", {"rsi_oversold": 65}, "rsi_oversold < rsi_overbought is needed"),
        ("bollinger_range", {"touch_threshold": 0.9}, "touch_threshold"),
        ("breakout", {"breakout_threshold": 0.99}, "breakout_threshold"),
        ("breakout", {"stop_loss_atr": 0}, "stop_loss_atr"),
        ("mean_reversion", {"exit_std": 2.0}, "exit_std < entry_std is needed"),
        ("mean_reversion", {"rsi_overbought": 30}, "rsi_oversold < rsi_overbought is needed"),
        ("momentum", {"price_momentum_threshold": 0}, "price_momentum_threshold"),
        ("momentum", {"max_position": 1.5}, "max_position"),
        ("momentum", {"momentun_period": 3}, "momentum_period"),
    ],
)
def test_wrong_parameters_are_refused_with_words(name: str, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        rehearse(name, bars(wave(3)), wrong)


@pytest.mark.parametrize("name", sorted(LIVELY))
def test_nothing_is_said_before_the_indicators_know_enough(name: str) -> None:
    for seed in range(12):
        stage = Stage(name, LIVELY[name]).hear(bars(walk(WARM[name], seed, 0.03)))
        assert isnan(stage.want.weight)
        assert stage.want.tag == ""


@pytest.mark.parametrize("name", sorted(LIVELY))
def test_over_random_walks_every_position_is_wished_bounded_and_protected(name: str) -> None:
    trades = 0
    for seed in range(3):
        candles = bars(walk(250, seed, 0.015), {i: 50.0 + 37 * i % 200 for i in range(250)})
        run = rehearse(name, candles, LIVELY[name])
        assert run.benched == ""
        params = STRATEGIES[name].params
        assert params is not None
        most = params().max_position  # type: ignore[attr-defined]
        closes = {candle.ts: candle.close for candle in candles}
        for wish in run.wishes:
            if wish.target:
                assert wish.stop is not None
                assert wish.tag
        assert [bool(wish.target) for wish in run.wishes] == [i % 2 == 0 for i in range(len(run.wishes))], (
            "a wish, its end, the next wish: never two at once"
        )
        equity = run.engine.state.equity()
        assert abs(float(run.position)) * closes[candles[-1].ts] <= most * 10_000 * 1.3
        assert 5_000 < equity < 20_000
        trades += len(run.fills)
    assert trades > 8, "the walks make it trade"


@pytest.mark.parametrize("name", sorted(LIVELY))
def test_on_spot_nothing_is_sold_short(name: str) -> None:
    """It is not even wished for: the venue would refuse it six times, and the strategy be taken off."""
    found = [
        rehearse(name, bars(walk(250, seed, 0.015), symbol=SPOT.symbol), LIVELY[name], instrument=SPOT)
        for seed in range(3)
    ]
    for run in found:
        assert run.benched == ""
        assert all((wish.target or 0) >= 0 for wish in run.wishes)
        assert run.engine.state.ledger.discrepancies() == []
    assert sum(len(run.fills) for run in found) > 4


@pytest.mark.parametrize("name", sorted(LIVELY))
def test_leverage_is_a_bound_too(name: str) -> None:
    for seed in range(20):
        stage = Stage(name, {**LIVELY[name], "max_leverage": 0.05})
        for candle in bars(walk(250, seed, 0.015)):
            if abs(stage.hear([candle]).want.weight) > 0:
                assert abs(stage.want.weight) == 0.05
                return
    pytest.fail("it never wished for anything")


@pytest.mark.parametrize("name", sorted(LIVELY))
def test_a_snapshot_continues_as_if_nothing_had_happened(name: str) -> None:
    candles = bars(walk(160, 5, 0.02))
    whole, part = Stage(name, LIVELY[name]), Stage(name, LIVELY[name])
    for index, candle in enumerate(candles):
        if index % 23 == 11:
            raw = msgspec.msgpack.encode(part.strategy)
            part.strategy = msgspec.msgpack.decode(raw, type=type(part.strategy))
        for stage in (whole, part):
            stage.hear([candle])
            weight = stage.want.weight
            stage.view.position = 0.0 if isnan(weight) else weight * 100
        assert (whole.want.tag, whole.want.dirty) == (part.want.tag, part.want.dirty)
    assert msgspec.msgpack.encode(whole.strategy) == msgspec.msgpack.encode(part.strategy)
    assert whole.want.tag
