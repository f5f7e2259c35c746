"""A practice market with an edge that is known, and known to end: what a loop must find, use, and give up.

The price is the practice market's own walk (moods, clustered volatility, jumps), sampled once a minute. On
top lies a pull to the walk: while the edge lives, what has left it comes back within an hour or so (mean
reversion earns); afterwards it trends for hours on end (the same strategy pays). Candles of fifteen
minutes, funding of nothing every eight hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp
from pathlib import Path
from random import Random

from cockpit.adapters.practice.mood import Walk
from cockpit.adapters.practice.spec import BTC_SWAP, PROFILES
from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.core.events import Bar, FundingRate

SYMBOL = BTC_SWAP
INSTRUMENT = PROFILES[BTC_SWAP].instrument
MINUTE, DAY = 60_000, 86_400_000
TF = 15 * MINUTE
START = 1_735_689_600_000
"""2025-01-01."""
FUNDING = 8 * 3_600_000
SHOCK = 0.003
"""Standard deviation of a minute's push away from the walk."""
LIVE, DEAD = 0.985, 0.9995
"""How much of a distance from the walk is left after a minute, while the edge lives and afterwards."""
QUIET = 0.6
"""How much of a push there is without the edge: distances add up there."""
ON, STEP = 0.995, 0.000_08
"""Without the edge prices trend: how much of a trend is left after a minute, and what changes it."""


def candles(days: float, edges: Sequence[tuple[float, float]], seed: int = 1) -> Iterator[Bar]:
    """Closed candles from ``START`` on; ``edges``: stretches of days (from, to) in which reversion pays."""
    walk, dice = Walk(seed, PROFILES[SYMBOL].coin, "quarter", MINUTE), Random(f"{seed}/quarter")
    trends, trend = Random(f"{seed}/trends"), 0.0
    tick = float(INSTRUMENT.tick)
    away = 0.0
    before = _ticks(walk.price, tick)
    row: list[float] = []
    for minute in range(1, int(days * 1_440) + 1):
        walk.step()
        alive = any(begin <= minute / 1_440 < end for begin, end in edges)
        push, trend = dice.gauss(0, SHOCK), ON * trend + trends.gauss(0, STEP)
        away = away * LIVE + push if alive else away * DEAD + QUIET * push + trend
        row.append(_ticks(walk.price * exp(away), tick))
        if minute % 15 == 0:
            high, low = max(before, *row) + tick, min(before, *row) - tick
            volume = 20.0 + 30.0 * dice.random()
            yield Bar(START + minute * MINUTE, SYMBOL, TF, before, high, low, row[-1], volume)
            before = row[-1]
            row = []


def _ticks(price: float, tick: float) -> float:
    return round(round(price / tick) * tick, 8)


def write(path: Path, bars: Sequence[Bar]) -> Path:
    """What was recorded, as a tape."""
    with TapeWriter(path, source="practice: invented") as writer:
        writer.instrument(INSTRUMENT)
        for bar in bars:
            if bar.ts % FUNDING == 0:
                writer.add(FundingRate(bar.ts, SYMBOL, 0.0, bar.ts, True))
            writer.add(bar)
        writer.close()
    return path
