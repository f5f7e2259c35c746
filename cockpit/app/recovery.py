"""Restart = newest snapshot + fold of the journal (+ reconciliation, which the engine does itself).

The fold runs the same ``step`` over the recorded facts, with the sleeves of then, and throws the actions
away: they were sent then, or will be asked about. What it decides is compared with what was recorded, and
where it differs the orders are those of then. An order that the journal knows and the fold does not is
adopted as UNKNOWN, so that the venue is asked about it. The journal knows an order by its row or, where the
process died before that was written, by the recorded decision to place it. Sleeves that the settings name
since join, and those that they name no longer leave, when the fold is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Set
from contextlib import aclosing

import msgspec

from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app import compose, settings, terms
from cockpit.app.market import RunSource
from cockpit.app.versions import Foundry
from cockpit.core import drafting, memory
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Boot
from cockpit.core.intents import OUTCOME_ENCODER, Outcome, Place
from cockpit.core.orders import Order, OrderState
from cockpit.core.state import State
from cockpit.core.turn import NOTHING

__all__ = ["NOTHING", "Fold", "recover"]


class Fold(msgspec.Struct):
    """How the journal became an engine again."""

    snapshot: int = 0
    events: int = 0
    outcomes: int = 0
    differing: int = 0
    """Recorded decisions that this build would not take the same way."""
    adopted: int = 0
    """Orders that only the journal's table or its decisions knew."""
    fresh: Set[str] = frozenset()
    """Markets of the feed that the snapshot did not know."""
    mended: int = 0
    """Rows of orders that were missing or not up to date."""


async def recover(store: SqliteStore, config: Config, mode: str, source: RunSource) -> tuple[Engine, Fold]:
    """The engine as it stood at the last durable fact. A fresh journal gives a fresh engine."""
    sleeves = compose.cast(source.sleeves, source.instruments, source.frames)
    foundry = Foundry(config)
    fold = Fold()
    engine: Engine | None = None
    snapshot = await store.latest_snapshot()
    if snapshot is not None:
        try:
            kept = memory.read(snapshot[1])
            engine = compose.remembered(kept, config, compose.seated(kept, strict=False), foundry)
            fold.snapshot = snapshot[0]
        except msgspec.ValidationError:
            # Written by another build: the facts are the truth, the snapshot only a shortcut.
            engine = None
    if engine is None:
        engine = compose.fresh(config, mode, source.instruments, sleeves)
        engine.foundry = foundry
        source.warm_up(engine)
    placed: dict[str, Order] = {}
    async with (
        aclosing(store.outcomes(fold.snapshot)) as recorded,
        aclosing(store.facts(fold.snapshot)) as facts,
    ):
        await _repeat(
            engine,
            facts,
            _noting(recorded, placed),
            fold,
            lambda digest: settings.kept(digest, store.path.parent) or config,
        )
    changed = terms.settled(engine.state, config, store.path.parent)
    if changed or compose.moved_on(engine, sleeves, source.instruments):
        # Only now: what was decided before can only be repeated by those who decided it (their orders share
        # one row of client ids). The next start folds from here, with those of today.
        fold.fresh = source.instruments.keys() - engine.state.instruments.keys()
        kept = memory.read(memory.freeze(engine))
        engine = compose.remembered(kept, config, sleeves, foundry, source.instruments)
        changed = True
    compose.govern(engine, config)
    await _adopt(store, engine, fold, placed)
    if changed or fold.adopted or fold.differing:
        # No fact tells of this: whoever repeats the journal later goes on from here with what is known now.
        with contextlib.suppress(StoreError):  # a full disk keeps no cockpit from its positions
            await store.snapshot(engine.state.seq, memory.freeze(engine), keep=True)
    settings.keep(config, store.path.parent)
    if not fold.snapshot and not fold.events:
        # What the engine is before its first fact: with it a restart folds, and `cockpit replay` repeats,
        # from the same point, warm indicators included.
        await store.snapshot(0, memory.freeze(engine))
    return engine, fold


async def _repeat(
    engine: Engine,
    facts: AsyncIterator[tuple[int, AnyEvent]],
    recorded: AsyncIterator[Outcome],
    fold: Fold,
    limits: Callable[[str], Config],
) -> None:
    """Step through what was told, and compare what is decided with what was. Raises StoreError at a hole."""
    expected = await anext(recorded, None)
    async for seq, event in facts:
        if isinstance(event, Boot):
            # Every process decided under its own limits.
            compose.govern(engine, limits(event.config_digest))
        number = engine.state.next_order
        outcome = engine.step(event)
        fold.events += 1
        if engine.state.seq != seq:
            raise StoreError(f"the journal misses fact {engine.state.seq}: its next is {seq}")
        while expected is not None and expected.seq < seq:
            fold.differing += 1
            expected = await anext(recorded, None)
        if expected is not None and expected.seq == seq:
            fold.outcomes += 1
            if OUTCOME_ENCODER.encode(outcome) != OUTCOME_ENCODER.encode(expected):
                fold.differing += 1
                _as_recorded(engine.state, outcome, expected, number)
            expected = await anext(recorded, None)
        elif outcome is not NOTHING:
            fold.differing += 1
            _as_recorded(engine.state, outcome, NOTHING, number)


def _as_recorded(state: State, again: Outcome, then: Outcome, number: int) -> None:
    """Another build (a strategy was mended after a crash) decides otherwise: what was sent is what was
    decided then. Those are the orders that the venue knows, and their numbers must mean them alone.
    """
    ours = {action.cid: action for action in again.actions if isinstance(action, Place)}
    sent = {action.cid: action for action in then.actions if isinstance(action, Place)}
    if ours == sent:
        return
    for cid, action in ours.items():
        if sent.get(cid) != action:
            state.orders.pop(cid, None)
    for cid, action in sent.items():
        if cid not in state.orders:
            state.orders[cid] = drafting.recorded(action, then.seq, then.ts)
    state.next_order = max([number, *(int(cid[-9:]) + 1 for cid in sent)])


async def _noting(recorded: AsyncIterator[Outcome], placed: dict[str, Order]) -> AsyncIterator[Outcome]:
    """The same outcomes; the orders that they placed are put into ``placed`` by client id."""
    async for outcome in recorded:
        for action in outcome.actions:
            if isinstance(action, Place):
                placed[action.cid] = drafting.recorded(action, outcome.seq, outcome.ts)
        yield outcome


async def _adopt(store: SqliteStore, engine: Engine, fold: Fold, placed: dict[str, Order]) -> None:
    """Ask about whatever only the journal knows."""
    state = engine.state
    rows = {order.cid: order for order in await store.orders()}
    for order in (placed | rows).values():
        if order.open and state.order(order.cid) is None:
            adopted = msgspec.structs.replace(order, state=OrderState.UNKNOWN)
            state.orders[order.cid] = adopted
            state.next_order = max(state.next_order, int(order.cid[-9:]) + 1)
            fold.adopted += 1
    _mend(store, engine, fold, rows)


def _mend(store: SqliteStore, engine: Engine, fold: Fold, rows: dict[str, Order]) -> None:
    """Bring the table up to date with what is known. A disk that takes nothing just now keeps no cockpit
    from its positions: the rows then go with the next commit."""
    state = engine.state
    behind = [order for cid, order in (state.recent | state.orders).items() if rows.get(cid) != order]
    fold.mended = len(behind)
    if behind:
        store.append((), (), behind, now=False)
