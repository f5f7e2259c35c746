"""How late the messages of a recording came: exchange time against the recorder's clock.

A tape is stamped with the instant at which its recorder learned a thing: market data is late on it already.
Orders and answers travel the same way: a simulation gives them the delays that were measured there.
"""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from cockpit.adapters.store.tape import read
from cockpit.core.errors import TapeError
from cockpit.core.events import BookDelta, BookSnapshot, Touch, Trade

MOST = 20_000
"""Rows of a latency file: evenly taken from a longer recording."""


class Delays(msgspec.Struct, frozen=True):
    """One delay a message, in ms, in the order of the recording."""

    values: tuple[int, ...]
    shift: int
    """Added to each, because the recorder's clock was behind the exchange's by so much."""


def delays(tape: Path) -> Delays:
    """Measure every trade and book message. Raises TapeError when there is none with an exchange time."""
    found = [
        event.ts - event.venue_ts
        for event in read(tape)
        if isinstance(event, Trade | BookDelta | BookSnapshot | Touch) and event.venue_ts
    ]
    if not any(found):
        raise TapeError(f"{tape} holds no message that says both when it was sent and when it came")
    shift = max(0, -min(found))
    return Delays(tuple(value + shift for value in found), shift)


def write(found: Delays, path: Path) -> int:
    """The rows as ``venue.latency_file`` reads them; returns how many. Raises TapeError."""
    step = max(1, -(-len(found.values) // MOST))
    rows = found.values[::step]
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("order_ms", "report_ms"))
            writer.writerows((value, value) for value in rows)
    except FileExistsError as error:
        raise TapeError(f"{path} exists already") from error
    except OSError as error:
        raise TapeError(f"{path} cannot be written: {error.strerror}") from error
    return len(rows)
