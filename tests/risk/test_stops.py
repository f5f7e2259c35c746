"""Each stop layer's own arithmetic, and both sides of it."""

from __future__ import annotations

import random
from itertools import pairwise
from math import isnan, nan
from typing import Any

import msgspec
import pytest

from cockpit.app import layers as settings
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STOPS
from cockpit.core.stops import Trade
from cockpit.core.watch import Account
from cockpit.indicators.atr import Atr
from tests.risk.layers import body, levels, mirrored

AROUND = 100.0
BY_LEVEL = [name for name, plugin in STOPS.items() if plugin.options["kind"] == "level"]


def trade(side: int = 1, entry: float = 100.0, **more: Any) -> Trade:
    return Trade(side, 2.0, entry, 0, equity=1_000.0, notional=200.0, price=entry, best=entry, **more)


def walk(count: int = 120, seed: int = 3) -> list[tuple[float, float, float]]:
    rng = random.Random(seed)
    close, rows = AROUND, []
    for _ in range(count):
        last, close = close, close + rng.gauss(0.1, 1.0)
        rows.append((max(last, close) + rng.random(), min(last, close) - rng.random(), close))
    return rows


def test_everything_the_plan_names_is_registered() -> None:
    assert {
        "hard", "atr", "chandelier", "parabolic", "percent", "time", "volatility", "trail", "equity_curve",
        "account_drawdown", "margin_ratio",
    } == set(STOPS)  # fmt: skip
    for plugin in STOPS.values():
        assert plugin.options["kind"] in {"level", "exit", "pause", "account"}
        assert len(plugin.options["letter"]) == 1
        assert plugin.doc


@pytest.mark.parametrize("name", BY_LEVEL)
def test_a_short_is_the_mirror_of_a_long(name: str) -> None:
    """Every level formula is symmetric about the entry; the trap of RK-05 would break this."""
    rows = walk()
    up = levels(body(name), rows, trade(1))
    down = levels(body(name), mirrored(rows, AROUND), trade(-1))
    pairs = [(a, b) for a, b in zip(up, down, strict=True) if not isnan(a)]
    assert len(pairs) > 20
    assert all(b == pytest.approx(2 * AROUND - a) for a, b in pairs)


def test_chandelier_hangs_from_the_highest_high() -> None:
    rows = walk()
    found = levels(body("chandelier", n=10, k=2.0), rows, trade())
    atr = Atr(10)
    for index, (high, low, close) in enumerate(rows):
        value = atr.update(high, low, close)
        if index < 10:
            assert isnan(found[index])
        else:
            top = max(row[0] for row in rows[index - 9 : index + 1])
            assert found[index] == pytest.approx(top - 2.0 * value)


def test_atr_stop_is_frozen_at_the_entry() -> None:
    layer = body("atr", n=3, k=2.0)
    rows = walk(10)
    levels(layer, rows, trade())
    held = trade(1, 105.0)
    layer.begin(held)
    first = layer.level(held)
    assert first == pytest.approx(105.0 - 2.0 * layer.atr.value)
    for high, low, close in walk(10, 9):
        layer.atr.update(high, low, close)
    assert layer.level(held) == first
    assert levels(body("atr", n=3), rows, trade())[:3] == pytest.approx([nan] * 3, nan_ok=True)


@pytest.mark.parametrize("side", [1, -1])
def test_trailing_take_profit_only_follows(side: int) -> None:
    rows = walk() if side > 0 else mirrored(walk(), AROUND)
    layer = body("trail", n=5, k=1.5, after=1.0)
    found = levels(layer, rows, trade(side))
    atr, line = Atr(5), nan
    for (high, low, close), level in zip(rows, found, strict=True):
        value = atr.update(high, low, close)
        here = close - side * 1.5 * value
        if not isnan(line):
            line = max(line, here) if side > 0 else min(line, here)
        elif (close - AROUND) * side >= value:
            line = here
        assert level == pytest.approx(line, nan_ok=True)
    assert not isnan(line)


def test_parabolic_gains_on_the_market_and_stays_outside_the_last_two_bars() -> None:
    rows = [(100.0 + i, 99.0 + i, 99.8 + i) for i in range(40)]
    layer = body("parabolic", step=0.02, most=0.2, n=5)
    held = trade(1, 104.0)
    levels(layer, rows[:6], trade())
    layer.begin(held)
    found = levels(layer, rows[6:], held)
    gaps = [row[0] - level for row, level in zip(rows[6:], found, strict=True)]
    assert found == sorted(found)
    assert gaps[-1] < 0.6 * max(gaps), "it gains on a straight move"
    for index, level in enumerate(found[1:], 7):
        assert level <= min(rows[index][1], rows[index - 1][1])
    with pytest.raises(ConfigError, match="step must not be above most"):
        body("parabolic", step=0.3)


def test_percent_from_the_entry_and_from_the_best_price() -> None:
    rows = [(110.0, 99.0, 105.0), (120.0, 104.0, 118.0), (119.0, 101.0, 102.0)]
    assert levels(body("percent", percent=2.0), rows, trade()) == [98.0, 98.0, 98.0]
    followed = levels(body("percent", percent=10.0, trailing=True), rows, trade())
    assert followed == pytest.approx([99.0, 108.0, 108.0])


