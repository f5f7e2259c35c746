"""The whole machine without a screen, at 5,000 market messages a second: loop delay, CPU, memory.

Goals: worst delay of the event loop < 30 ms, memory <= 100 MB (H4), nothing lost.
"""

from __future__ import annotations

import asyncio
import sys
import time
from time import process_time

import msgspec

from cockpit.app import eventloop, market, session
from cockpit.app.discover import discover
from cockpit.app.runtime import Plan, Runtime, open_runtime
from cockpit.core.config import Config
from cockpit.workers.inbox import Inbox
from tests.benchmarks.beats import Beats, Neighbour
from tests.benchmarks.disk import folder
from tests.benchmarks.rows import Row, percentile, resident_mb, row

RATE = 28.0
"""Of the practice market: about 5,000 messages a second."""
SETTLE_S = 4.0
SECONDS = 12.0
HEAVY = ("numpy", "pyarrow", "pandas", "numba", "torch", "ccxt", "textual")


class Taken(msgspec.Struct):
    """One stretch of a running machine."""

    rate: float
    cpu: float
    worst_ms: float
    p99_ms: float
    floor_ms: float
    floor_p99_ms: float
    conflated: int
    queue: int
    journal_ms: float
    waiting: int
    rss_mb: float
    fills: int


def run() -> list[Row]:
    """5,000 messages a second, then the usual; an empty loop in another process beside them."""
    discover()
    busy = headless(RATE, SETTLE_S, SECONDS)
    calm = headless(1.0, 2.0, 6.0)
    heavy = [name for name in HEAVY if name in sys.modules]
    return [
        row("an empty loop beside it, worst delay", busy.floor_ms, "ms", note="the floor: other users"),
        row("market messages", busy.rate, "msgs/s", note=f"{busy.fills} fills meanwhile"),
        row(
            "worst loop delay at that rate",
            busy.worst_ms,
            "ms",
            floor=busy.floor_ms,
            goal="A8: < 30 ms",
            met=busy.worst_ms < 30,
        ),
        row("loop delay p99", busy.p99_ms, "ms", floor=busy.floor_p99_ms),
        row("CPU of the machine, no screen", busy.cpu * 100, "% of core"),
        row("CPU per message, journal and 10 frames/s included", busy.cpu / busy.rate * 1e6, "us"),
        row("messages conflated", busy.conflated, "events", goal="D4: 0", met=busy.conflated == 0),
        row("waiting in the inbox at the end", busy.queue, "events"),
        row("journal: last commit", busy.journal_ms, "ms", note=f"{busy.waiting} rows not yet durable"),
        row(
            "memory, 6 markets, " + ("no heavy library" if not heavy else f"with {', '.join(heavy)}"),
            busy.rss_mb,
            "MB RSS",
            goal="H4: <= 100 MB",
            met=busy.rss_mb <= 100 and not heavy,
        ),
        row("CPU at the usual rate", calm.cpu * 100, "% of core", note=f"{calm.rate:.0f} messages/s"),
        row("worst loop delay at the usual rate", calm.worst_ms, "ms", floor=calm.floor_ms),
    ]


def headless(rate: float, settle: float, seconds: float) -> Taken:
    """One stretch of a machine whose loop and collector are set as a daemon sets them."""
    session.calm()
    return eventloop.run(_machine(rate, settle, seconds))


async def _machine(rate: float, settle: float, seconds: float) -> Taken:
    config = msgspec.structs.replace(Config(), run=msgspec.structs.replace(Config().run, practice_rate=rate))
    with folder() as place:
        source = market.practice(config, time.time_ns() // 1_000_000)
        runtime = await open_runtime(Plan(config, "practice", place), source)
        working = asyncio.ensure_future(runtime.run())
        session.stays()
        await asyncio.sleep(settle)
        taken = await _watch(runtime, seconds)
        runtime.stop()
        await asyncio.wait_for(working, 20)
        await runtime.close()
    return taken


async def _watch(runtime: Runtime, seconds: float) -> Taken:
    beats = Beats()
    outside = Neighbour(seconds - 1.0)
    inbox, store = runtime.crew.source, runtime.store
    assert isinstance(inbox, Inbox)
    count, conflated, begin, spent = inbox.received, inbox.conflated, time.monotonic(), process_time()
    fills = runtime.engine.state.fills
    await beats.run(seconds)
    elapsed = time.monotonic() - begin
    spent = process_time() - spent
    with outside:
        pass
    return Taken(
        rate=(inbox.received - count) / elapsed,
        cpu=spent / elapsed,
        worst_ms=max(beats.late_ms),
        p99_ms=percentile(beats.late_ms, 0.99),
        floor_ms=max(outside.late_ms),
        floor_p99_ms=percentile(outside.late_ms, 0.99),
        conflated=inbox.conflated - conflated,
        queue=inbox.queued,
        journal_ms=store.stats.last_ms,
        waiting=store.stats.waiting,
        rss_mb=resident_mb(),
        fills=runtime.engine.state.fills - fills,
    )
