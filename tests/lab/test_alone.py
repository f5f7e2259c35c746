"""A maker of quotes alone: driven by the machine to the end of the tape, and by the kernel all the way."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from cockpit.core.types import Kind
from cockpit.lab.depth import run as depth
from tests.lab import streams
from tests.lab.asleep import alone, kernel, plugin_of
from tests.lab.stallholder import Dozer, Stall, Stallholder

pytest.importorskip("llvmlite")

LEAN = settings(
    max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
CAMPAIGN = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
COUNTED = ("run",)
"""Outcomes are not counted one by one, and the digest is over the fills."""


@lru_cache(maxsize=1)
def stallholder() -> depth.Prepared:
    return depth.compile_strategy(plugin_of(Stallholder, Stall, ("book", "trade", "timer", "fill")))


@lru_cache(maxsize=1)
def dozer() -> depth.Prepared:
    return depth.compile_strategy(plugin_of(Dozer, Stall, ("timer", "fill")))


@lru_cache(maxsize=1)
def as_it_stands() -> depth.Prepared:
    return depth.hand(stallholder().plugin)


@st.composite
def stalls(draw: Any) -> Stall:
    return Stall(
        seed=draw(st.integers(0, 139_967)), look=draw(st.sampled_from((0, 60, 300))),
        trades=draw(st.sampled_from((0, 100))), answer=draw(st.sampled_from((0, 500, 1_000))),
        beat=draw(st.sampled_from((300, 1_000))), leave=draw(st.sampled_from((100, 500, 1_000))),
        move=draw(st.sampled_from((0, 300, 1_000))),
        reach=draw(st.sampled_from((1, 3, 6))), size=draw(st.sampled_from((1, 3))),
        most=draw(st.sampled_from((1, 5))), timer=draw(st.sampled_from((50, 130, 700))),
    )  # fmt: skip


@st.composite
def cases(draw: Any) -> tuple[Any, ...]:
    instrument, price = draw(streams.instruments())
    kind = draw(st.sampled_from((Kind.LINEAR, Kind.LINEAR, Kind.LINEAR, instrument.kind)))
    instrument = msgspec.structs.replace(instrument, kind=kind)
    if kind is Kind.LINEAR:
        instrument = msgspec.structs.replace(instrument, settle="USDT")
    lots = draw(st.sampled_from(("1", "1", "1", "2.5", "4")))  # a minimum may lie between two lots
    instrument = msgspec.structs.replace(instrument, min_qty=instrument.lot * Decimal(lots))
    config = draw(streams.configs(instrument))
    shape = draw(streams.shapes())
    if draw(st.integers(0, 9)):  # a market and a gate that seldom say no
        slow = 0 if draw(st.integers(0, 3)) else config.risk.max_latency_ms
        shape = msgspec.structs.replace(shape, gap=0, cross=0, still=min(shape.still, 300))
        venue = msgspec.structs.replace(config.venue, cancel_failure=0.0, margin_mode="cross")
        risk = msgspec.structs.replace(
            config.risk, max_notional=1e9, max_orders_per_second=1_000, stale_ms=5_000, max_latency_ms=slow
        )
        config = msgspec.structs.replace(config, venue=venue, risk=risk)
    return draw(stalls()), instrument, price, shape, config


def tried(case: tuple[Any, ...], prepared: depth.Prepared) -> str:
    """Both; nothing differs. How far the machine went alone."""
    stall, instrument, price, shape, config = case
    events = shape.events(instrument, price)
    try:
        found = alone(prepared, stall, instrument, events, config)
    except depth.NotAlone as refusal:
        return refusal.reason
    right = kernel(prepared.plugin, stall, instrument, events, config)
    mine, theirs = found.told(), right.told()
    ran = found.run
    assert isinstance(ran, depth.Ran)
    if not ran.alone:
        assert mine == theirs
        return "never"
    assert mine["run"][0] == theirs["run"][0]
    different = {k: (mine[k], theirs[k]) for k in theirs if k not in COUNTED and mine[k] != theirs[k]}
    assert not different, different
    return f"alone, {min(3, len(right.exchange.fills))} fills, {min(1, len(right.exchange.bills))} bills"


@LEAN
@given(cases())
def test_nothing_differs(case: tuple[Any, ...]) -> None:
    event(tried(case, stallholder()))


@LEAN
@given(cases())
def test_nothing_differs_where_it_looks_by_the_clock_alone(case: tuple[Any, ...]) -> None:
    """What it hears of between two looks is heard in one go."""
    event(tried(case, dozer()))


@settings(parent=LEAN, max_examples=30)
@given(cases())
def test_nothing_differs_where_the_strategy_stays_python(case: tuple[Any, ...]) -> None:
    event(tried(case, as_it_stands()))


@pytest.mark.soak
@CAMPAIGN
@given(cases())
def test_nothing_differs_in_the_long_run(case: tuple[Any, ...]) -> None:
    event(tried(case, stallholder()))
    event(tried(case, dozer()))
    event(tried(case, as_it_stands()))
