"""The schema: safe by default, bounded, and strangers are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.config import UNITS, Config, timeframe_ms, timeframe_text


def test_nothing_trades_real_money_by_default() -> None:
    config = Config()
    assert not config.run.live
    assert (config.run.feed, config.run.execution) == ("practice", "paper")
    assert config.risk.max_leverage <= 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"risk": {"max_notionall": 5}},
        {"nonsense": {}},
        {"run": {"feed": "nyse"}},
        {"run": {"equity": 0}},
        {"risk": {"max_leverage": -1}},
        {"risk": {"max_position": 1.1}},
        {"risk": {"max_orders_per_second": 0}},
        {"risk": {"stale_ms": 99}},
        {"venue": {"position_mode": "both"}},
        {"venue": {"order_latency_ms": -1}},
        {"run": {"practice_rate": 0.01}},
        {"sleeves": [{"symbol": "x"}]},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Config)


def test_a_full_file_is_read() -> None:
    config = msgspec.convert(
        {"sleeves": [{"strategy": "ema_trend", "symbol": "x", "params": {"fast": 5}}]}, Config
    )
    assert config.sleeves[0].params == {"fast": 5}
    assert config.sleeves[0].enabled


@given(st.integers(1, 10_000), st.sampled_from(sorted(UNITS)))
def test_timeframes_there_and_back(count: int, unit: str) -> None:
    ms = timeframe_ms(f"{count}{unit}")
    assert ms == count * UNITS[unit]
    assert timeframe_ms(timeframe_text(ms)) == ms


@pytest.mark.parametrize("text", ["", "h", "0m", "-1h", "1w", "1.5h", "h1", "1 h"])
def test_what_is_no_timeframe(text: str) -> None:
    with pytest.raises(ValueError, match="not a timeframe"):
        timeframe_ms(text)
