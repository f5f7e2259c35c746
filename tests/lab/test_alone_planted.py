"""Faults planted in the text of the machine that drives a maker alone are found by its comparison."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.lab.depth import run as depth
from tests.lab import plain_depth
from tests.lab import test_depth_planted as planted
from tests.lab.asleep import alone, kernel, plugin_of
from tests.lab.stallholder import Stall, Stallholder
from tests.lab.streams import Shape
from tests.lab.test_depth_planted import SWAP

PLUGIN = plugin_of(Stallholder, Stall, ("book", "trade", "timer", "fill"))
CONFIG = replace(planted.CONFIG, venue=replace(planted.CONFIG.venue, latency_jitter_ms=20))
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

    def changed(text: str) -> str:
        if change is None:
            return text
        assert change[0] in text, change[0]
        return text.replace(*change)

    made = plain_depth.prepared(PLUGIN, changed)
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
