"""The hotlist's scanner: each term by its definition, nothing from the future, nothing unknown hidden."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from math import exp, log, nan, sqrt
from pkgutil import iter_modules
from random import Random
from statistics import mean, median, stdev

import pytest

import cockpit.portfolio.scores
from cockpit.core import events as ev
from cockpit.core.config import TERMS
from cockpit.core.registry import SCORES
from cockpit.core.types import Instrument, InstrumentState, Kind
from cockpit.portfolio.pasts import DAY, HOUR, Past
from cockpit.portfolio.scanner import Scanner, safe_leverage, scan

for _module in iter_modules(cockpit.portfolio.scores.__path__):
    import_module(f"cockpit.portfolio.scores.{_module.name}")

T0 = 20_000 * DAY
TF = 900_000
D = Decimal


def market(symbol: str, state: InstrumentState = InstrumentState.LIVE) -> Instrument:
    return Instrument(symbol, Kind.LINEAR, "X", "USDT", "USDT", D("0.01"), D("1"), D("1"), state=state)


def bars(symbol: str, days: float, seed: int, loud: float = 1.0) -> list[ev.Bar]:
    """A walk of quarter hours from T0; the last day is ``loud`` times as lively."""
    draw, price, found = Random(seed), 100.0, []
    count = round(days * DAY / TF)
    for n in range(count):
        scale = loud if n >= count - 96 else 1.0
        new = price * exp(draw.gauss(0, 0.002) * scale)
        high, low = max(price, new) * 1.001, min(price, new) * 0.999
        found.append(
            ev.Bar(T0 + (n + 1) * TF, symbol, TF, price, high, low, new, draw.uniform(50, 100) * scale)
        )
        price = new
    return found


def heard(events: list[ev.Bar]) -> Past:
    past = Past()
    for event in events:
        past.hear(event)
    return past


def value(name: str, past: Past, now: int) -> float | None:
    found: float | None = SCORES[name].target({"a": past}, now)["a"]
    return found


def test_vol_jump_is_today_over_the_median_of_the_week_before() -> None:
    rows = bars("a", 8.25, 1, loud=3.0)
    now = rows[-1].ts
    closes = {bar.ts: bar.close for bar in rows}
    days = []
    for ago in range(8):
        ends = range(now - ago * DAY - DAY + TF, now - ago * DAY + 1, TF)
        days.append(sqrt(sum(log(closes[ts] / closes[ts - TF]) ** 2 for ts in ends)))
    expected = days[0] / median(days[1:])
    assert value("vol_jump", heard(rows), now) == pytest.approx(expected)
    assert expected > 2
    assert value("vol_jump", heard(rows[100:]), now) is None, "a day of the week before is not known"


def test_a_day_with_holes_is_no_day() -> None:
    rows = bars("a", 9, 2)
    now = rows[-1].ts
    holed = [bar for bar in rows if not now - DAY < bar.ts <= now - DAY + 6 * HOUR]
    assert value("vol_jump", heard(rows), now) is not None
    assert value("vol_jump", heard(holed), now) is None


def test_turnover_never_mixes_capitalisation_with_history() -> None:
    rows = bars("a", 9, 3, loud=2.0)
    now = rows[-1].ts
    one, two = heard(rows), heard(bars("b", 9, 4))
    target = SCORES["turnover"].target
    both = target({"a": one, "b": two}, now)
    assert both["a"] == 1.0, "the busiest day it ever had"
    one.cap = (1e6, now - DAY)
    assert target({"a": one, "b": two}, now) == both, "one capitalisation alone says nothing"
    two.cap = (2e6, now - DAY)
    money = sum(bar.volume * bar.close for bar in rows if bar.ts > now - DAY)
    assert target({"a": one, "b": two}, now)["a"] == pytest.approx(money / 1e6)
    two.cap = (2e6, now - 4 * DAY)
    assert target({"a": one, "b": two}, now) == both, "an old one is none"


def test_open_interest_is_compared_with_a_day_before() -> None:
    past = Past()
    for hour in range(49):
        past.hear(ev.OpenInterest(T0 + hour * HOUR, "a", 100.0 + hour))
    now = T0 + 48 * HOUR
    assert value("oi_delta", past, now) == pytest.approx(148 / 124 - 1)
    assert value("oi_delta", past, now - 40 * HOUR) is None, "there is no day before"
    assert value("oi_delta", past, now + 37 * HOUR) is None, "an old word is none"
    zero = Past(interest=[(now - DAY, 0.0), (now, 5.0)])
    assert value("oi_delta", zero, now) is None


def test_funding_is_compared_with_the_90_settlements_before() -> None:
    draw, past = Random(5), Past()
    rates = [draw.gauss(1e-4, 3e-5) for _ in range(91)]
    for n, rate in enumerate(rates):
        past.hear(ev.FundingRate(T0 + n * 8 * HOUR, "a", rate, T0 + n * 8 * HOUR, settled=True))
    now = T0 + 90 * 8 * HOUR
    expected = (rates[-1] - mean(rates[:-1])) / stdev(rates[:-1])
    assert value("funding_z", past, now) == pytest.approx(expected)
    assert value("funding_z", past, now - 1) is None, "90 of them are not 91"
    assert value("funding_z", past, now + 2 * DAY) is None


def test_a_regime_that_turns_is_flagged() -> None:
    draw, price, rows = Random(6), 100.0, []
    for n in range(13 * 24):
        way = 1 if n >= 12 * 24 or price < 100.0 else -1  # to and fro around 100, then only upwards
        new = price * exp(way * draw.uniform(0.001, 0.003))
        high, low = max(price, new) * (1 + draw.uniform(0, 0.002)), min(price, new)
        rows.append(ev.Bar(T0 + (n + 1) * HOUR, "a", HOUR, price, high, low, new, 10.0))
        price = new
    assert value("regime_shift", heard(rows), rows[-1].ts) == 1.0
    quiet = heard(rows[: 12 * 24])
    assert value("regime_shift", quiet, rows[12 * 24 - 1].ts) == 0.0
    assert value("regime_shift", heard(rows[-100:]), rows[-1].ts) is None


def test_a_scan_knows_nothing_of_what_comes_after() -> None:
    names = ("a", "b", "c")
    every = {name: bars(name, 10, seed, loud=1.0 + seed) for seed, name in enumerate(names)}
    now = T0 + 9 * DAY + 25 * 60_000
    until = {n: heard([bar for bar in rows if bar.ts <= now]) for n, rows in every.items()}
    before = scan(until, now, TERMS)
    assert [row.place for row in before] == [1, 2, 3]
    assert [row.score for row in before] == sorted((row.score for row in before), reverse=True)
    # Windows end at the last full hour, so what the hour brings afterwards moves the price alone.
    later = {n: heard([b for b in rows if b.ts <= now + 30 * 60_000]) for n, rows in every.items()}
    assert [row.terms for row in scan(later, now, TERMS)] == [row.terms for row in before]


def test_what_is_missing_says_so_and_ranks_in_the_middle() -> None:
    scanner = Scanner([market("a"), market("b"), market("gone", InstrumentState.EXPIRED), market("mute")])
    for name, days in (("a", 9), ("b", 2), ("gone", 9)):
        for bar in bars(name, days, 7):
            scanner.hear(bar)
    now = T0 + 9 * DAY
    found = {row.symbol: row for row in scanner.scan(now, TERMS)}
    assert set(found) == {"a", "b"}, "neither delisted nor never heard"
    assert found["b"].missing == tuple(TERMS)
    assert {term.rank for term in found["b"].terms} == {0.5}
    assert "oi_delta" in found["a"].missing
    assert "vol_jump" not in found["a"].missing
    for row in found.values():
        assert row.score == pytest.approx(sum(term.weight * term.rank for term in row.terms))
    assert (found["b"].low, found["b"].leverage) == (None, 0)
    week = [bar for bar in bars("a", 9, 7) if bar.ts > now - 7 * DAY]
    assert found["a"].low == min(bar.low for bar in week)
    assert found["a"].high == max(bar.high for bar in week)
    scanner.hear(ev.Listing(now, market("a", InstrumentState.SUSPENDED)))
    assert scanner.universe == ["b"]


def test_the_seal_is_of_everything_that_is_shown() -> None:
    rows = {"a": heard(bars("a", 9, 8)), "b": heard(bars("b", 9, 9))}
    now = T0 + 9 * DAY
    seals = {row.symbol: row.seal for row in scan(rows, now, TERMS)}
    assert seals == {row.symbol: row.seal for row in scan(rows, now, TERMS)}
    rows["a"].price += 0.01
    moved = {row.symbol: row.seal for row in scan(rows, now, TERMS)}
    assert moved["a"] != seals["a"]
    assert moved["b"] == seals["b"]


@pytest.mark.parametrize(
    ("sigma", "mmr", "most", "expected"),
    [(0.03, 0.01, 0, 10), (0.033, 0.0, 0, 10), (0.5, 0.01, 0, 1), (0.001, 0.004, 20, 20), (0.0, 0.0, 0, 1)],
)
def test_safe_leverage_survives_three_sigmas(sigma: float, mmr: float, most: float, expected: int) -> None:
    assert safe_leverage(sigma, mmr, most) == expected


def test_a_bar_heard_twice_counts_once_and_bad_prices_count_nothing() -> None:
    rows = bars("a", 9, 10)
    twice = heard([bar for bar in rows for _ in range(2)])
    now = rows[-1].ts
    assert value("vol_jump", twice, now) == value("vol_jump", heard(rows), now)
    odd = ev.Bar(now + TF, "a", TF, 0.0, 0.0, 0.0, 0.0, nan)
    twice.hear(odd)
    assert value("vol_jump", twice, now) is not None
