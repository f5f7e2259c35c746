"""The scratch pad of one step: what has been noticed and decided so far. Becomes an Outcome."""

from __future__ import annotations

from cockpit.core.intents import Action, Amend, Intent, Note, Outcome, Place, Verdict
from cockpit.core.types import SleeveId

NOTHING = Outcome(0, 0, "")
"""Returned when an event led to nothing; makes no record."""


DURABLE = (Place, Amend)


class Turn:
    """Collects one event's consequences in order."""

    __slots__ = ("actions", "intents", "notes", "touched", "verdicts")

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.verdicts: list[Verdict] = []
        self.actions: list[Action] = []
        self.notes: list[Note] = []
        self.touched: dict[SleeveId, None] = {}
        """Sleeves whose situation changed: they are decided again before the step ends."""

    def note(self, level: str, message: str, about: SleeveId = "", /, **args: object) -> None:
        """Something a person should know; ``message`` is a catalogue id."""
        self.notes.append(Note(level, message, {k: str(v) for k, v in args.items()}, about))

    @property
    def empty(self) -> bool:
        """Nothing was noticed or decided: it makes no record."""
        return not (self.actions or self.notes or self.intents or self.verdicts)

    def touch(self, sleeve: SleeveId) -> None:
        self.touched[sleeve] = None

    def outcome(self, seq: int, ts: int, cause: str) -> Outcome:
        """The immutable record, or ``NOTHING``."""
        if self.empty:
            return NOTHING
        return Outcome(
            seq,
            ts,
            cause,
            tuple(self.intents),
            tuple(self.verdicts),
            tuple(sorted(self.actions, key=_leaves_last) if len(self.actions) > 1 else self.actions),
            tuple(self.notes),
        )


def _leaves_last(action: Action) -> bool:
    """Cancels and questions go first: they need no durable record and must never wait for one."""
    return isinstance(action, DURABLE)
