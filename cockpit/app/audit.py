"""What is asked about the journal, over the door or of a closed file: bounded pages, newest first.

A question reads one passage at a time and says where it stopped, so that the journal's writer, and with it
every order, waits for a few milliseconds at most, however much there is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.adapters.store import journal_read as read
from cockpit.app import explain
from cockpit.core.audit import FACTS, AuditRow, Wanted, rows_of, wanted
from cockpit.core.events import AnyEvent
from cockpit.core.frames import Answer

NEWEST = 1 << 62
MOST_ROWS = 400
"""Rows of one answer."""
ASKEW = 2_000
"""ms: the times of neighbouring facts may be so far out of order."""


class Page(msgspec.Struct, frozen=True):
    """Some rows, the newest first, and where to ask on."""

    rows: list[AuditRow]
    before: int
    """Ask for what is below this number next."""
    done: bool
    """There is nothing below it that could match."""


def page(
    connection: sqlite3.Connection, ask: Wanted, before: int, after: int, owners: Mapping[str, str]
) -> Page:
    """The rows of one passage below ``before`` and above ``after`` that ``ask`` wants."""
    if before >= NEWEST and ask.until:
        before = read.seq_at(connection, ask.until + ASKEW) + 2
    passage = read.read_passage(connection, before, FACTS)
    rows: list[AuditRow] = []
    oldest = 0
    for seq in sorted({*passage.facts, *passage.outcomes}, reverse=True):
        if seq <= after:
            return Page(rows, seq, True)
        step = rows_of(seq, passage.facts.get(seq), passage.outcomes.get(seq), owners)
        rows += [row for row in reversed(step) if ask.matches(row)]
        oldest = step[0].ts if step else oldest
        if len(rows) >= MOST_ROWS:
            return Page(rows, seq, False)
        if ask.since and oldest and oldest < ask.since - ASKEW:
            return Page(rows, seq, True)
    return Page(rows, passage.floor, not passage.floor)


def answered(found: Page) -> dict[str, Any]:
    """A page for the wire."""
    return {"rows": found.rows, "before": found.before, "done": found.done}


class Asked(msgspec.Struct, frozen=True):
    """A question about pages of the journal, read from the words of a command."""

    what: Wanted
    before: int
    after: int


def asked(args: Mapping[str, str]) -> Asked:
    """Raises ValueError for words that are no numbers."""
    return Asked(wanted(args), int(args.get("before") or NEWEST), int(args.get("after") or 0))


def step_of(connection: sqlite3.Connection, seq: int, owners: Mapping[str, str]) -> dict[str, Any] | None:
    """One step of the machine: what it heard, and everything that came of it; None when nothing did."""
    event: AnyEvent | None = read.read_event(connection, seq)
    outcome = read.read_outcome(connection, seq)
    if event is None and outcome is None:
        return None
    return {
        "seq": seq,
        "ts": event.ts if event is not None else 0,
        "event": "" if event is None else explain.event_words(event),
        "rows": rows_of(seq, event, outcome, owners),
    }


def unknown(command_id: str, args: Mapping[str, str]) -> Answer:
    """Nobody knows that order, or that step."""
    return Answer(command_id, False, "command.no_order", {"cid": args.get("cid", args.get("seq", ""))})
