"""A comparison that cannot fail proves nothing: faults planted in the machine's text are found."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from cockpit.core.config import Config, RiskConfig, RunConfig, VenueConfig
from cockpit.core.types import Instrument, Kind
from cockpit.lab.compiled.reasons import Unsupported
from tests.lab import plain_depth
from tests.lab.asleep import compare, plugin_of
from tests.lab.gambler import Gambler, Luck
from tests.lab.streams import SYMBOL, Shape

PLUGIN = plugin_of(Gambler, Luck, ("book", "trade", "timer", "fill"))
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
    venue=VenueConfig(feed_latency_ms=7, order_latency_ms=7, report_latency_ms=7, queue="power"),
)  # fmt: skip
BUSY = Shape(count=250, trade=300, still=400, touch=20)
LUCK = Luck(act=150, trades=30, market=100, stops=500, reach=3)
KINDS: tuple[tuple[dict[str, int], dict[str, int]], ...] = (
    # quotes that wait in queues which move slowly
    (
        {"count": 500, "jump": 25, "thick": 40, "gap": 0, "cross": 0, "gentle": True, "touch": 0},
        {"act": 40, "market": 0, "trades": 0, "answer": 0, "beat": 0, "reach": 2, "size": 40},
    ),
    # everything at once
    ({}, {}),
    # positions with stops that the market runs into
    ({"jump": 300, "gap": 0, "cross": 0}, {"act": 25, "market": 1000, "stops": 1000, "answer": 0, "beat": 0}),
    # quotes that are shown and withdrawn, and little else
    (
        {"gap": 0, "cross": 0, "gentle": True, "touch": 0},
        {"act": 60, "market": 0, "trades": 0, "answer": 0, "beat": 300, "shy": 1000},
    ),
)
"""Of markets and of strategies."""
QUEUES, ALL, STOPS, SHY = range(4)
GAP = "book.gaps += 1"
FAULTS = {
    "the queue does not move at a trade": (QUEUES, "order.front = max(order.front - lots, 0.0)", "pass"),
    "trades are counted twice": (QUEUES, "order.traded += lots", "pass"),
    "whoever leaves stood before us": (QUEUES, "share = behind(", "share = 0.0 * behind("),
    "a trade through our price is missed": (QUEUES, "beyond > 0 or", "beyond > 1 or"),
    "the book comes to our bid unnoticed": (ALL, "order.ticks >= ask > 0 if", "order.ticks > ask > 0 if"),
    "the feed is a moment quicker": (ALL, "delay = m.shortest\n", "delay = m.shortest - 1\n"),
    "our news overtake the market's": (ALL, "m.back < heard or", "m.back <= heard or"),
    "a report waits for the market": (ALL, "m.back_no < d.ring", "m.back_no > d.ring"),
    "a gap is not noticed": (ALL, f"{GAP}\n        book.ok = False", GAP),
    "an emptied level is still the best": (ALL, "not d.p[best].bid > 0.0", "False"),
    "a stop is not watched": (STOPS, "m.armed_low < ticks < m.armed_high", "True"),
    "the clock stands still": (ALL, "m.window.now = m.window.touch_ts = m.now", "m.window.touch_ts = m.now"),
    "the timer drifts": (ALL, "m.timer_at = m.now + m.timer_ms", "m.timer_at = m.now + m.timer_ms + 1"),
    "the capital is an old one": (ALL, "if second != view.equity_at", "if view.equity_at < 0"),
    "an answer is no event": (SHY, "m.heard += 1\n    row.heard", "row.heard"),
    "an answer is heard too early": (SHY, "(m.heard, now)", "(m.heard, now - 1)"),
    "nobody counts what rests": (SHY, "view.resting = row.resting", "pass"),
    "nobody notes how long it took": (SHY, "view.latency_ts = now", "pass"),
    "what is due after an answer is forgotten": (SHY, "soonest = min(soonest, m.timer_at)", "pass"),
    "a request meets what comes after it": (ALL, "m.slack, m.out, ", "m.slack, m.out + 1, "),
    "the venue runs too far ahead": (ALL, "local + m.slack", "local + m.slack + 9"),
    "what is heard overtakes a report": (ALL, "m.back - 1, m.out - 1", "m.back, m.out - 1"),
    "a change at our bid goes by": (QUEUES, "written or r == ours", "written"),
    "an emptied level still leads": (ALL, "not p[bid].venue_bid", "False"),
}


def differs(kind: int, change: tuple[str, str] | None, seeds: int) -> bool:
    """Does any of so many markets tell the two apart?"""

    def planted(text: str) -> str:
        if change is None:
            return text
        assert change[0] in text, change[0]
        return text.replace(*change)

    made = plain_depth.prepared(PLUGIN, planted)
    market, taste = KINDS[kind]
    for seed in range(seeds):
        shape = replace(BUSY, seed=seed, **market)
        luck = replace(LUCK, seed=77 * seed + 1, **taste)
        try:
            compare(made, luck, SWAP, shape.events(SWAP, 100.0), CONFIG)
        except (AssertionError, IndexError, KeyError, Unsupported):
            return True
    return False


@pytest.mark.parametrize("kind", [QUEUES, ALL, STOPS, SHY])
def test_without_a_fault_nothing_differs(kind: int) -> None:
    assert not differs(kind, None, 3)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    kind, *change = FAULTS[name]
    assert differs(kind, (change[0], change[1]), 8)
