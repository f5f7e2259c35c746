"""Goals G1 and G2: what the hot path pays for the journal, and how much of it becomes durable."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from itertools import count
from time import perf_counter, thread_time_ns

from cockpit.adapters.store.sqlite import SqliteStore
from tests.adapters.journal_rows import fill, order, outcome, trade
from tests.benchmarks.disk import fdatasync_ms, folder
from tests.benchmarks.rows import Row, percentile, row

WRITERS = 32
SECONDS = 4.0
ENQUEUED = 4_000


def run() -> list[Row]:
    """The disk by itself before and after; between them 32 writers, then the cost of handing over."""
    before = fdatasync_ms()
    rate, waits, commits = asyncio.run(_group_commit())
    floors = before + fdatasync_ms()
    floor, worst = percentile(floors, 0.5), percentile(floors, 0.99)
    market, commit = asyncio.run(_enqueue())
    wait = percentile(waits, 0.5)
    alone = 1_000 / floor
    ratio = commits / floor
    return [
        row("4 KiB append + fdatasync, p50", floor, "ms", note="the floor: this disk, this minute"),
        row("4 KiB append + fdatasync, p99", worst, "ms"),
        row(
            "durable rows, FULL, 32 in flight",
            rate,
            "rows/s",
            floor=alone,
            goal="G2: >= 4,000",
            met=rate >= 4_000,
            note="floor: one row per fdatasync",
        ),
        row(
            "one transaction of the group",
            commits,
            "ms p50",
            floor=floor,
            goal="G2: <= 2.5 x fdatasync",
            met=ratio <= 2.5,
        ),
        row("what each writer waits", wait, "ms p50", floor=floor),
        row("what each writer waits", percentile(waits, 0.99), "ms p99", floor=worst),
        row(
            "hand over a market event",
            percentile(market, 0.99),
            "us p99",
            goal="G1: <= 10 CPU",
            met=percentile(market, 0.99) <= 10,
        ),
        row(
            "hand over a fact, its outcome and its order",
            percentile(commit, 0.99),
            "us p99",
            goal="G1: <= 10 CPU",
            met=percentile(commit, 0.99) <= 10,
            note=f"p50 {percentile(commit, 0.5):.1f} us; market event p50 {percentile(market, 0.5):.2f} us",
        ),
    ]


async def _group_commit() -> tuple[float, list[float], float]:
    """(rows/s, ms each writer waited, median ms of a transaction)"""
    waits: list[float] = []
    commits: list[float] = []
    with folder() as place:
        store = await SqliteStore.open(place / "cockpit.db", mode="practice")
        numbers = count(1)
        begin = time.monotonic()
        until = begin + SECONDS

        async def write() -> None:
            while time.monotonic() < until:
                seq = next(numbers)
                asked = perf_counter()
                await store.commit([(seq, fill(seq))], [outcome(seq)], [order(f"c{seq}")])
                waits.append((perf_counter() - asked) * 1_000)
                commits.append(store.stats.last_ms)

        await asyncio.gather(*(write() for _ in range(WRITERS)))
        rate = store.stats.rows / (time.monotonic() - begin)
        await store.close()
    return rate, waits, percentile(commits, 0.5)


async def _enqueue() -> tuple[list[float], list[float]]:
    """CPU microseconds of this thread per call: (market event, fact + outcome + order)."""
    numbers = count(1)
    with folder() as place:
        store = await SqliteStore.open(place / "cockpit.db", mode="practice")
        events = [(next(numbers), trade(i)) for i in range(ENQUEUED)]
        market = await _spend(iter([(lambda r=r: store.append_market(*r)) for r in events]))
        facts = [(seq, fill(seq), outcome(seq), order(f"c{seq}")) for seq in (next(numbers) for _ in events)]
        calls = [(lambda f=f: store.append([(f[0], f[1])], [f[2]], [f[3]])) for f in facts]
        gc.collect()
        gc.freeze()  # the prepared calls are the benchmark's own litter
        commit = await _spend(iter(calls))
        gc.unfreeze()
        await store.close()
    return market, commit


async def _spend(calls: Iterator[Callable[[], object]]) -> list[float]:
    spent = []
    cost = min(_clock_cost() for _ in range(200))
    for index, call in enumerate(calls):
        begin = thread_time_ns()
        call()
        spent.append(max(0, thread_time_ns() - begin - cost) / 1_000)
        if index % 32 == 0:
            await asyncio.sleep(0)  # the writer's own turn is not part of handing over
    return spent


def _clock_cost() -> int:
    begin = thread_time_ns()
    return thread_time_ns() - begin
