"""Every tick an order, through the whole machine on the stub: machine_orders memory|disk PORT COUNT FILE."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from cockpit.adapters.okx import budget, line, socket
from cockpit.adapters.secret import Credentials, Secret
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app import eventloop, priority
from cockpit.app.okx import open_okx
from cockpit.app.recovery import recover
from cockpit.app.session import calm
from cockpit.app.wiring import WallClock
from cockpit.core import events as ev
from cockpit.core.config import Config, OkxConfig, RiskConfig, RunConfig, SleeveConfig
from cockpit.core.intents import Outcome, Place
from cockpit.workers.crew import Crew
from cockpit.workers.inbox import Inbox
from tests.benchmarks import ticks as ticks
from tests.benchmarks.disk import folder
from tests.benchmarks.okx_stub import INST
from tests.benchmarks.orders import read_times
from tests.benchmarks.rows import percentile

SKIPPED = 20
FAST = 1_000_000, 2.0


class OneKey:
    """Any key will do for the stub."""

    place = "bench"

    def names(self) -> list[Any]:
        return []

    def get(self, _which: Any) -> Credentials:
        return Credentials("okx", "demo", "trade", Secret("k"), Secret("s"), Secret("p"))

    def put(self, keys: Credentials) -> None:
        raise NotImplementedError

    def remove(self, _which: Any) -> bool:
        return False


class Watch:
    """Notes when the machine decided an order and when it heard the ack."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.decided: dict[str, int] = {}
        self.acked: dict[str, int] = {}
        self.done = asyncio.Event()

    def over(self, step: Callable[[ev.AnyEvent], Outcome]) -> Callable[[ev.AnyEvent], Outcome]:
        """``step``, looked at from outside: a decision is there when it returns."""

        def watched(event: ev.AnyEvent) -> Outcome:
            outcome = step(event)
            now = time.monotonic_ns()
            if isinstance(event, ev.Ack):
                self.acked.setdefault(event.cid, now)
                if len(self.acked) >= self.count + SKIPPED:
                    self.done.set()
            for action in outcome.actions:
                if isinstance(action, Place):
                    self.decided[action.cid] = now
            return outcome

        return watched


class Given:
    """The private socket's transport: notes when the kernel has taken an order's bytes."""

    def __init__(self, transport: Any, times: list[int]) -> None:
        self._transport = transport
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def send(self, kind: Any, raw: bytes) -> None:
        """As the transport does."""
        self._transport.send(kind, raw)
        if b'"op":"order"' in raw:
            self._times.append(time.monotonic_ns())


class WatchedLine(line.Line):
    """A line whose transport is ``Given``."""

    times: ClassVar[list[int]] = []

    def on_ws_connected(self, transport: Any) -> None:
        """As the line does."""
        super().on_ws_connected(transport)
        self.transport = Given(transport, self.times)  # type: ignore[assignment]


async def measure(where: str, port: int, count: int, file: Path) -> dict[str, Any]:
    """Our limits of rates are out of the way (they have nothing to do with speed); everything else is on."""
    for name in ("trade/order", "trade/new"):
        budget.LIMITS[name] = FAST
    config = Config(
        run=RunConfig(feed="okx", execution="demo", equity=100_000.0),
        risk=RiskConfig(
            max_orders_per_second=10_000,
            max_orders_per_minute=100_000,
            min_confidence=0.0,
            max_entries=0,
            max_latency_ms=0,
        ),
        okx=OkxConfig(rest=f"http://127.0.0.1:{port}", socket=f"ws://127.0.0.1:{port}", dead_man=False),
        sleeves=(SleeveConfig("bench_flip", f"okx:{INST}"),),
    )
    watch = Watch(count)
    socket.Line = WatchedLine  # type: ignore[misc]
    calm()  # as a run does
    with folder(in_memory=where == "memory") as place:
        session = await open_okx(config, place, OneKey())
        store = await SqliteStore.open(place / "cockpit.db", mode="demo", synchronous="FULL")
        await priority.go_first(store)
        engine, _ = await recover(store, config, "demo", session)
        clock, inbox = WallClock(), Inbox()
        live = session.connect(inbox.put, clock.now_ms)
        engine.step = watch.over(engine.step)  # type: ignore[method-assign]
        crew = Crew(engine, store, live.venue, inbox, clock, others=live.jobs, reads=False)
        crew.boot(1, "demo", "bench", "", clock.now_ms())
        working = asyncio.ensure_future(crew.run())
        try:
            await asyncio.wait_for(watch.done.wait(), 100)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await store.close()
            await session.close()
    return told(watch, WatchedLine.times, *read_times(file, count + SKIPPED))


def told(
    watch: Watch, given: list[int], ticks: list[int], orders: list[int], there: list[int]
) -> dict[str, Any]:
    """Percentiles, the first few left out."""
    acks = sorted((watch.acked[c] - at) / 1_000 for c, at in watch.decided.items() if c in watch.acked)
    pairs = [(b - a) / 1_000 for a, b in zip(ticks, orders, strict=True) if a and b][SKIPPED:]
    own = [(b - a) / 1_000 for a, b in zip(there, given, strict=False) if a][SKIPPED:]
    return {
        "own_p50_us": percentile(own, 0.5),
        "own_p99_us": percentile(own, 0.99),
        "own_p999_us": percentile(own, 0.999),
        "orders": len(pairs),
        "missing": sum(1 for at in orders if not at),
        "ack_p50_us": percentile(acks, 0.5),
        "ack_p99_us": percentile(acks, 0.99),
        "tick_p50_us": percentile(pairs, 0.5),
        "tick_p99_us": percentile(pairs, 0.99),
        "tick_p999_us": percentile(pairs, 0.999),
    }


def main() -> None:
    where, port, count, file = sys.argv[1:5]
    print(json.dumps(eventloop.run(measure(where, int(port), int(count), Path(file)))))


if __name__ == "__main__":
    main()
