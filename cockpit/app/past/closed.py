"""A screen on a journal alone: only the past, nothing to command."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cockpit.adapters.store import journal_read as read
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.schema import holder, store_error
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app import audit, explain
from cockpit.core.errors import CockpitError
from cockpit.core.frames import Answer, Frame

Asked = Callable[[str, dict[str, str]], Answer]


def asker(journal: Path, stack: ExitStack) -> Asked:
    """What answers questions about this journal: the file, or the cockpit that writes it."""
    if holder(journal) is not None:
        door = stack.enter_context(SyncDoor(door_path(journal.parent), name="replay"))
        return lambda verb, args: door.ask(verb, args)
    file = stack.enter_context(JournalFile(journal))
    owners = file.ask(read.read_owners)

    def of_file(verb: str, args: dict[str, str]) -> Answer:
        payload: dict[str, Any] | None
        try:
            if verb == "audit":
                ask = audit.asked(args)
                payload = audit.answered(file.ask(audit.page, ask.what, ask.before, ask.after, owners))
            elif "seq" in args:
                payload = file.ask(audit.step_of, int(args["seq"]), owners)
            else:
                payload = file.ask(explain.whole, args.get("cid", ""))
        except sqlite3.Error as error:
            raise store_error(error, journal) from error
        return Answer("", True, "answer.audit", {}, payload) if payload else audit.unknown("", args)

    return of_file


class ClosedLink:
    """No engine: questions about the journal are answered, everything else is refused."""

    driver = False
    lost = 0.0
    hurried = False
    closing_stops_engine = False

    def __init__(self, ask: Asked) -> None:
        self._ask = ask
        self._answers: deque[Answer] = deque()
        self._count = 0

    def on_order(self, knock: Callable[[], None]) -> None:
        """Nothing trades here."""

    def latest(self) -> Frame | None:
        return None

    def send(self, verb: str, args: dict[str, str]) -> str:
        """Answered by the next look at the answers."""
        self._count += 1
        command_id = f"replay-{self._count}"
        if verb not in ("audit", "explain"):
            answer = Answer(command_id, False, "past.no_engine")
        else:
            try:
                found = self._ask(verb, args)
                answer = Answer(command_id, found.ok, found.message, found.args, found.payload)
            except CockpitError as error:
                answer = Answer(command_id, False, "door.failed", {"verb": verb, "reason": str(error)})
        self._answers.append(answer)
        return command_id

    def answers(self) -> list[Answer]:
        taken = list(self._answers)
        self._answers.clear()
        return taken
