"""A door with a toy engine behind it, for tests on both sides of the socket."""

import asyncio
import itertools
import threading
from collections.abc import Callable
from pathlib import Path

from cockpit.api.door import Door, HelloInfo
from cockpit.core.errors import StoreError
from cockpit.core.frames import Answer, Frame, Health

INFO = HelloInfo(4711, "PRACTICE", "0.0.test")


def frame(seq: int, padding: int = 0) -> Frame:
    """A small picture; ``padding`` symbols make it as large as wanted (9 bytes each)."""
    return Frame(
        seq=seq, ts=seq, wall=seq, mode="PRACTICE", venue="practice", posture="NORMAL", currency="USDT",
        equity=1.0, cash=1.0, day_pnl=0.0, drawdown=0.0, realised=0.0, unrealised=0.0, fees=0.0, funding=0.0,
        symbols=tuple(f"s{number:07d}" for number in range(padding)), books=(), trades=(), candles={},
        positions=(), orders=(), fills=(), sleeves=(), events=(), sources=(), limits=(), health=Health(),
    )  # fmt: skip


class Engine:
    """Draws a new frame each time it is looked at, and remembers what it was told."""

    def __init__(self, padding: int = 0) -> None:
        self.told: list[tuple[str, dict[str, str], str, str]] = []
        self.seqs = itertools.count(1)
        self.seq = 0
        self.padding = padding
        self.hold: asyncio.Event | None = None

    def latest(self) -> Frame:
        self.seq = next(self.seqs)
        return frame(self.seq, self.padding)

    async def handle(self, verb: str, args: dict[str, str], actor: str, command_id: str) -> Answer:
        self.told.append((verb, args, actor, command_id))
        if self.hold is not None:
            await self.hold.wait()
        if verb == "break":
            raise ZeroDivisionError("toy")
        if verb == "refuse":
            raise StoreError("the disk is full")
        if verb == "huge":
            return Answer("", True, "toy.huge", payload={"x": b"x" * (5 << 20)})
        return Answer("", True, "toy.done", args, {"verb": verb, "n": len(self.told)})

    def door(self, path: Path, **options: object) -> Door:
        return Door(path, INFO, self.latest, self.handle, **options)


class Served:
    """The door in a thread of its own, as a daemon would have it. A context manager."""

    def __init__(self, path: Path, engine: Engine | None = None) -> None:
        self.path = path
        self.engine = engine or Engine()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))

    async def _live(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.stop = asyncio.Event()
        self.door = self.engine.door(self.path)
        await self.door.serve()
        self._ready.set()
        await self.stop.wait()
        await self.door.close()

    def call(self, function: Callable[[], object]) -> object:
        """Run ``function`` on the door's loop."""

        async def run() -> object:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()


def until(happened: Callable[[], object], what: str) -> None:
    """Wait for something that another thread or process does."""
    tick = threading.Event()
    for _ in range(6000):
        if happened():
            return
        tick.wait(0.005)
    raise AssertionError(f"never happened: {what}")


async def eventually(happened: Callable[[], object], what: str) -> None:
    """As :func:`until`, on a loop."""
    for _ in range(6000):
        if happened():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"never happened: {what}")
