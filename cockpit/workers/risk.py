"""The watchdog: breathes on the wall clock even when every feed is dead.

It measures the loop's delay, has the venue read back regularly, and obeys the halt file. It decides
nothing: whatever it notices enters as a fact or a command.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from cockpit.core import events as ev
from cockpit.core.ports import Clock
from cockpit.workers.kill import KillFlag

BEAT_S = 0.05
READ_EVERY_S = 30.0
LAG_ALARM_MS = 250.0


class Watchdog:
    """One task; ``lag_ms`` is the worst loop delay of the last second."""

    def __init__(
        self,
        put: Callable[[ev.AnyEvent], None],
        clock: Clock,
        kill: KillFlag,
        halt_file: Path | None = None,
        *,
        reads: bool = True,
        heartbeat: Path | None = None,
    ) -> None:
        self._put = put
        self._clock = clock
        self._kill = kill
        self._halt_file = halt_file
        self._reads = reads
        self._heartbeat = heartbeat
        self._count = 0
        self._flattened = False
        self.lag_ms = 0.0
        self.worst_ms = 0.0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        next_read = loop.time() + READ_EVERY_S
        window = loop.time() + 1.0
        worst = 0.0
        self._begin_beating()
        while True:
            before = loop.time()
            await asyncio.sleep(BEAT_S)
            now = loop.time()
            worst = max(worst, (now - before - BEAT_S) * 1_000)
            self.worst_ms = max(self.worst_ms, worst)
            if now >= window:
                self.lag_ms, worst, window = worst, 0.0, now + 1.0
                self._beat()
            if self._reads and now >= next_read:
                next_read = now + READ_EVERY_S
                self.command("read", {}, "watchdog")
            self._check_file()
            self._kill.beat()

    def _begin_beating(self) -> None:
        """The file that a guardian watches, with our process id in it."""
        self._kill.beat()
        if self._heartbeat is not None:
            with contextlib.suppress(OSError):
                self._heartbeat.write_text(f"{os.getpid()}\n", "utf-8")

    def _beat(self) -> None:
        """Once a second: this process moves. A disk that is full cannot keep it from saying so."""
        if self._heartbeat is not None:
            with contextlib.suppress(OSError):
                os.utime(self._heartbeat)

    def command(self, verb: str, args: dict[str, str], actor: str) -> str:
        """Put a command of the watchdog into the stream; returns its id."""
        self._count += 1
        now = self._clock.now_ms()
        command_id = f"{actor}-{now}-{self._count}"
        self._put(ev.Command(now, command_id, verb, args, actor))
        return command_id

    def lift_file(self) -> str:
        """Take the halt file away, so that a resume lasts; its path where that fails, else empty."""
        try:
            if self._halt_file is not None:
                self._halt_file.unlink(missing_ok=True)
        except OSError:
            return str(self._halt_file)
        return ""

    def _check_file(self) -> None:
        """A file named ``halt`` in the data directory stops trading: the door of last resort.

        The word ``flatten`` in it closes positions too, also when a plain halt came first. While the file is
        there trading halts again and again: see :meth:`lift_file`. A file that cannot be read is a halt.
        """
        if self._halt_file is None or not self._halt_file.exists():
            self._flattened = False
            return
        try:
            flatten = "flatten" in self._halt_file.read_text(errors="replace")
        except OSError:
            flatten = False
        if not self._kill.pressed or (flatten and not self._flattened):
            self._kill.on = True
            self._flattened = flatten
            args = {"flatten": "1" if flatten else "0", "closed": str(self._kill.at)}
            self.command("halt", args, "halt file")
