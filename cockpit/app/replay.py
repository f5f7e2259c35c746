"""A journal through the engine again: the same facts must lead to the same decisions, to the bit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.schema import store_error
from cockpit.app import compose, settings
from cockpit.app.versions import Foundry
from cockpit.core import memory
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.errors import StoreError
from cockpit.core.events import Boot
from cockpit.core.intents import OUTCOME_ENCODER, Outcome
from cockpit.core.turn import NOTHING


class Replayed(msgspec.Struct):
    """What a replay found."""

    journal: str
    mode: str
    rows: int
    """Rows whose hash chain holds."""
    boots: int = 0
    """Processes that wrote the journal."""
    events: int = 0
    outcomes: int = 0
    """Decisions that were recorded."""
    differing: int = 0
    """Decisions taken otherwise now; 0 = the same stream."""
    first_difference: int = 0
    """Sequence number of the first of them."""
    digest: str = ""
    """sha256 over all decisions of the replay."""
    foreign_settings: int = 0
    """Boots whose settings are not kept beside the journal: the ones in force now were used."""


def replay(path: Path, fallback: Config, see: Callable[[Outcome], None] | None = None) -> Replayed:
    """Step through every fact of the journal at ``path`` and compare what is decided with what was.

    ``see`` gets every decision of the replay. Raises StoreError when the journal cannot be read, was
    changed, or holds no state of this build to begin with; PluginError when a strategy of it is gone.
    """
    if path.is_dir():
        path = path / "cockpit.db"
    try:
        with JournalFile(path) as journal:
            return _replayed(journal, fallback, see)
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def _replayed(journal: JournalFile, fallback: Config, see: Callable[[Outcome], None] | None) -> Replayed:
    found = Replayed(str(journal.path), journal.mode, journal.verify())
    engine = _opening(journal, fallback)
    recorded = journal.outcomes()
    expected = next(recorded, None)
    changes = journal.changes()
    for seq, event in journal.events():
        if isinstance(event, Boot):
            if engine.state.seq in changes:
                decided = engine.state.digest
                engine = _thawed(changes[engine.state.seq], journal, fallback)
                engine.state.digest = decided
            _adopt_settings(engine, event, journal.path.parent, fallback, found)
        outcome = engine.step(event)
        found.events += 1
        if engine.state.seq != seq:
            raise StoreError(f"the journal misses fact {engine.state.seq}: its next is {seq}")
        if see is not None and outcome is not NOTHING:
            see(outcome)
        expected = _compare(found, seq, outcome, expected, recorded)
    if expected is not None:
        _differs(found, expected.seq)
    found.digest = engine.digest
    return found


def plain(value: Any) -> Any:
    """A decision as tables and lists, with the names of its fields; what is empty is left out."""
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        named = {"action": tag} if tag is not None else {}
        rows = {field: plain(getattr(value, field)) for field in value.__struct_fields__}
        return named | {field: row for field, row in rows.items() if row not in (None, "", [], {})}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def _opening(journal: JournalFile, config: Config) -> Engine:
    raw = journal.opening()
    if raw is None:
        raise StoreError(f"{journal.path} does not hold the state before its first fact: too old to replay")
    return _thawed(raw, journal, config)


def _thawed(raw: bytes, journal: JournalFile, config: Config) -> Engine:
    try:
        kept = memory.read(raw)
        return compose.remembered(kept, config, compose.seated(kept), Foundry(config))
    except msgspec.ValidationError as error:
        raise StoreError(f"{journal.path} was written by another build: {error}") from error


def _adopt_settings(engine: Engine, boot: Boot, folder: Path, fallback: Config, found: Replayed) -> None:
    """Every process decided under its own limits."""
    found.boots += 1
    config = settings.kept(boot.config_digest, folder)
    if config is None and settings.digest(fallback) != boot.config_digest:
        found.foreign_settings += 1
    compose.govern(engine, config or fallback)


def _compare(
    found: Replayed, seq: int, outcome: Outcome, expected: Outcome | None, recorded: Iterator[Outcome]
) -> Outcome | None:
    """Hold one decision against the record; returns the next recorded one."""
    if expected is not None and expected.seq == seq:
        found.outcomes += 1
        if OUTCOME_ENCODER.encode(outcome) != OUTCOME_ENCODER.encode(expected):
            _differs(found, seq)
        return next(recorded, None)
    if outcome is not NOTHING:
        _differs(found, seq)
    return expected


def _differs(found: Replayed, seq: int) -> None:
    found.differing += 1
    found.first_difference = found.first_difference or seq
