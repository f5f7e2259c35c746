"""Patterns stand for strategies and markets that exist, and for nothing else."""

from __future__ import annotations

import pytest

from cockpit.app.discover import discover
from cockpit.app.wildcards import spelled_out
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STRATEGIES

MARKETS = ("x:BTC", "x:ETH", "y:BTC")


def test_a_star_is_every_one_leg_strategy_on_bars_on_every_market() -> None:
    discover()
    found = spelled_out([SleeveConfig("*", "*", "1h")], MARKETS)
    names = {row.strategy for row in found}
    assert {"ema_trend", "breakout", "momentum"} <= names
    assert not names & {"market_maker", "pairs", "cash_carry"}
    assert len(found) == len(names) * 3
    assert {row.timeframe for row in found} == {"1h"}
    assert names <= set(STRATEGIES)


def test_a_market_without_bars_gets_no_strategy_by_a_pattern() -> None:
    discover()
    found = spelled_out([SleeveConfig("*", "*", "1h")], MARKETS, ["x:BTC"])
    assert {row.symbol for row in found} == {"x:BTC"}
    plain = spelled_out([SleeveConfig("market_maker", "*")], MARKETS, ["x:BTC"])
    assert [row.symbol for row in plain] == list(MARKETS), "a name is a name: it is told what is missing"


def test_parts_of_names_and_plain_names() -> None:
    discover()
    found = spelled_out([SleeveConfig("ema_*", "x:*"), SleeveConfig("market_maker", "y:BTC")], MARKETS)
    assert [(r.strategy, r.symbol) for r in found] == [
        ("ema_trend", "x:BTC"),
        ("ema_trend", "x:ETH"),
        ("market_maker", "y:BTC"),
    ]
    pair = SleeveConfig("pairs", symbols=("x:BTC", "x:ETH"))
    assert spelled_out([pair], MARKETS) == (pair,)
    assert spelled_out([], MARKETS) == ()


@pytest.mark.parametrize(("name", "place"), [("nothing*", "*"), ("*", "z:*")])
def test_a_pattern_that_fits_nothing_is_refused(name: str, place: str) -> None:
    discover()
    with pytest.raises(ConfigError, match="fits no strategy"):
        spelled_out([SleeveConfig(name, place)], MARKETS)
