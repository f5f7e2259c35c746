"""A line between two programs of this machine that can be cut in every way a line is cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from random import Random

MODES = ("refuse", "reset", "hole_up", "hole_down", "hole_both", "trickle", "stall")
"""refuse: nothing new, what is open is closed; reset: the same with RST; hole: bytes vanish in a direction;
trickle: a byte every 20 ms; stall: three parts in ten wait for a second."""


class Proxy:
    """``with Proxy(port) as line: line.mode = "hole_up"``: also for what is open."""

    def __init__(self, target: int, seed: int = 7) -> None:
        self.target = target
        self.mode = "pass"
        self.port = 0
        self.cut = 0
        """Connections that a mode has ended."""
        self._rng = Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def set(self, mode: str) -> None:
        """Change it now."""
        self.mode = mode
        if mode in {"refuse", "reset"}:
            asyncio.run_coroutine_threadsafe(self._cut(mode), self._loop).result(30)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._pair, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await self._cut("reset")
        await asyncio.sleep(0.05)  # transports close on the loop's next turns

    async def _cut(self, mode: str) -> None:
        for writer in [*self._open]:
            self._end(writer, mode)

    def _end(self, writer: asyncio.StreamWriter, mode: str) -> None:
        self.cut += 1
        if mode == "reset":
            found = writer.get_extra_info("socket")
            with contextlib.suppress(OSError, AttributeError):
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            writer.transport.abort() if mode == "reset" else writer.close()

    async def _pair(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode in {"refuse", "reset"}:
            self._end(writer, self.mode)
            return
        try:
            there, out = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._open |= {writer, out}
        try:
            await asyncio.gather(self._pump(reader, out, "up"), self._pump(there, writer, "down"))
        finally:
            self._open -= {writer, out}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: str) -> None:
        try:
            while data := await source.read(1 << 16):
                if self.mode in {f"hole_{way}", "hole_both"}:
                    continue
                if self.mode == "stall" and self._rng.random() < 0.3:
                    await asyncio.sleep(1.0)
                if self.mode == "trickle":
                    await self._slowly(data, sink)
                    continue
                sink.write(data)
                await sink.drain()
        except OSError:
            return
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                sink.close()

    async def _slowly(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        for at in range(len(data)):
            if self.mode != "trickle":
                sink.write(data[at:])
                break
            sink.write(data[at : at + 1])
            await asyncio.sleep(0.02)
        await sink.drain()
