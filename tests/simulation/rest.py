"""When a world is quiet: is the journal all there is to it, and does starting again change nothing?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal_read import read_orders
from cockpit.core import memory
from cockpit.core.engine import Engine
from tests.simulation import stage
from tests.simulation.truth import describe_truth

if TYPE_CHECKING:
    from tests.simulation.world import World

STILL = 20
"""Quiet seconds in a row that count as settled: longer than any periodic catch-up."""


def replayed(world: World) -> None:
    """The journal alone, from its first fact, gives the state in memory (I13)."""
    _same(world, stage.replayed)


def replayed_by_each(world: World) -> None:
    """The same in a world whose settings changed: each part of the journal by those who wrote it (I13)."""
    _same(world, lambda store, its: stage.replayed_by_each(store, its.config))


def _same(world: World, fold: Callable[[InlineStore, stage.Stage], Engine]) -> None:
    world.store._write("final")
    alone = fold(world.store, world.stage)
    if memory.freeze(alone) != memory.freeze(world.engine):
        world.checker.violate("I13", stage.difference(alone, world.engine))
    world._raise()


def tabled(world: World) -> None:
    """After a start the rows of orders say what is known, whichever of them a death had cost (I13)."""
    if world.store._batch.orders:
        return  # the disk takes nothing just now
    rows = {order.cid: order for order in read_orders(world.store._connection)}
    state = world.engine.state
    wrong = [cid for cid, order in (state.recent | state.orders).items() if rows.get(cid) != order]
    if wrong:
        world.checker.violate("I13", f"rows of orders missing or old after a start: {wrong[:6]}")


async def twice(world: World) -> None:
    """Two starts in a row: nothing is sent but questions, nothing changes (I13)."""
    for _ in range(2):
        before = describe_truth(world.truth), stage.essence(world.engine)
        sent = world.checker.changes
        world._downtime = 1.0  # not what the last crash drew: that could be all the time there is to look
        world.kill("a restart in quiet times")
        await world.live(float(STILL))
        after = describe_truth(world.truth), stage.essence(world.engine)
        for was, now in zip(before, after, strict=True):
            changed = {key: (was[key], now[key]) for key in was if was[key] != now[key]}
            if changed:
                world.checker.violate("I13", f"a restart changed {changed}")
        if world.checker.changes != sent:
            world.checker.violate("I13", f"a restart sent {world.checker.changes - sent} requests")
        waiting = world.checker.unsettled(world.engine.state)
        if waiting:
            world.checker.violate("I13", f"not settled {STILL} s after a quiet restart: {waiting[:6]}")
        world.checker.quiet(world.engine.state)
        world.checker.together(world.engine)
        world._raise()
