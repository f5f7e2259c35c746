"""Recorded answers of OKX's GET /public/instruments: the contract terms of their day."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.adapters.importers.instruments import from_okx
from cockpit.adapters.importers.sink import Sink
from cockpit.adapters.importers.source import Source
from cockpit.core.errors import TapeError
from cockpit.core.registry import importer
from cockpit.core.unreadable import UNREADABLE


class Answer(msgspec.Struct):
    """The envelope of OKX's REST answers."""

    code: str
    data: list[dict[str, Any]]


def matches(source: Source) -> bool:
    """Answers whose rows are instruments."""
    rows = [
        row
        for _, message in source.head
        if isinstance(message, dict) and "code" in message and isinstance(message.get("data"), list)
        for row in message["data"]
    ]
    return bool(rows) and all(isinstance(row, dict) and "tickSz" in row for row in rows)


@importer("okx_instruments", matches=matches, definitions=True)
def load(source: Source, sink: Sink) -> int:
    """Definitions only; options are passed over."""
    count = 0
    for number, line in source.lines():
        try:
            answer = msgspec.json.decode(line.msg, type=Answer)
        except UNREADABLE as error:
            raise TapeError(f"{source.path}: line {number}: {error}") from error
        for row in answer.data:
            instrument = from_okx(row)
            count += 1
            if instrument is not None:
                sink.define(instrument)
    return count
