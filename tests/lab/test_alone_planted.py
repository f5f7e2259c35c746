"""Faults planted in the text of the machine that drives a maker alone are found by its comparison."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.core.events import BookDelta
from cockpit.lab.depth import run as depth
from tests.lab import plain_depth
from tests.lab import test_depth_planted as planted
from tests.lab.asleep import alone, kernel, plugin_of
from tests.lab.stallholder import Dozer, Stall, Stallholder
from tests.lab.streams import SYMBOL, Shape
from tests.lab.test_depth_planted import SWAP

PLUGINS = {
    "told everything": plugin_of(Stallholder, Stall, ("book", "trade", "timer", "fill")),
    "by the clock": plugin_of(Dozer, Stall, ("timer", "fill")),
    "changing where they rest": plugin_of(Dozer, Stall, ("timer", "fill")),
}
CONFIG = replace(planted.CONFIG, venue=replace(planted.CONFIG.venue, latency_jitter_ms=20))
EVERYTHING, CLOCK, MOVES = PLUGINS
BUSY = Shape(count=180, trade=400, still=200, gap=0, cross=0, jump=200)
EAGER = Stall(look=200, beat=1_000, leave=300, reach=3, timer=50)
RESTLESS = replace(EAGER, move=700, size=40, most=200)
CALM = replace(BUSY, count=300, gentle=True, thick=40, jump=60)
MARKETS = {
    EVERYTHING: (BUSY, tuple(range(7))),
    CLOCK: (replace(BUSY, inside=150), (8, 9, 17, 22, 30, 33)),
    MOVES: (CALM, (2, 4, 11, 13, 14, 15)),
}
"""For each: how its markets are, and which of them."""
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
    "a part is the whole": ("if order.done >= order.size:", "if order.done:"),
    "a cancel is sent after what is new": ("if d.o[side].pulling:", "if d.o[side].pulling and d.m.now % 2:"),
    "a quote that would take rests": ("takes(d, side, order.price) or ", ""),
    "fills are not news": ("m.heard += 1\n            if why == TIMER", "if why == TIMER"),
}


GOES_BY = {
    "what is overheard is no news": ("m.heard += feed - m.feed", "pass"),
    "nobody looks at what was overheard": ("book.last_new = True\n    look(d)", "book.last_new = True"),
    "an emptied ask still leads": ("not p[ask].ask > 0.0", "False"),
    "the chain of changes is lost": ("seq = event.seq", "pass"),
    "the book comes to our bid unnoticed": ("ask <= ours or", "False or"),
    "the book comes to our ask unnoticed": ("(bid >= theirs)", "False"),
    "what is shown at our ask goes by": ("written or r == theirs", "written"),
    "a book that crosses takes the last price with it": ("if bid >= ask and changed:", "if False:"),
    "more is overheard than our clock allows": ("(m.deadline or FAR, m.back", "(FAR, m.back"),
}
"""Where the venue runs ahead, and what we hear of between two looks is heard in one go."""
MOVED = {
    "a larger size keeps its place": ("lots <= order.size", "True"),
    "a smaller size loses its place": (
        "keeps = ticks == order.price and lots <= order.size",
        "keeps = False",
    ),
    "a refused change is tried again at once": ("order.hold = m.now + wait", "order.hold = 0"),
    "nobody asks about a refused change": ("order.asking = 1", "pass"),
    "what was filled is not told again": ("tell(d, d.line[i].ts, AGAIN, side, number, i)", "pass"),
    "a change may take": ("if takes(d, side, ticks):", "if False:"),
    "a cancel beside a change counts twice": ("if not order.amending:", "if True:"),
    "what has filled is forgotten": ("order.aim_lots = order.filled + lots", "order.aim_lots = lots"),
    "nobody notes how long a change took": ("answered(d, order.updated)\n    order.ticks", "order.ticks"),
    "an order ends before its change is answered": (
        "if order.amending else order.lots",
        "if False else order.lots",
    ),
}
"""Where quotes are changed where they rest."""


@lru_cache(maxsize=3)
def rights(kind: str) -> list[tuple[int, dict[str, Any]]]:
    """Of the seeds on which the machine goes alone: what the kernel says."""
    found = []
    made = depth.compile_strategy(PLUGINS[kind])
    for seed in MARKETS[kind][1]:
        try:
            ran = alone(made, stall(kind, seed), SWAP, market(kind, seed), CONFIG).run
        except depth.NotAlone:
            continue
        if isinstance(ran, depth.Ran) and ran.alone:
            found.append(
                (seed, told(kernel(PLUGINS[kind], stall(kind, seed), SWAP, market(kind, seed), CONFIG)))
            )
    return found


def market(kind: str, seed: int) -> Any:
    """By the clock: one whose book moves once more at the very end, and is crossed by the next change."""
    events = replace(MARKETS[kind][0], seed=seed).events(SWAP, 100.0)
    if kind == CLOCK:
        ts = events[-1].ts + 1_000
        seq = max(getattr(event, "seq", 0) for event in events)
        asks = (*((at / 10, 0.0) for at in range(900, 1_100)), (110.0, 1.0))
        for bids in (((90.0, 1.0),), ((110.0, 1.0),)):
            events.append(BookDelta(ts, SYMBOL, ts, bids, asks, seq + 1, seq))
            seq += 1
    return events


def stall(kind: str, seed: int) -> Stall:
    return replace(RESTLESS if kind == MOVES else EAGER, seed=77 * seed + 1)


def told(played: Any) -> dict[str, Any]:
    found: dict[str, Any] = played.told()
    return {**found, "run": found["run"][0]}


def differs(kind: str, change: tuple[str, str] | None) -> bool:
    """Does any of the markets tell the two apart?"""

    def changed(text: str) -> str:
        if change is None:
            return text
        assert change[0] in text, change[0]
        return text.replace(*change)

    made = plain_depth.prepared(PLUGINS[kind], changed)
    for seed, right in rights(kind):
        try:
            if told(alone(made, stall(kind, seed), SWAP, market(kind, seed), CONFIG)) != right:
                return True
        except (depth.NotAlone, AssertionError, IndexError, KeyError):
            return True
    return False


@pytest.mark.parametrize("kind", PLUGINS)
def test_without_a_fault_nothing_differs(kind: str) -> None:
    assert len(rights(kind)) > 3
    assert not differs(kind, None)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    assert differs(EVERYTHING, FAULTS[name])


@pytest.mark.parametrize("name", GOES_BY)
def test_a_fault_in_what_goes_by_is_found(name: str) -> None:
    assert differs(CLOCK, GOES_BY[name])


@pytest.mark.parametrize("name", MOVED)
def test_a_fault_in_a_change_is_found(name: str) -> None:
    assert differs(MOVES, MOVED[name])
