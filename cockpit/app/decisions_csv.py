"""Every decision of a journal as a table: a row for each wish, each rule's word, each request, each note."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, TextIO

from cockpit.core.intents import Outcome

COLUMNS = ("seq", "ts", "cause", "what", "sleeve", "symbol", "cid", "side", "qty", "price", "reason", "more")
"""``ts`` UTC ms; ``more``: the fields that have no column of their own, as JSON."""
REASONS = ("reason", "message", "tag")
SIZES = ("qty", "target")


class Table:
    """Writes outcomes to a text file opened with ``newline=""``."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(COLUMNS)

    def add(self, outcome: Outcome) -> None:
        """All rows of one outcome, in the order in which it came about."""
        from cockpit.app.replay import plain

        for what, fields in _parts(plain(outcome)):
            more = dict(fields)
            cells = [
                outcome.seq,
                outcome.ts,
                outcome.cause,
                more.pop("action", what) if what == "request" else what,
                more.pop("sleeve", ""),
                more.pop("symbol", ""),
                more.pop("cid", ""),
                more.pop("side", ""),
                _first(more, SIZES),
                more.pop("price", ""),
                _first(more, REASONS),
            ]
            self._writer.writerow([*map(_safe, cells), json.dumps(more, default=str) if more else ""])


def _parts(outcome: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    names = {"intents": "wish", "verdicts": "rule", "actions": "request", "notes": "note"}
    for key, what in names.items():
        for fields in outcome.get(key, ()):
            yield what, fields


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these that is there, taken out."""
    return next((fields.pop(name) for name in names if name in fields), "")


def _safe(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as a text; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "@", "\t", "\r") else cell
