"""A restart from a snapshot equals never having stopped, whatever the instant."""

from __future__ import annotations

from math import nan

import msgspec
import pytest

from cockpit.app import compose
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.engine import Engine
from cockpit.core.types import Side
from tests.app.stream_worlds import Bench
from tests.core.stand import LINEAR, Puppet, Stand, loose_rules, places


def twin(engine: Engine) -> Engine:
    """The same engine, through bytes."""
    kept = memory.read(memory.freeze(engine))
    other = Engine(kept.state, engine.rules)
    memory.thaw(other, kept, {name: type(slot.strategy) for name, slot in engine.slots.items()})
    return other


def test_freezing_a_thawed_engine_gives_the_same_bytes() -> None:
    stand = Stand(rules=loose_rules())
    stand.holding(5, stop=90.0)
    stand.want(9, stop=91.0)
    assert memory.freeze(twin(stand.engine)) == memory.freeze(stand.engine)


@pytest.mark.parametrize("every", [400, 997])
def test_a_practice_session_cut_anywhere_goes_on_the_same(every: int) -> None:
    """Every so many events the engine is replaced by its memory; the decisions stay the same."""
    expected = Bench(events=4_000, seed=5)
    digest = expected.backtest().digest
    bench = Bench(events=4_000, seed=5)
    engine = bench.engine
    event: ev.AnyEvent | None = bench.first
    count = 0
    while event is not None:
        outcome = engine.step(event)
        for action in outcome.actions:
            bench.world.submit(action, engine.state.now)
        count += 1
        if count % every == 0:
            engine = compose.remembered(memory.read(memory.freeze(engine)), bench.config, bench.sleeves)
        event = bench.world.next(engine.deadline)
    assert count > 4_000
    assert engine.digest == digest


def test_a_book_of_touches_has_no_depth_after_the_restart_either() -> None:
    stand = Stand()
    other = twin(stand.engine)
    for engine in (stand.engine, other):
        engine.step(ev.Touch(stand.now, LINEAR.symbol, 0, 101.0, 1.0, 102.0, 1.0))
        book = engine.markets[LINEAR.symbol].book
        assert book.ok
        assert book.levels(Side.BUY, 9) == [(101.0, 1.0)]
    assert memory.freeze(other) == memory.freeze(stand.engine)


def test_the_equity_a_strategy_has_seen_this_second_stays() -> None:
    stand = Stand()
    stand.holding(5)
    view = stand.engine.slots["p1"].view
    view.now = stand.now
    before = view.equity
    stand.engine.step(ev.Mark(stand.now, LINEAR.symbol, 200.0, 200.0))
    assert view.equity == before
    assert twin(stand.engine).slots["p1"].view.equity == before


def test_pens_orders_and_windows_survive() -> None:
    stand = Stand()
    (place,) = places(stand.quote(99.0, 2, nan, 0))
    stand.ack(place.cid)
    other = twin(stand.engine)
    assert other.slots["p1"].want.bid == 99.0
    assert other.slots["p1"].view.resting == 1
    assert other.state.orders == stand.state.orders
    assert other.deadline == stand.engine.deadline


def test_a_sleeve_that_left_the_configuration_is_kept_as_data_only() -> None:
    stand = Stand(sleeves=2)
    kept = memory.read(memory.freeze(stand.engine))
    other = Engine(kept.state)
    memory.thaw(other, kept, {"p1": Puppet})
    assert set(other.slots) == {"p1"}
    assert set(other.state.sleeves) == {"p1", "p2"}


def test_other_bytes_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        memory.read(msgspec.msgpack.encode({"state": 1}))
