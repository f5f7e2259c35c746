"""The guardian: a second, small process that can take our entries away when the first one no longer moves.

    heartbeat still for a moment, and a halt file is there     ──► act
    heartbeat still for ``run.guardian_after_s``               ──► leave a halt file (unless it is dead), act

To act is: cancel every resting order that carries the entry tag, read the venue back until none is there,
write ``receipts/guardian-….json``. Exits and stops carry other tags and are never touched, positions neither.
It reads no journal and decides nothing else. The process that wakes up again finds the halt file; until its
watchdog has looked, its own wire is closed (``workers.kill``). OKX only; it uses the run's trade key.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import endpoints
from cockpit.adapters.okx.requests import TAGS
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.secret import Credentials
from cockpit.core.config import Config
from cockpit.core.errors import CockpitError, DoorError
from cockpit.core.orders import Role

BEAT = "heartbeat"
"""Touched once a second by the watchdog of a process that moves; removed when it ends in order."""
HERE = "guardian.pid"
LOOK_S = 0.2
STILL_S = 3.0
"""A heart that has not beaten for so long does not obey a halt file itself."""
FIRST_S = 60.0
AGAIN_S = 1.0
ALGOS = ("conditional,oco", "trigger", "move_order_stop")


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """A resting order, of either list."""

    inst_id: str
    ord_id: str = ""
    algo_id: str = ""
    cl_ord_id: str = ""
    algo_cl_ord_id: str = ""
    tag: str = ""
    sz: str = ""
    side: str = ""
    sl_trigger_px: str = ""

    @property
    def cid(self) -> str:
        return self.cl_ord_id or self.algo_cl_ord_id or self.ord_id or self.algo_id


class Held(msgspec.Struct, frozen=True, rename="camel"):
    """An open position."""

    inst_id: str
    pos: str
    pos_side: str = "net"


class Heart:
    """When the other process last moved, by this one's own clock: neither sleep nor clock changes count."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.path = folder / BEAT
        self._now = now
        self._stamp = 0
        self._since = now()
        self.seen = False

    def still(self) -> float:
        """Seconds without a beat; -1 when the other one has ended in order."""
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return -1.0 if self.seen or self._now() - self._since > FIRST_S else 0.0
        if stamp != self._stamp:
            self._stamp, self._since, self.seen = stamp, self._now(), True
        return self._now() - self._since

    @property
    def beat(self) -> int:
        """Which beat that was."""
        return self._stamp

    def alive(self) -> bool:
        """Is the process still there, frozen or not?"""
        try:
            os.kill(int(self.path.read_text("utf-8")), 0)
        except (OSError, ValueError):
            return False
        return True


