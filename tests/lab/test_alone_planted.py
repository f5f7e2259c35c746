"""Faults planted in the text of the machine that drives a maker alone are found by its comparison."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.core.config import Config, RiskConfig, RunConfig, VenueConfig
from cockpit.core.types import Instrument, Kind
from cockpit.lab.depth import run as depth
from tests.lab import plain_depth
from tests.lab.asleep import alone, kernel, plugin_of
from tests.lab.stallholder import Stall, Stallholder
from tests.lab.streams import SYMBOL, Shape

PLUGIN = plugin_of(Stallholder, Stall, ("book", "trade", "timer", "fill"))
SWAP = Instrument(
    SYMBOL, Kind.LINEAR, "COIN", "USDT", "USDT", Decimal("0.1"), Decimal("0.001"), Decimal("0.001"),
    maker_fee=Decimal("0.0002"), taker_fee=Decimal("0.0005"),
)  # fmt: skip
CONFIG = Config(
    run=RunConfig(equity=10_000.0),
    risk=RiskConfig(
        max_notional=1e9, max_latency_ms=0, min_depth=0.0, max_orders_per_second=1_000, max_entries=0,
        max_orders_per_minute=100_000, max_changes_per_second=1_000, max_changes_per_minute=100_000,
        min_confidence=0.0,
    ),
    venue=VenueConfig(
        feed_latency_ms=7, order_latency_ms=7, report_latency_ms=7, latency_jitter_ms=20, queue="power"
    ),
)  # fmt: skip
BUSY = Shape(count=180, trade=400, still=200, gap=0, cross=0, jump=200)
EAGER = Stall(look=200, beat=1_000, leave=300, reach=3, timer=50)
SEEDS = range(7)
FAULTS = {
    "the wait after a crossing stays the same": ("CROSSED_MS << min(", "CROSSED_MS << 0 * min("),
    "a crossing of another price counts too": (
        "m.crossings + 1 if m.crossed_at == price else 1",
        "m.crossings + 1",
    ),
    "an order is at the front at once": ("rest.front = float(rest.shown) if", "rest.front = 0.0 if"),
    "sales count as purchases": ("m.have += line.sign * line.lots", "m.have += line.lots"),
    "the venue forgets which way it was": ("m.held += sign * lots", "m.held += lots"),
    "answers take longer": ("d.m.answer_ms = max(0, ", "d.m.answer_ms = max(1, 1 + "),
    "nobody knows when the answer came": ("d.m.answer_ts = d.m.now", "pass"),
    "letters overtake each other": ("lane.last = max(lane.last, ts + delay)", "lane.last = ts + delay"),
    "a part is the whole": ("if order.done >= order.lots:", "if order.done:"),
    "a cancel is sent after what is new": ("if d.o[side].pulling:", "if d.o[side].pulling and d.m.now % 2:"),
    "a quote that would take rests": ("if (ticks - d.p[best].tick) * sign >= 0:", "if False:"),
    "fills are not news": ("m.heard += 1\n            if why == TIMER", "if why == TIMER"),
}


@lru_cache(maxsize=1)
def rights() -> list[tuple[int, dict[str, Any]]]:
    """Of the seeds on which the machine goes alone: what the kernel says."""
    found = []
    made = depth.compile_strategy(PLUGIN)
    for seed in SEEDS:
        try:
            ran = alone(made, stall(seed), SWAP, market(seed), CONFIG).run
        except depth.NotAlone:
            continue
        if isinstance(ran, depth.Ran) and ran.alone:
            found.append((seed, told(kernel(PLUGIN, stall(seed), SWAP, market(seed), CONFIG))))
    return found


def market(seed: int) -> Any:
    return replace(BUSY, seed=seed).events(SWAP, 100.0)


def stall(seed: int) -> Stall:
    return replace(EAGER, seed=77 * seed + 1)


def told(played: Any) -> dict[str, Any]:
    found: dict[str, Any] = played.told()
    return {**found, "run": found["run"][0]}


def differs(change: tuple[str, str] | None) -> bool:
    """Does any of the markets tell the two apart?"""

    def planted(text: str) -> str:
        if change is None:
            return text
        assert change[0] in text, change[0]
        return text.replace(*change)

    made = plain_depth.prepared(PLUGIN, planted)
    for seed, right in rights():
        try:
            if told(alone(made, stall(seed), SWAP, market(seed), CONFIG)) != right:
                return True
        except (depth.NotAlone, AssertionError, IndexError, KeyError):
            return True
    return False


def test_without_a_fault_nothing_differs() -> None:
    assert len(rights()) > 3
    assert not differs(None)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    assert differs(FAULTS[name])
