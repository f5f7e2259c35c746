"""Where a past is read from: a journal that nobody writes, or the door of the cockpit that writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import Any

from cockpit.adapters.store import journal_raw as raw
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.journal_read import unpacked
from cockpit.adapters.store.schema import holder
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.core.errors import DoorError
from cockpit.core.events import AnyEvent, decode
from cockpit.core.intents import OUTCOME_DECODER, Outcome

Ask = Callable[[dict[str, str]], dict[str, Any]]
DOOR_S = 10.0


def opened(journal: Path, stack: ExitStack) -> Ask:
    """What reads pieces of this journal. Raises StoreError, DoorError, NotRunning."""
    if holder(journal) is not None:
        door = stack.enter_context(SyncDoor(door_path(journal.parent), name="replay", timeout=DOOR_S))

        def over_the_door(args: dict[str, str]) -> dict[str, Any]:
            answer = door.ask("journal", args)
            if not answer.ok or answer.payload is None:
                raise DoorError(f"the journal is not shown: {answer.message} {answer.args}")
            return answer.payload

        return over_the_door
    file = stack.enter_context(JournalFile(journal))
    return lambda args: file.ask(raw.piece, args)


class Source:
    """A journal in pieces, put together again."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def piece(self, what: str, **numbers: int) -> dict[str, Any]:
        """One piece by name."""
        return self._ask({"what": what, **{name: str(number) for name, number in numbers.items()}})

    def events(self, after: int) -> Iterator[tuple[int, AnyEvent]]:
        """Everything the engine was told behind ``after``, in its order, as far as it has been written."""
        while True:
            found = self.piece("events", after=after)
            horizon = int(found["horizon"])
            facts = ((int(seq), decode(body)) for seq, body in found["facts"])
            market = (row for body in found["chunks"] for row in unpacked(body))
            for seq, event in merge(facts, market, key=lambda row: row[0]):
                if after < seq <= horizon:
                    yield seq, event
            after = max(after, horizon)
            if found["done"]:
                return

    def told_before(self, seq: int, most: int) -> list[tuple[Outcome, AnyEvent | None]]:
        """Up to ``most`` decisions below ``seq`` with the fact that led to each, oldest first."""
        out: list[tuple[Outcome, AnyEvent | None]] = []
        while len(out) < most:
            rows = self.piece("passage", before=seq)["rows"]
            if not rows:
                break
            out += [
                (OUTCOME_DECODER.decode(body), None if fact is None else decode(fact))
                for _, body, fact in rows
            ]
            seq = int(rows[-1][0])
        return out[:most][::-1]
