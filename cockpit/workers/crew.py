"""The workers of one run, put together. The simulator builds the same crew over its own loop and venue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.ports import Clock, Store, Venue
from cockpit.workers.execution import Chaos, Execution, nothing_happens
from cockpit.workers.kill import KillFlag
from cockpit.workers.risk import Watchdog
from cockpit.workers.strategy import Kernel, Observe, Source
from cockpit.workers.supervisor import Supervisor

REST_S = 0.001
LOOKS = 20
"""What is made for the eyes alone looks so often whether an order is on its way, ``REST_S`` apart."""
FRESH_S = 2.0
"""Where a guardian may watch: after so long a pause the wire is closed until the watchdog has looked."""


class Door(Source, Protocol):
    """A source that commands and local refusals can be put into."""

    def put(self, event: ev.AnyEvent) -> None: ...

    def end(self) -> None: ...


class Crew:
    """Kernel, execution and watchdog around one engine."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        venue: Venue,
        source: Door,
        clock: Clock,
        *,
        observe: Observe | None = None,
        freeze: Callable[[], bytes] | None = None,
        halt_file: Path | None = None,
        heartbeat: Path | None = None,
        others: Mapping[str, Callable[[], Awaitable[None]]] | None = None,
        watch: bool = True,
        reads: bool = True,
        snapshot_every: int = 50_000,
        folded: int = 0,
        chaos: Chaos = nothing_happens,
    ) -> None:
        self.engine = engine
        self.source = source
        self.kill = KillFlag(engine.state.halt is not None, clock.now_ms)
        self.execution = Execution(venue, engine.state, self.kill, source.put, clock, chaos)
        self.kernel = Kernel(
            engine,
            store,
            source,
            self.execution,
            self.kill,
            observe=observe,
            freeze=freeze,
            snapshot_every=snapshot_every,
            folded=folded,
            chaos=chaos,
        )
        self.watchdog = Watchdog(source.put, clock, self.kill, halt_file, reads=reads, heartbeat=heartbeat)
        if heartbeat is not None:
            self.kill.fresh_s = FRESH_S
        jobs: dict[str, Callable[[], Awaitable[None]]] = {"execution": self.execution.run}
        if watch:
            jobs["watchdog"] = self.watchdog.run
        jobs.update(others or {})
        self.supervisor = Supervisor(self.kernel.run, jobs)
        self._clock = clock
        self._commands = 0

    @property
    def hurried(self) -> bool:
        """Is a decision being made, or one on its way to the venue? Safe from any thread."""
        return self.kernel.stepping or self.execution.hurried

    async def unhurried(self) -> None:
        """Before work for the eyes alone: returns when no order waits for this loop, or after some 20 ms."""
        for _ in range(LOOKS):
            if not self.execution.hurried:
                return
            await asyncio.sleep(REST_S)

    async def run(self) -> None:
        """Until the source ends or ``stop``; raises what a worker raised."""
        await self.supervisor.run()

    def boot(self, number: int, mode: str, version: str, digest: str, ts: int) -> None:
        """The first fact of every process."""
        self.source.put(ev.Boot(ts, number, mode, version, digest))

    def halt(self, actor: str, *, flatten: bool, command_id: str = "") -> asyncio.Future[None]:
        """The kill switch: the flag first, without the loop; the durable command right behind."""
        self.kill.on = True
        args = {"flatten": "1" if flatten else "0", "closed": str(self.kill.at)}
        return self.command("halt", args, actor, command_id)

    def command(
        self, verb: str, args: dict[str, str], actor: str, command_id: str = ""
    ) -> asyncio.Future[None]:
        """Put a command into the stream. Call on the loop's thread.

        Only when the future is done may anybody be told that it was taken: then it survives a crash (I07).
        """
        now = self._clock.now_ms()
        self._commands += 1  # two within a millisecond are two
        command = ev.Command(now, command_id or f"{actor}-{now}-{verb}-{self._commands}", verb, args, actor)
        taken = self.kernel.expect(command.command_id)
        self.source.put(command)
        return taken

    async def drain(self) -> None:
        """Let the source end and the kernel finish what it holds."""
        self.source.end()
        await asyncio.wait_for(self.kernel.finished.wait(), 10)
