"""Backtests that run now: each tells in a file how far it is, so that any screen can watch it.

    DATA/running/20261127-073000-4711.json    a ``Going``, written whole, at most four times a second
    DATA/running/20261127-073000-4711.lock    held (flock) by the process that runs it

A run that ends well leaves nothing here: it is in ``runs/`` then. One that fails stays for a day.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cockpit.core.errors import CockpitError
from cockpit.core.unreadable import UNREADABLE

FOLDER = "running"
EVERY_S = 0.25
POINTS = 240
KEPT_MS = 86_400_000


class Going(msgspec.Struct, frozen=True):
    """How far a backtest is."""

    name: str
    state: str
    """running | failed | stopped (interrupted, or killed)."""
    started: int
    updated: int
    """UTC ms."""
    sleeves: str
    tape: str
    begin: int = 0
    end: int = 0
    """Of the market's time that it goes through, UTC ms; 0 = not known yet."""
    curve: tuple[tuple[int, float], ...] = ()
    """(time, equity) so far, thinned."""
    why: str = ""

    @property
    def done(self) -> float:
        """Share of the way."""
        if not self.curve or self.end <= self.begin:
            return 0.0
        return min(1.0, max(0.0, (self.curve[-1][0] - self.begin) / (self.end - self.begin)))


class Telling:
    """Writes the file of one run. A disk that refuses it stops no backtest."""

    def __init__(self, data_dir: Path, sleeves: str, tape: str) -> None:
        self._folder = data_dir / FOLDER
        now = time.time_ns() // 1_000_000
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now / 1000))
        self._points: list[tuple[int, float]] = []
        self._last = 0.0
        self._going = Going(f"{stamp}-{os.getpid()}", "running", now, now, sleeves, tape)
        self._lock: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _tidy(self._folder)
            self._lock = os.open(self._path(".lock"), os.O_CREAT | os.O_WRONLY, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._path(".json").unlink(missing_ok=True)
        else:
            words = str(error) if isinstance(error, CockpitError) else f"{type(error).__name__}: {error}"
            stopped = isinstance(error, KeyboardInterrupt | SystemExit)
            self._change(state="stopped" if stopped else "failed", why="" if stopped else words)
        self._path(".lock").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)

    def spans(self, begin: int, end: int) -> None:
        """The stretch of market time that the run goes through."""
        self._going = msgspec.structs.replace(self._going, begin=begin, end=end)

    def point(self, ts: int, equity: float) -> None:
        """Another point of the curve."""
        self._points.append((ts, equity))
        if time.monotonic() - self._last >= EVERY_S:
            self._write()

    def _change(self, **changes: str) -> None:
        self._going = msgspec.structs.replace(self._going, **changes)
        self._write()

    def _write(self) -> None:
        self._last = time.monotonic()
        step = -(-len(self._points) // POINTS) or 1
        curve = self._points[::step]
        if self._points and curve[-1] != self._points[-1]:
            curve.append(self._points[-1])
        now = time.time_ns() // 1_000_000
        self._going = msgspec.structs.replace(self._going, curve=tuple(curve), updated=now)
        with contextlib.suppress(OSError):
            half = self._path(".half")
            half.write_bytes(msgspec.json.encode(self._going))
            half.replace(self._path(".json"))

    def _path(self, ending: str) -> Path:
        return self._folder / f"{self._going.name}{ending}"


def listed(data_dir: Path) -> Iterator[Going]:
    """Those that run, and those that lately failed, the newest first; a file that is none is passed over."""
    for file in sorted((data_dir / FOLDER).glob("*.json"), reverse=True):
        try:
            found = msgspec.json.decode(file.read_bytes(), type=Going)
        except (OSError, *UNREADABLE):
            continue
        if found.state == "running" and not _alive(file.with_suffix(".lock")):
            found = msgspec.structs.replace(found, state="stopped")
        yield found


def _alive(lock: Path) -> bool:
    try:
        with lock.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _tidy(folder: Path) -> None:
    """What has been over for a day goes."""
    now = time.time_ns() // 1_000_000
    for file in folder.glob("*.json"):
        if now - file.stat().st_mtime * 1000 > KEPT_MS and not _alive(file.with_suffix(".lock")):
            file.unlink(missing_ok=True)
            file.with_suffix(".lock").unlink(missing_ok=True)
