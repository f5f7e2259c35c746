"""Looks at a drill five times a second: at what the cockpit shows, and at what the exchange itself knows."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from decimal import Decimal
from typing import Any

from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app.drills.judging import Look
from cockpit.app.drills.stage import HELD, Stage
from cockpit.core.errors import CockpitError
from cockpit.core.frames import Frame

EVERY_S = 0.2
MUTE_S = 1.5
"""Without a picture for so long, the screen says that its cockpit is lost."""
LOUD = frozenset(("warn", "alarm"))
ENTRY = "ckin"


class Watcher:
    """A thread of its own: the disaster may stop everything else."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.begin = time.time()
        """When the disaster began; before that, now."""
        self.struck = False
        self.looks: list[Look] = []
        self._frame: Frame | None = None
        self._heard = time.monotonic()
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=work.__name__, daemon=True)
            for work in (self._listen, self._look)
        ]

    def __enter__(self) -> Watcher:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(10)

    def strike(self) -> None:
        """From here on the clock runs."""
        self.begin = time.time()
        self.struck = True

    @property
    def now(self) -> float:
        """Seconds since the disaster began."""
        return time.time() - self.begin

    @property
    def last(self) -> Look | None:
        """The newest look since the disaster began."""
        return self.looks[-1] if self.looks else None

    def _listen(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(CockpitError, OSError):
                self._pictures()
            self._end.wait(0.2)

    def _pictures(self) -> None:
        path = door_path(self.stage.folder)
        with SyncDoor(path, name="drill", rate=1 / EVERY_S, timeout=MUTE_S) as door:
            while not self._end.is_set():
                self._frame = door.frame(timeout=MUTE_S)
                self._heard = time.monotonic()

    def _look(self) -> None:
        while not self._end.is_set():
            if self.struck:
                # An exchange that does not answer at its own fault door cannot be judged by: look again.
                with contextlib.suppress(OSError, KeyError, ValueError):
                    self.looks.append(self._seen(self.stage.truth()))
            self._end.wait(EVERY_S)

    def _seen(self, truth: dict[str, Any]) -> Look:
        frame = self._frame
        mute = time.monotonic() - self._heard > MUTE_S
        since = self.begin * 1_000
        rows = () if frame is None else tuple(r for r in frame.events if r.level in LOUD and r.ts >= since)
        loud = [row for row in rows if not row.message.startswith("halt.")]  # that was the person
        halt = None if frame is None or mute else frame.halt
        return Look(
            at=round(self.now, 2),
            mute=mute,
            posture="" if frame is None or mute else frame.posture,
            light="" if frame is None or mute else frame.light,
            alarms=len(loud),
            first=loud[0].message if loud else "",
            args=loud[0].args if loud else {},
            halt="" if halt is None else halt.phase,
            file=(self.stage.folder / "halt").exists(),
            held=held(truth),
            naked=naked(truth, HELD),
            entries=sum(row["state"] in {"live", "partially_filled"} for row in entries(truth)),
        )


def held(truth: dict[str, Any]) -> str:
    """Positions at the exchange, e.g. ``WIF-USDT-SWAP 10``."""
    return ", ".join(f"{row['instId']} {row['pos']}" for row in truth["positions"] if Decimal(row["pos"]))


def naked(truth: dict[str, Any], market: str) -> str:
    """What of a market stands there without a stop that closes it, in contracts; empty = nothing.

    Only a market whose strategy wants a stop can be asked so: a maker quotes without one.
    """
    cover: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in truth["algos"]:
        if row["state"] == "live" and row["closes"]:
            cover[row["instId"], row["side"]] += Decimal(row["sz"] or "Infinity")
    open_ = []
    for row in truth["positions"]:
        size = Decimal(row["pos"])
        bare = abs(size) - cover[row["instId"], "sell" if size > 0 else "buy"]
        if size and bare > 0 and row["instId"] == market:
            open_.append(f"{row['instId']} {bare}")
    return ", ".join(open_)


def entries(truth: dict[str, Any]) -> list[dict[str, Any]]:
    """Orders of ours that could enlarge a position."""
    return [row for row in truth["orders"] if row["tag"] == ENTRY]
