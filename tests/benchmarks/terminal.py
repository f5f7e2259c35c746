"""A real cockpit in a real pseudo-terminal, watched from outside: paints, threads, memory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.benchmarks.rows import resident_mb

COLUMNS, LINES = 160, 50
HERTZ = os.sysconf("SC_CLK_TCK")


class Terminal:
    """Starts a program with the slave as its terminal and reads what it paints."""

    def __init__(
        self, command: Sequence[str], folder: Path, size: tuple[int, int] = (COLUMNS, LINES)
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        # Whoever develops may have told Python to keep no bytecode; a user's second start has it.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.painted = 0
        self.gaps: list[float] = []
        self._last = 0.0
        self._seen = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 8
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.1)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def read(self, seconds: float) -> None:
        """Take what is painted for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self.master], [], [], left)
            if not ready:
                return
            with contextlib.suppress(OSError):
                chunk = os.read(self.master, 1 << 16)
                now = time.monotonic()
                if self._last:
                    self.gaps.append(now - self._last)
                self._last = now
                self.painted += len(chunk)
                self._seen = (self._seen + chunk)[-200_000:]
                continue
            return

    def until(self, words: bytes, seconds: float) -> float:
        """Seconds from the start of the process until ``words`` are painted; NaN when they never are."""
        limit = self.begun + seconds
        while time.monotonic() < limit and self.process.poll() is None:
            self.read(0.005)
            if words in self._seen:
                return self._last - self.begun
        return float("nan")

    def fresh(self) -> None:
        """Forget the gaps so far."""
        self.gaps.clear()

    def threads(self) -> dict[str, float]:
        """CPU seconds by thread: the first thread is ``screen``; ``ended`` is of those that are gone."""
        spent: dict[str, float] = {}
        pid = self.process.pid
        for task in Path(f"/proc/{pid}/task").iterdir():
            text = (task / "stat").read_text()
            fields = text.rpartition(")")[2].split()
            name = "screen" if task.name == str(pid) else text[text.index("(") + 1 : text.rindex(")")]
            spent[name] = spent.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / HERTZ
        whole = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent["ended"] = max(0.0, (int(whole[11]) + int(whole[12])) / HERTZ - sum(spent.values()))
        return spent

    def tail(self) -> str:
        """The last of what was painted, for error messages."""
        return self._seen[-500:].decode("utf-8", "replace")

    @property
    def rss_mb(self) -> float:
        return resident_mb(self.process.pid)