def test_hard_is_money_of_the_account() -> None:
    layer = body("hard", loss=5.0)
    held = trade()
    # 5 % of 1,000 is 50; on 200 of notional that is a quarter of the price.
    assert layer.level(held) == pytest.approx(75.0)
    held.notional = 1_000.0
    assert layer.level(held) == pytest.approx(95.0), "a larger position: nearer"
    held.equity = nan
    assert isnan(layer.level(held))


def test_time_by_the_clock_by_bars_and_for_losers_only() -> None:
    held = trade()
    layer = body("time", seconds=60)
    assert layer.due(held, 59_999) == ""
    assert layer.at(held) == 60_000
    assert layer.due(held, 60_000) == "held 60 s, allowed 60 s"
    held.bars = 4
    assert body("time", bars=5).due(held, 10**9) == ""
    held.bars = 5
    assert body("time", bars=5).due(held, 0) == "held 5 bars, allowed 5"
    held.price = 101.0
    assert body("time", bars=5, losers=True).due(held, 0) == ""
    held.price = 99.0
    assert body("time", bars=5, losers=True).due(held, 0) != ""
    with pytest.raises(ConfigError, match="name bars or seconds"):
        body("time")


def test_volatility_compares_with_the_entry() -> None:
    layer = body("volatility", n=1, k=2.0)
    layer.atr.update(101.0, 100.0, 100.5)
    layer.atr.update(101.0, 100.0, 100.5)
    held = trade()
    layer.begin(held)
    assert layer.due(held, 0) == ""
    layer.atr.update(103.0, 100.9, 101.0)
    assert layer.due(held, 0) == "ATR 2.5 above 2"


def test_equity_curve_judges_a_window_and_begins_anew() -> None:
    layer = body("equity_curve", capital=1_000, window=3, limit=10, pause=5)
    for pnl, said in ((0, False), (100, False), (0, False), (-20, True), (-20, False), (-70, False)):
        layer.hear(float(pnl))
        assert bool(layer.pause()) is said, pnl
    assert layer.span() == 5_000
    slow = body("equity_curve", capital=1_000, window=2, limit=10)
    for pnl in range(0, -500, -50):
        slow.hear(float(pnl))
        assert slow.pause() == "", "the peak of a short window comes down with it"


def test_account_drawdown_is_exact_and_says_what_is_left() -> None:
    layer = body("account_drawdown", limit=20.0)
    account = Account(equity=900.0, pnl=-100.0, peak=100.0, margin_ratio=9.0)
    assert account.drawdown == pytest.approx(200 / 1_100)
    assert layer.due(account) == ""
    left = layer.room(account)
    worse = Account(900.0 - left, -100.0 - left, 100.0, 9.0)
    assert worse.drawdown == pytest.approx(0.2)
    assert layer.due(msgspec.structs.replace(worse, equity=worse.equity - 1, pnl=worse.pnl - 1))
    assert Account(0.0, -5.0, 0.0, 9.0).drawdown == 1.0
    ratio = body("margin_ratio", limit=3.0)
    assert ratio.due(account) == ""
    assert ratio.due(msgspec.structs.replace(account, margin_ratio=3.0)).startswith("margin ratio 3.00")


@pytest.mark.parametrize("name", STOPS)
def test_a_layer_goes_on_after_a_snapshot_as_if_nothing_had_happened(name: str) -> None:
    params = {"bars": 5} if name == "time" else {}
    plugin = STOPS[name]
    if plugin.options["kind"] != "level":
        layer = body(name, **params)
        raw = msgspec.msgpack.encode(layer)
        assert msgspec.msgpack.encode(msgspec.msgpack.decode(raw, type=plugin.target)) == raw
        return
    rows = walk()
    whole = levels(body(name, **params), rows, trade())
    first, held = body(name, **params), trade()
    before = levels(first, rows[:50], held)
    second = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=plugin.target)
    after = levels(second, rows[50:], held, begins=False)
    assert before + after == pytest.approx(whole, nan_ok=True)


# --- settings ---------------------------------------------------------------------------------------------


def test_numbers_may_be_dials() -> None:
    layer = body("chandelier", n=5, k={"base": 3.0, "atr": 0.5, "low": 2.0, "high": 4.0, "step": 0.25})
    seen = set()
    for high, low, close in walk(400):
        levels(layer, [(high, low, close)], trade())
        seen.add(layer.tune.values["k"])
    assert len(seen) > 3
    assert all(2.0 <= k <= 4.0 and (k / 0.25).is_integer() for k in seen)
    moves = layer.moves()
    assert [version for *_, version in moves] == list(range(2, len(moves) + 2))
    assert all(a[2] == b[1] for a, b in pairwise(moves)), "an unbroken chain"
    assert layer.moves() == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"layer": "chandelir"}], "did you mean 'chandelier'"),
        ([{"n": 3}], "there is no stop layer None"),
        ([{"layer": "atr", "kk": 3}], "atr has no parameter 'kk'"),
        ([{"layer": "atr", "k": 0}], "must be a number above 0 or a table"),
        ([{"layer": "atr", "k": {"base": 3, "regime": {"bull": 1.0}}}], "no regime 'bull'"),
        ([{"layer": "percent", "percent": {"base": 3, "low": 5, "high": 4}}], "low is above high"),
        ([{"layer": "account_drawdown", "limit": 20}], "name it in risk.stops"),
    ],
)
def test_wrong_settings_are_refused_in_plain_words(rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings.own_layers(SleeveConfig("ema_trend", "x", stops=tuple(rows)))
