"""The readable tables of strategy versions: written from the outcomes, in the transaction that holds them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from cockpit.core.intents import Outcome
from cockpit.core.release.records import CHANGES, MADE

INSERT_VERSION = (
    "INSERT OR IGNORE INTO strategy_versions (id, strategy, symbols, timeframe, params, stops, share, code,"
    " origin, parent, passport, stage, since, created, created_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
LINE = ("ts", "word", "before", "after", "who", "why")
INSERT_CHANGE = "INSERT OR IGNORE INTO version_history VALUES (?,?,?,?,?,?,?,?,?)"


def keep_versions(connection: sqlite3.Connection, outcome: Outcome) -> None:
    """What an outcome says of versions: a new one, or a line of a history and the stage that follows."""
    for line, note in enumerate(outcome.notes):
        if not note.message.startswith("release."):
            continue
        word = note.message.partition(".")[2]
        if note.message == MADE:
            connection.execute(INSERT_VERSION, _row(outcome, note.args))
        elif word in CHANGES:
            told = note.args
            row = (told["version"], word, told["before"], told["after"], told["who"], told["why"])
            connection.execute(INSERT_CHANGE, (outcome.seq, line, outcome.ts, *row))
            if CHANGES[word]:
                connection.execute(
                    "UPDATE strategy_versions SET stage = ?, since = ? WHERE id = ?",
                    (told["after"], outcome.ts, told["version"]),
                )
            if told.get("passport"):
                connection.execute(
                    "UPDATE strategy_versions SET passport = ? WHERE id = ?",
                    (told["passport"], told["version"]),
                )


def _row(outcome: Outcome, told: Mapping[str, str]) -> tuple[object, ...]:
    make: dict[str, Any] = json.loads(told["make"])

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    return (
        told["version"], make["strategy"], "+".join(make["symbols"]), make["timeframe"], text(make["params"]),
        text(make["stops"]), make["share"], make["code"], told["origin"], told["parent"], told["passport"],
        told["stage"], outcome.ts, outcome.ts, told["who"],
    )  # fmt: skip


def read_versions(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every version with its history, oldest first."""
    cursor = connection.execute("SELECT * FROM strategy_versions ORDER BY created, id")
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor.fetchall():
        version = dict(zip(names, row, strict=True))
        version["params"], version["stops"] = json.loads(version["params"]), json.loads(version["stops"])
        lines = connection.execute(
            f"SELECT {', '.join(LINE)} FROM version_history WHERE version = ? ORDER BY seq, line",
            (version["id"],),
        )
        version["history"] = [dict(zip(LINE, line, strict=True)) for line in lines]
        found.append(version)
    return found
