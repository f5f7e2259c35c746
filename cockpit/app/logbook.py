"""``cockpit.log`` beside the journal: what a person would want to read afterwards, in words.

The journal is the record; this is its readable shadow. Only catalogue texts and engine notes reach it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from cockpit.core.events import AnyEvent
from cockpit.core.frames import EventRow
from cockpit.core.intents import Outcome
from cockpit.text import safe_text, tr

LEVELS = {"info": logging.INFO, "good": logging.INFO, "warn": logging.WARNING, "alarm": logging.ERROR}
LARGEST = 5_000_000
KEPT = 3


class Logbook:
    """Writes the notes of each Outcome at the configured level; rotates, so it cannot fill the disk."""

    def __init__(self, folder: Path, level: str, lang: str = "en") -> None:
        self._lang = lang
        self._logger = logging.Logger("cockpit", level)
        handler = RotatingFileHandler(
            folder / "cockpit.log", maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8"
        )
        handler.setFormatter(_Utc("%(asctime)s %(levelname)s %(message)s"))
        self._logger.addHandler(handler)

    def watched(self, observe: Callable[[AnyEvent, Outcome], None]) -> Callable[[AnyEvent, Outcome], None]:
        """``observe`` with the notes of the outcome written as well."""

        def both(event: AnyEvent, outcome: Outcome) -> None:
            observe(event, outcome)
            if outcome.notes or outcome.verdicts:
                self.outcome(outcome)

        return both

    def line(self, row: EventRow) -> None:
        """News that no decision of the engine brought."""
        text = safe_text(tr(row.message, self._lang, **row.args))
        self._logger.log(LEVELS.get(row.level, logging.INFO), "%s", text)

    def outcome(self, outcome: Outcome) -> None:
        """One line a note, one a verdict."""
        for note in outcome.notes:
            text = tr(note.message, self._lang, **note.args)
            self._logger.log(LEVELS.get(note.level, logging.INFO), "#%d %s", outcome.seq, safe_text(text))
        for verdict in outcome.verdicts:
            self._logger.info(
                "#%d %s %s %s: %s -> %s (%s)",
                outcome.seq,
                verdict.sleeve,
                verdict.rule,
                verdict.action,
                verdict.before,
                verdict.after,
                safe_text(verdict.reason),
            )

    def close(self) -> None:
        for handler in list(self._logger.handlers):
            handler.close()
            self._logger.removeHandler(handler)


class _Utc(logging.Formatter):
    """ISO-8601, UTC, milliseconds."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    converter = staticmethod(time.gmtime)
