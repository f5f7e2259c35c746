"""e. From a decision to the venue's ack, and from a tick on one socket to the order's bytes on another.

Ours is the whole machine: socket, decoding, inbox, engine, gate, journal (an order waits until it is
durable), execution, budget, private socket. The peers only send. The stub is the same for all: it notes when
a tick left and when an order arrived, so the pipeline is measured from outside. Goals E1, E2, E4, H3.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import subprocess
import sys
import time
from pathlib import Path
from time import perf_counter
from typing import Any

from cockpit.adapters.okx.budget import Budget
from tests.benchmarks.cores import held, states
from tests.benchmarks.disk import has_memory
from tests.benchmarks.feed import stub
from tests.benchmarks.rows import Row, percentile, row

ORDERS = 400
PEERS = 300
STARTS = 5


def run() -> list[Row]:
    """The peers, then ours on a RAM disk and on the real one, then the limiter and a cold start."""
    rows = []
    for state, judged in states():
        with held(state):
            rows += _sent(state, judged=judged)
    return [*rows, *_limiter(), *_cold()]


def _sent(state: str, *, judged: bool) -> list[Row]:
    peers = {name: _sub("peer_orders", name, PEERS) for name in ("ccxt.pro WebSocket", "raw WebSocket")}
    rows = [row(f"{name}: send → ack, p50{state}", one["p50_us"], "us") for name, one in peers.items()]
    ccxt = peers["ccxt.pro WebSocket"]["p50_us"]
    raw = peers["raw WebSocket"]["p50_us"]
    places = [("in RAM", "memory")] if has_memory() else []
    for words, where in [*places, ("on this disk", "disk")]:
        rows.append(_floor(words + state, raw + _sub("durable", where, PEERS)["p50_us"], ccxt))
        ours = _sub("machine_orders", where, ORDERS)
        rows += _ours(ours, words + state, ccxt, judged=judged and (where == "memory" or not places))
    return rows


def _floor(words: str, value: float, ccxt: float) -> Row:
    """What nobody gets below who makes a row durable first and then sends over this library."""
    return row(
        f"raw WebSocket behind a bare durable row {words}, p50",
        value,
        "us",
        floor=ccxt,
        note="a queue, a thread, a transaction of one row; no machine, no gate",
    )


def _ours(ours: dict[str, Any], words: str, ccxt: float, *, judged: bool) -> list[Row]:
    """The journal is in every figure; goals are judged where the disk is not what is measured."""
    tick = ours["tick_p50_us"]
    goals = {
        "E1": ours["ack_p50_us"] <= 0.45 * ccxt,
        "E2": tick <= 250 and ours["tick_p99_us"] <= 4_000,
    }
    return [
        row(
            f"decision → ack, gate and journal {words}, p50",
            ours["ack_p50_us"],
            "us",
            floor=ccxt,
            goal="E1: <= 0.45 x ccxt WS" if judged else "",
            met=goals["E1"] if judged else None,
            note=f"p99 {ours['ack_p99_us']:,.0f}; {ours['orders']:,} orders, {ours['missing']} missing",
        ),
        row(
            f"tick on a socket → order bytes at the venue, journal {words}, p50",
            tick,
            "us",
            goal="E2: p50 <= 250, p99 <= 4,000" if judged else "",
            met=goals["E2"] if judged else None,
            note=f"p99 {ours['tick_p99_us']:,.0f}, p99.9 {ours['tick_p999_us']:,.0f};"
            " holds the venue's own send and its waking up",
        ),
        row(
            f"  of it ours: tick there to be read → order given to the kernel, {words}, p50",
            ours["own_p50_us"],
            "us",
            goal="E2: p50 <= 250, p99 <= 4,000" if judged else "",
            met=ours["own_p50_us"] <= 250 and ours["own_p99_us"] <= 4_000 if judged else None,
            note=f"p99 {ours['own_p99_us']:,.0f}, p99.9 {ours['own_p999_us']:,.0f};"
            " from the return of the venue's send to that of ours: waking up, reading, everything, writing",
        ),
    ]


def _sub(module: str, what: str, count: int) -> dict[str, Any]:
    """One measurement in a process of its own. Raises RuntimeError with its words."""
    with stub("orders", 0, count + 20, 1) as (port, file):
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", what, str(port), str(count), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} {what}: {done.stderr.strip()[-600:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def read_times(file: Path, count: int) -> tuple[list[int], list[int], list[int]]:
    """(when each tick left the stub, when each order arrived, when each tick was there to be read), ns."""
    with file.open("rb") as opened:
        kept = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)).cast("q")
        third = len(kept) // 3
        begun, arrived, there = (list(kept[at : at + count]) for at in (0, third, 2 * third))
        return begun, arrived, there


def _limiter() -> list[Row]:
    """A request that fits does not sleep, and a cancel finds room where an entry does not."""
    spent = asyncio.run(_spend())
    return [row("own limiter, room there", spent, "us", goal="E4: <= 5 us", met=spent <= 5)]


async def _spend() -> float:
    budget = Budget(asyncio.get_running_loop().time)
    late = []
    for _ in range(40):
        begin = perf_counter()
        await budget.spend("trade/order", "BTC-USDT-SWAP", urgent=True)
        late.append((perf_counter() - begin) * 1e6)
    return percentile(late, 0.5)


COLD = """
import asyncio, sys, time
from tests.benchmarks import cold
asyncio.run(cold.main(sys.argv[1], int(sys.argv[2])))
"""


def _cold() -> list[Row]:
    """From a process's start until OKX's first book is in the machine; beside the import of ccxt.pro."""
    with stub("books", 5, 200, 1) as (port, _):
        took: dict[str, list[float]] = {"socket": [], "account": [], "ccxt": []}
        for _ in range(STARTS):
            for name, times in took.items():
                code = "import ccxt.pro" if name == "ccxt" else COLD
                begin = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-c", code, name, str(port)], check=True, capture_output=True,
                    timeout=60, env={**os.environ, "COCKPIT_DATA_DIR": ""},
                )  # fmt: skip
                times.append((time.perf_counter() - begin) * 1_000)
    found = {name: percentile(times, 0.5) for name, times in took.items()}
    return [
        row(
            "cold start until OKX's first book, sockets only",
            found["socket"],
            "ms",
            floor=found["ccxt"],
            goal="H3: <= 0.6 x import ccxt.pro",
            met=found["socket"] <= 0.6 * found["ccxt"],
            note="floor = python -c 'import ccxt.pro'",
        ),
        row(
            "  the same with markets and history read over REST first (ccxt signs)",
            found["account"],
            "ms",
            floor=found["ccxt"],
        ),
    ]
