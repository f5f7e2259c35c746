"""The backtest loop: the same engine, the same venue, no clock, no disk.

It is the reference for every other way to run: the daemon over the same tape and the replay of its journal
must give the same digest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.intents import Action, Outcome
from cockpit.core.turn import NOTHING


class World(Protocol):
    """Tape, venue and the way between us and it, merged in time order."""

    def next(self, deadline: int = 0) -> ev.AnyEvent | None: ...

    def submit(self, action: Action, ts: int) -> None: ...

    def peek_ts(self) -> int | None: ...


class Clock(Protocol):
    """Something that looks at the state at instants of its own choice."""

    @property
    def due(self) -> int: ...

    def before(self, ts: int) -> int: ...


NEVER = 1 << 62


class Run(msgspec.Struct, frozen=True):
    """What one run was."""

    events: int
    outcomes: int
    digest: str


def boot(world: World, mode: str, version: str, digest: str, number: int = 1) -> ev.Boot:
    """The first fact of a run over ``world``, stamped with its first instant."""
    return ev.Boot(world.peek_ts() or 0, number, mode, version, digest)


def run(
    engine: Engine,
    world: World,
    first: ev.AnyEvent,
    observe: Callable[[ev.AnyEvent, Outcome], None] | None = None,
    clock: Clock | None = None,
) -> Run:
    """Step until the tape is over and nothing is in flight.

    ``observe`` is told every fact after its step; ``clock`` is asked before the first fact later than its
    ``due``, when everything up to there is known.
    """
    step, state = engine.step, engine.state
    events = outcomes = 0
    event: ev.AnyEvent | None = first
    due = NEVER if clock is None else clock.due
    while event is not None:
        if event.ts > due and clock is not None:
            due = clock.before(event.ts)
        outcome = step(event)
        events += 1
        if observe is not None:
            observe(event, outcome)
        if outcome is not NOTHING:
            outcomes += 1
            for action in outcome.actions:
                world.submit(action, state.now)
        event = world.next(engine.deadline)
    return Run(events, outcomes, engine.digest)
