"""The kernel's loop: take facts, step, journal, hand the decisions on.

Journal before effect: a fact is queued for the journal in the same breath in which it is stepped, and an
order waits for the commit that holds it. The loop itself never waits for the disk. While nothing else waits,
a market event is stepped within the callback that brought it (``Inbox.serve``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter_ns
from typing import Protocol

from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.errors import StoreError
from cockpit.core.intents import Action, Outcome
from cockpit.core.orders import Order
from cockpit.core.ports import EquityPoint, Store
from cockpit.core.profit import equity_point
from cockpit.core.turn import NOTHING
from cockpit.workers.execution import Chaos, Execution, nothing_happens
from cockpit.workers.inbox import AT_ONCE_NS, HALTS, Inbox
from cockpit.workers.kill import KillFlag

Observe = Callable[[ev.AnyEvent, Outcome], None]
YIELD_EVERY = 600
"""Events after which other tasks get a turn even when the source never waits."""


class Source(Protocol):
    """A Feed that also says whether time stands still until our answers have been delivered."""

    lockstep: bool

    async def take(self) -> Sequence[ev.AnyEvent]: ...


class Kernel:
    """One engine, one journal, one source."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        source: Source,
        execution: Execution,
        kill: KillFlag,
        *,
        observe: Observe | None = None,
        freeze: Callable[[], bytes] | None = None,
        snapshot_every: int = 50_000,
        folded: int = 0,
        equity_every: int = 60_000,
        chaos: Chaos = nothing_happens,
    ) -> None:
        self.engine = engine
        self.store = store
        self.source = source
        self.execution = execution
        self.kill = kill
        self.observe = observe
        self.freeze = freeze
        self.snapshot_every = snapshot_every
        self.equity_every = equity_every
        self.chaos = chaos
        self.events = 0
        self.outcomes = 0
        self.step_ns = 0
        self.stepping = False
        """At work on facts just now; read by the thread that paints."""
        self.on_order: Callable[[], None] = _nobody
        """Hears of a decision before the journal does."""
        self.snapshots = 0
        self.snapshots_failed = 0
        self.finished = asyncio.Event()
        self._expected: dict[str, asyncio.Future[None]] = {}
        """Who waits for a command to be durable, by command id."""
        self._equity_due = 0
        # ``folded``: facts since the newest snapshot, which this start had to repeat. A process that dies
        # young, again and again, must not leave ever more of them to the next.
        self._snapshot_due = engine.state.seq + snapshot_every - folded

    async def run(self) -> None:
        """Until the source ends."""
        since_yield = 0
        if isinstance(self.source, Inbox):
            self.source.serve(self._at_once)
        try:
            while batch := await self.source.take():
                actions = self._batch(batch)
                if actions and self.source.lockstep:
                    await self.execution.idle()
                since_yield += len(batch)
                if since_yield >= YIELD_EVERY:
                    since_yield = 0
                    await asyncio.sleep(0)
                if self.freeze is not None and self.engine.state.seq >= self._snapshot_due:
                    await self._try_snapshot()
        finally:
            if isinstance(self.source, Inbox):
                self.source.serve(None)
            self.finished.set()

    async def snapshot(self) -> None:
        """Remember the whole fold, so that the next start need not begin at the beginning."""
        if self.freeze is not None:
            self._snapshot_due = self.engine.state.seq + self.snapshot_every
            await self.store.snapshot(self.engine.state.seq, self.freeze())
            self.snapshots += 1

    async def _try_snapshot(self) -> None:
        """A snapshot is only a short cut: a full disk must not take the cockpit away from open positions."""
        try:
            await self.snapshot()
        except StoreError:
            self.snapshots_failed += 1

    def expect(self, command_id: str) -> asyncio.Future[None]:
        """Done when the command has been obeyed and is in the journal; StoreError when it cannot be kept."""
        known = self._expected.get(command_id)
        if known is None:
            known = self._expected[command_id] = asyncio.get_running_loop().create_future()
        return known

    def _batch(self, batch: Sequence[ev.AnyEvent]) -> bool:
        # Handed over as one, market data too: the journal may write at any instant what it has been given,
        # and a row without those before it would be a hole that no later start gets past.
        rows: list[tuple[int, ev.AnyEvent]] = []
        told = False
        outcomes: list[Outcome] = []
        self.stepping = True
        begin = perf_counter_ns()
        step, state, observe = self.engine.step, self.engine.state, self.observe
        for event in batch:
            outcome = step(event)
            rows.append((state.seq, event))
            told = told or event.__class__ not in ev.MARKET
            if event.__class__ is ev.Command:
                self._heed(event, outcome)
            if outcome is not NOTHING:
                outcomes.append(outcome)
            if observe is not None:
                observe(event, outcome)
        self.step_ns = (perf_counter_ns() - begin) // max(1, len(batch))
        self.events += len(batch)
        self.outcomes += len(outcomes)
        self.chaos("step.after")
        acts = False
        if told or outcomes:
            acts = self._journal(rows, outcomes)
        else:
            for seq, event in rows:
                self.store.append_market(seq, event)
        self.stepping = False
        return acts

    def _at_once(self, event: ev.AnyEvent) -> int:
        """``_batch`` for one market event, without the task's turn; ns that it took."""
        self.stepping = True
        begin = perf_counter_ns()
        outcome = self.engine.step(event)
        self.step_ns = perf_counter_ns() - begin
        self.events += 1
        self.chaos("step.after")
        if outcome is NOTHING:
            self.store.append_market(self.engine.state.seq, event)
        else:
            self.outcomes += 1
            self._journal(((self.engine.state.seq, event),), (outcome,))
        self.stepping = False
        if self.observe is not None:  # behind the journal: an order waits for that, the screen for nobody
            self.observe(event, outcome)
        due = self.freeze is not None and self.engine.state.seq >= self._snapshot_due
        return AT_ONCE_NS if due else perf_counter_ns() - begin  # then the next one wakes the task

    def _heed(self, command: ev.AnyEvent, outcome: Outcome) -> None:
        """The flag at the wire follows what the engine made of a command, not what was asked of it."""
        assert isinstance(command, ev.Command)
        if command.verb in HALTS and self.engine.state.halt is not None:
            self.kill.heard()
        elif any(note.message == "resume.done" for note in outcome.notes):
            self.kill.lift()

    def _journal(self, facts: Sequence[tuple[int, ev.AnyEvent]], outcomes: Sequence[Outcome]) -> bool:
        actions = [action for outcome in outcomes for action in outcome.actions]
        if actions:
            self.on_order()
        commands = [fact for _, fact in facts if isinstance(fact, ev.Command)]
        # A failed commit is repeated by the next one; whoever needs it durable hears of it from the future.
        durable = self.store.append(
            facts,
            outcomes,
            self._changed(facts, actions),
            self._sample(),
            label="commit",
            now=bool(actions or commands),
        )
        commit: asyncio.Future[None] = asyncio.ensure_future(durable)
        for command in commands:
            if command.command_id in self._expected:
                commit.add_done_callback(partial(_tell, self._expected.pop(command.command_id)))
        if commands and actions:
            commit = asyncio.shield(commit)  # orders that are given up take no command's answer with them
        for action in actions:
            self.execution.put(action, commit)
        return bool(actions)

    def _changed(self, facts: Sequence[tuple[int, ev.AnyEvent]], actions: Sequence[Action]) -> list[Order]:
        """Orders whose rows this commit must bring up to date."""
        cids = [cid for _, fact in facts if (cid := getattr(fact, "cid", ""))]
        cids += [cid for action in actions if (cid := getattr(action, "cid", ""))]
        if len(cids) > 1:
            cids = list(dict.fromkeys(cids))
        order = self.engine.state.order
        return [found for cid in cids if (found := order(cid)) is not None]

    def _sample(self) -> Sequence[EquityPoint]:
        """One point of the equity curve a minute of engine time."""
        state = self.engine.state
        if state.now < self._equity_due:
            return ()
        self._equity_due = state.now - state.now % self.equity_every + self.equity_every
        return (equity_point(state),)


def _nobody() -> None:
    """Nobody stands in an order's way."""


def _tell(waiting: asyncio.Future[None], commit: asyncio.Future[None]) -> None:
    """Pass the fate of a commit on to whoever asked for it."""
    if waiting.done():
        return
    error = None if commit.cancelled() else commit.exception()
    if commit.cancelled():
        waiting.cancel()
    elif error is None:
        waiting.set_result(None)
    else:
        waiting.set_exception(error)
        waiting.exception()
