"""The closed trades behind the heat map: kept over a restart, and told to a face that asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.core.frames import PAPER, Answer
from cockpit.core.past import Closed, Past

if TYPE_CHECKING:
    from cockpit.app.runtime import Runtime

FILE = "past.bin"
"""Beside the journal. For eyes alone: without it the heat map begins anew, and nothing else changes."""
EVERY_S = 60.0
SHOWN = 500
"""Trades told at once, newest first."""


def recall(past: Past, folder: Path) -> None:
    """Go on where the last run left."""
    with contextlib.suppress(OSError):
        past.restore((folder / FILE).read_bytes())


def keep(past: Past, folder: Path) -> None:
    """Write it whole or not at all. A full disk stops no trading because of this."""
    part = folder / f"{FILE}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(past.save())
        part.replace(folder / FILE)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


async def keeping(past: Past, folder: Path) -> None:
    """A job of the crew: hours end although no market speaks, and a crash costs a minute of it at most."""
    while True:
        await asyncio.sleep(EVERY_S)
        past.roll(time.time_ns() // 1_000_000)
        keep(past, folder)


def answer(runtime: Runtime, args: dict[str, str], command_id: str) -> Answer:
    """The trades of a sleeve that were closed in [since, until), as plain values."""
    name = args.get("sleeve", "")
    beside = runtime.beside
    if name.startswith(PAPER) and beside is not None:
        runtime, name = beside, name.removeprefix(PAPER)
    bounds = [args.get(bound) or "0" for bound in ("since", "until")]
    if name not in runtime.engine.state.sleeves or not all(bound.isdecimal() for bound in bounds):
        return Answer(command_id, False, "trades.unknown", {"sleeve": name})
    found = runtime.projector.past.trades(name, *map(int, bounds))
    rows = [plain(one) for one in found[:SHOWN]]
    return Answer(command_id, True, "answer.trades", payload={"rows": rows, "count": len(found)})


def plain(one: Closed) -> dict[str, Any]:
    """A trade for any face; money as the exact decimals it was booked with."""
    trip = one.trip
    return {
        "symbol": trip.symbol,
        "side": trip.side,
        "opened": trip.opened,
        "closed": trip.closed,
        "qty": str(trip.qty),
        "entry": str(trip.entry),
        "exit": str(trip.exit),
        "net": str(trip.net),
        "fees": str(trip.fees),
        "settle": trip.settle,
        "r": one.r,
        "why_in": trip.why_in,
        "why_out": trip.why_out,
    }
