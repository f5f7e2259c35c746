"""What each breaker reads and each protection locks, from facts alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.app import fuses
from cockpit.app.discover import discover
from cockpit.core.breakers import Done, Facts, Request
from cockpit.core.config import BreakersConfig, Config
from cockpit.core.errors import ConfigError
from cockpit.core.registry import BREAKERS

discover()

CALM = Facts(
    now=10_000_000,
    equity=1_000.0,
    pnl=0.0,
    day_base=0.0,
    day_top=0.0,
    week_base=0.0,
    margin_use=0.0,
    down={},
    silence={},
    unrest={},
    requests=(),
    slips={},
    returns={},
    done=(),
)
V = "version:toy@1"


def answered(word: str, ms: int = 20) -> Request:
    return Request(CALM.now - 1, V, word, ms)


def trade(minutes_ago: float, profit: float, *, stopped: bool) -> Done:
    return Done(CALM.now - int(minutes_ago * 60_000), "s1", V, "okx:X", profit, 100.0, stopped)


BAD: list[tuple[str, dict[str, Any], str, float]] = [
    ("day_loss", {"pnl": -50.0, "day_base": 0.0}, "", 50 / 1_050),
    ("week_loss", {"pnl": -50.0, "week_base": 50.0}, "", 100 / 1_100),
    ("intraday_drawdown", {"pnl": 50.0, "day_top": 100.0}, "", 50 / 1_050),
    ("margin_use", {"margin_use": 0.7}, "", 0.7),
    ("volatility", {"unrest": {"okx:X": 7.0}}, "symbol:okx:X", 7.0),
    ("links", {"down": {"private": CALM.now - 9_000, "market": CALM.now - 1_000}}, "", 9.0),
    ("venue_slow", {"requests": (answered("ok", 4_000),) * 5}, "", 4_000.0),
    ("rate_limit", {"requests": (answered("throttled"),) * 12}, "", 12.0),
    ("silence", {"silence": {"s1": (50_000, 0), "s2": (50_000, 60_000)}}, "sleeve:s1", 5.0),
    ("rejects", {"requests": (answered("ok"),) * 5 + (answered("refused"),) * 5}, V, 0.5),
    ("slippage", {"slips": {V: (30.0,) * 10}}, V, 30.0),
    ("returns", {"returns": {V: -0.10}}, V, 2.0),
    ("returns", {"returns": {V: 0.30}}, V, 3.0),
]


@pytest.mark.parametrize(("name", "facts", "about", "value"), BAD)
def test_each_breaker_reads_its_number_and_is_calm_on_calm_facts(
    name: str, facts: dict[str, Any], about: str, value: float
) -> None:
    plugin = BREAKERS[name]
    assert plugin.params is not None
    params = plugin.params()
    found = {r.about: r for r in plugin.target(msgspec.structs.replace(CALM, **facts), params)}
    assert found[about].value == pytest.approx(value)
    assert found[about].words
    assert params.wanted(found[about].value) > 0
    assert all(params.wanted(r.value) == 0 for r in plugin.target(CALM, params))


def test_the_table_above_names_every_breaker() -> None:
    ladders = {name for name, plugin in BREAKERS.items() if plugin.options["kind"] == "ladder"}
    assert {name for name, *_ in BAD} == ladders


@pytest.mark.parametrize(
    ("name", "done", "about"),
    [
        ("cooldown", (trade(5, -1.0, stopped=True),), "sleeve:s1"),
        ("stoploss_guard", (trade(9, -1.0, stopped=True),) * 3, "symbol:okx:X"),
        ("low_profit", (trade(9, -1.0, stopped=False),) * 4, "symbol:okx:X"),
    ],
)
def test_each_protection_locks_what_it_should_and_not_less_or_older(
    name: str, done: tuple[Done, ...], about: str
) -> None:
    plugin = BREAKERS[name]
    assert plugin.params is not None
    params = plugin.params()
    (lock,) = plugin.target(msgspec.structs.replace(CALM, done=done), params)
    assert lock.about == about
    assert lock.until > CALM.now
    assert list(plugin.target(msgspec.structs.replace(CALM, done=done[1:]), params)) == []
    won = tuple(msgspec.structs.replace(row, profit=1.0, stopped=False) for row in done)
    assert list(plugin.target(msgspec.structs.replace(CALM, done=won), params)) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"ladder": ({"breaker": "day_los"},)}, "day_loss"),
        ({"ladder": ({"breaker": "cooldown"},)}, "there is no breaker"),
        ({"protections": ({"protection": "day_loss"},)}, "there is no protection"),
        ({"ladder": ({"breaker": "day_loss", "halt": 0.01},)}, "rise"),
        ({"ladder": ({"breaker": "day_loss", "hault": 0.01},)}, "hault"),
        ({"ladder": ({"breaker": "day_loss"}, {"breaker": "day_loss"})}, "twice"),
    ],
)
def test_settings_that_make_no_sense_are_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        fuses.breakers(Config(breakers=msgspec.convert(table, BreakersConfig)))
