"""A restart under other settings: what is held stays protected, shown and closable; limits are today's."""

from __future__ import annotations

import msgspec

from cockpit.app import compose
from cockpit.core import memory
from cockpit.core.config import Config, RunConfig
from cockpit.core.events import Command
from cockpit.core.posture import Posture
from tests.app.stream_worlds import Bench


def _holding() -> tuple[Bench, str]:
    """A bench stopped while a sleeve holds something."""
    bench = Bench(events=6_000)
    engine, world = bench.engine, bench.world
    event = bench.first
    while event is not None:
        for action in engine.step(event).actions:
            world.submit(action, engine.state.now)
        held = [s for s in engine.state.sleeves if engine.state.position(s)]
        if held and engine.state.reconciled:
            return bench, held[0]
        event = world.next(engine.deadline)  # type: ignore[assignment]
    raise AssertionError("nothing was held")


def test_a_sleeve_that_is_no_longer_named_can_still_be_flattened() -> None:
    bench, held = _holding()
    raw = memory.freeze(bench.engine)
    left = [c for c in bench.sleeves if c.sleeve.id != held]
    engine = compose.remembered(memory.read(raw), bench.config, left)
    assert held in engine.slots
    assert not engine.state.sleeves[held].on
    event = Command(engine.state.now, "x", "flatten", {}, "test")
    while event is not None and engine.state.position(held):
        for action in engine.step(event).actions:
            bench.world.submit(action, engine.state.now)
        event = bench.world.next(engine.deadline)  # type: ignore[assignment]
    assert engine.state.position(held) == 0
    again = compose.remembered(memory.read(memory.freeze(engine)), bench.config, bench.sleeves)
    assert type(again.slots[held].strategy).__name__ == "MarketMaker"


def test_switching_trading_off_holds_from_the_restart_on() -> None:
    bench, _ = _holding()
    raw = memory.freeze(bench.engine)
    off = msgspec.structs.replace(bench.config, run=RunConfig(trading_enabled=False))
    engine = compose.remembered(memory.read(raw), off, bench.sleeves)
    assert engine.state.posture is Posture.REDUCE_ONLY
    on = compose.remembered(memory.read(memory.freeze(engine)), Config(), bench.sleeves)
    assert on.state.posture is Posture.NORMAL
