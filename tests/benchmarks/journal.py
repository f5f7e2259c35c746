"""Goals G1 and G2: what the hot path pays for the journal, and how much of it becomes durable."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from itertools import count
from time import perf_counter, thread_time_ns
from typing import NamedTuple

from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.core.intents import Outcome, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import PosSide, Side
from tests.adapters.journal_rows import SYMBOL, fill, order, outcome, trade
from tests.benchmarks.disk import fdatasync_ms, folder
from tests.benchmarks.rows import Row, percentile, row

WRITERS = 32
SECONDS = 4.0
ENQUEUED = 4_000


def run() -> list[Row]:
    """The disk by itself before and after; between them 32 writers, then the cost of handing over."""
    before = fdatasync_ms()
    decided = asyncio.run(_group_commit(_decision))
    filled = asyncio.run(_group_commit(_trade_of_ours))
    floors = before + fdatasync_ms()
    floor = percentile(floors, 0.5)
    market, commit = asyncio.run(_enqueue())
    return [
        row("4 KiB append + fdatasync, p50", floor, "ms", note="the floor: this disk, this minute"),
        row("4 KiB append + fdatasync, p99", percentile(floors, 0.99), "ms"),
        *_told("an order's decision", decided, floors, judged=True),
        *_told("a fill, what it led to, its order", filled, floors, judged=False),
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


def _told(words: str, group: Group, floors: list[float], *, judged: bool) -> list[Row]:
    """G2 is judged as it was taken: a row each of 32 writers, the row that makes an order durable."""
    floor, worst = percentile(floors, 0.5), percentile(floors, 0.99)
    return [
        row(
            f"32 in flight, FULL, {words}: durable rows",
            group.rate,
            "rows/s",
            floor=1_000 / floor,
            goal="G2: >= 4,000" if judged else "",
            met=group.rate >= 4_000 if judged else None,
            note=f"floor: one row per fdatasync; {group.rows:.0f} rows a transaction",
        ),
        row(
            "  one transaction of the group",
            group.commit,
            "ms p50",
            floor=floor,
            goal="G2: <= 2.5 x fdatasync" if judged else "",
            met=group.commit <= 2.5 * floor if judged else None,
        ),
        row("  what each writer waits", percentile(group.waits, 0.5), "ms p50", floor=floor),
        row(
            "  what each writer waits",
            percentile(group.waits, 0.99),
            "ms p99",
            floor=worst,
        ),
    ]


Handed = Callable[[SqliteStore, int], Awaitable[None]]


async def _decision(store: SqliteStore, seq: int) -> None:
    """Market data set a strategy off: what must be on the disk before the order may leave."""
    await store.commit([], [_order_decided(seq)])


async def _trade_of_ours(store: SqliteStore, seq: int) -> None:
    """Three rows and the readable one of the fill."""
    await store.commit([(seq, fill(seq))], [outcome(seq)], [order(f"c{seq}")])


def _order_decided(seq: int) -> Outcome:
    place = Place(
        f"c{seq}", "ema_trend@1/okx:BTC-USDT-SWAP", SYMBOL, Side.BUY, OrderKind.POST_ONLY, Decimal("3.50"),
        Decimal("64000.1"), None, None, None, False, PosSide.NET, Role.ENTRY, "entry",
    )  # fmt: skip
    return Outcome(seq, 1000 + seq, "book", actions=(place,))


class Group(NamedTuple):
    """What 32 writers at once saw."""

    rate: float
    """Durable rows/s."""
    waits: list[float]
    """ms each writer waited."""
    commit: float
    """Median ms of a transaction."""
    rows: float
    """Rows of a transaction, on average."""


async def _group_commit(hand_over: Handed) -> Group:
    waits: list[float] = []
    commits: list[float] = []
    with folder() as place:
        store = await SqliteStore.open(place / "cockpit.db", mode="practice")
        numbers = count(1)
        begin = time.monotonic()
        until = begin + SECONDS

        async def write() -> None:
            while time.monotonic() < until:
                asked = perf_counter()
                await hand_over(store, next(numbers))
                waits.append((perf_counter() - asked) * 1_000)
                commits.append(store.stats.last_ms)

        await asyncio.gather(*(write() for _ in range(WRITERS)))
        stats = store.stats
        rate = stats.rows / (time.monotonic() - begin)
        await store.close()
    return Group(rate, waits, percentile(commits, 0.5), stats.rows / stats.commits)


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
