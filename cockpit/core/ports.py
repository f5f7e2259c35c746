"""What the machine needs from outside, as Protocols of at most five methods each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cockpit.core.events import AnyEvent
from cockpit.core.intents import Action, Outcome


class Clock(Protocol):
    """Wall time. The core never sees it; workers stamp events with it."""

    def now_ms(self) -> int:
        """UTC milliseconds."""


class Venue(Protocol):
    """An exchange account as the execution worker sees it.

    Answers travel as events through the feed (acks, fills, cancels); the return of ``submit`` is only
    whether the request was delivered.
    """

    name: str

    async def submit(self, action: Action) -> None:
        """Deliver one request. Raises Transient (surely not done) or Ambiguous (perhaps done)."""

    async def close(self) -> None: ...


class Feed(Protocol):
    """A source of events, in the order in which we learn them."""

    async def take(self) -> Sequence[AnyEvent]:
        """The next batch; waits for at least one. An empty batch means the source has ended."""

    async def close(self) -> None: ...




class Store(Protocol):
    """The journal. One writer; a commit is durable when ``commit`` returns."""

    async def commit(
        self, events: Sequence[tuple[int, AnyEvent]], outcomes: Sequence[Outcome]
    ) -> None:
        """Append (seq, event) facts and outcomes in one transaction."""

    async def snapshot(self, seq: int, state: bytes) -> None:
        """Remember the folded state as of ``seq``."""

    async def close(self) -> None: ...