class Guardian:
    """Watches one folder. ``say`` gets a line whenever something happens."""

    def __init__(self, folder: Path, rest: Rest, after_s: float, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.rest = rest
        self.after_s = after_s
        self.say = say
        self.heart = Heart(folder)
        self._done: tuple[int, bool] = (0, False)
        """The beat and whether a halt was asked for, when it last acted."""

    async def run(self) -> None:
        """Until the process it watches has ended in order, or is dead and cleared up after."""
        while (still := self.heart.still()) >= 0:
            asked = (self.folder / "halt").exists()
            due = still > (STILL_S if asked else self.after_s)
            if due and self._done != (self.heart.beat, asked):
                self._done = (self.heart.beat, asked)
                await self._act(asked, still)
                if not self.heart.alive():
                    return
            await asyncio.sleep(LOOK_S)

    async def _act(self, asked: bool, still: float) -> None:
        alive = self.heart.alive()
        why = "halt file" if asked else f"no heartbeat for {still:.0f} s"
        self.say(f"{why}: cancelling our entries at the venue")
        if alive and not asked:
            (self.folder / "halt").write_text("halt\n", "utf-8")
            self._done = (self.heart.beat, True)
        begin, tries = time.time_ns() // 1_000_000, 0
        gone: dict[str, Row] = {}
        while True:
            tries += 1
            try:
                for row in await self._entries():
                    gone[row.cid] = row
                    await self._cancel(row)
                left = await self._entries()
                if not left:
                    self._receipt(why, begin, tries, list(gone.values()), *await self._rest_of_it())
                    return
                self.say(f"NOT done: {', '.join(row.cid for row in left)} still rest; again")
            except CockpitError as error:
                self.say(f"NOT done: {error}; again")
            await asyncio.sleep(AGAIN_S)

    async def _entries(self) -> list[Row]:
        """Resting orders that could increase exposure, as the venue lists them: all pages."""
        found = await self._pages("trade/orders-pending", {}, "ordId")
        for kind in ALGOS:
            found += await self._pages("trade/orders-algo-pending", {"ordType": kind}, "algoId")
        return [row for row in found if row.tag == TAGS[Role.ENTRY]]

    async def _pages(self, path: str, params: dict[str, str], key: str) -> list[Row]:
        found: list[Row] = []
        after: dict[str, str] = {}
        while True:
            page = await self.rest.get(path, {**params, "limit": "100", **after}, Row, urgent=True)
            found += page
            if len(page) < 100:
                return found
            after = {"after": page[-1].ord_id if key == "ordId" else page[-1].algo_id}

    async def _cancel(self, row: Row) -> None:
        """Ask; what became of it is seen by reading back, never by the answer."""
        if row.algo_id and not row.ord_id:
            await self.rest.post(
                "trade/cancel-algos", [{"instId": row.inst_id, "algoId": row.algo_id}], urgent=True
            )
        else:
            await self.rest.post(
                "trade/cancel-order", {"instId": row.inst_id, "ordId": row.ord_id}, urgent=True
            )

    async def _rest_of_it(self) -> tuple[list[Held], list[Row]]:
        """Positions and the stops that rest for them: left as they are, and told."""
        held = [row for row in await self.rest.get("account/positions", {}, Held) if float(row.pos or 0)]
        stops: list[Row] = []
        for kind in ALGOS:
            stops += await self._pages("trade/orders-algo-pending", {"ordType": kind}, "algoId")
        return held, [row for row in stops if row.tag == TAGS[Role.PROTECT]]

    def _receipt(
        self, why: str, begin: int, tries: int, gone: list[Row], held: list[Held], stops: list[Row]
    ) -> None:
        now = time.time_ns() // 1_000_000
        found = {
            "by": "guardian",
            "why": why,
            "asked": begin,
            "cancelled": [row.cid for row in gone],
            "positions": [{"symbol": row.inst_id, "qty": row.pos, "side": row.pos_side} for row in held],
            "stops": [
                {"cid": row.cid, "symbol": row.inst_id, "qty": row.sz, "trigger": row.sl_trigger_px}
                for row in stops
            ],
            "took_ms": now - begin,
            "tries": tries,
            "read_ts": now,
        }
        path = self.folder / "receipts" / f"guardian-{now}.json"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_suffix(".part")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(json.dumps(found, indent=2) + "\n")
        draft.replace(path)
        self.say(
            f"done in {now - begin} ms: {len(gone)} entry orders cancelled, none rests;"
            f" {len(held)} positions, {len(stops)} stops left as they are; {path}"
        )


async def guard(config: Config, keys: Credentials, folder: Path, say: Callable[[str], None]) -> None:
    """Watch a folder. Raises DoorError when another guardian is there."""
    here = folder / HERE
    if here.exists() and runs(here):
        raise DoorError(f"a guardian watches {folder} already")
    here.write_text(f"{os.getpid()}\n", "utf-8")
    where = endpoints(
        config.okx.region,
        demo=keys.environment == "demo",
        rest=config.okx.rest,
        socket=config.okx.socket,
        ca_file=config.okx.ca_file,
    )
    rest = Rest(where, keys, Budget(asyncio.get_running_loop().time))
    try:
        try:
            await rest.sync(lambda: time.time_ns() // 1_000_000)  # the client is loaded before it is needed
        except CockpitError as error:
            say(f"the venue does not answer yet: {error}")
        say(f"watching {folder}, acts after {config.run.guardian_after_s:g} s")
        await Guardian(folder, rest, config.run.guardian_after_s, say).run()
    finally:
        here.unlink(missing_ok=True)
        await rest.close()


def runs(here: Path) -> bool:
    """Does the process whose id is in this file live?"""
    try:
        os.kill(int(here.read_text("utf-8")), 0)
    except (OSError, ValueError):
        return False
    return True


def newest(folder: Path, since_ms: int) -> dict[str, Any] | None:
    """The guardian's last receipt, if it was proven after ``since_ms``."""
    for path in sorted((folder / "receipts").glob("guardian-*.json"), reverse=True):
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found if found["read_ts"] >= since_ms else None
    return None
