"""After a crash the settings are changed, or a strategy is mended: orders sent before stay what they were.

The fold decided anew with the sleeves and the code of today. Client ids are numbers in one row, so one order
more or less gave every later one the number of another, and fills went to orders that never existed.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from cockpit.adapters import practice
from cockpit.adapters.store.inline import InlineStore
from cockpit.app import compose, recovery, replay
from cockpit.app.past.past import Past
from cockpit.app.past.source import Source, opened
from cockpit.core import memory
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.events import Boot
from cockpit.core.state import State
from cockpit.core.turn import NOTHING
from cockpit.strategies.market_maker import MarketMaker
from tests.app.stream_worlds import SLEEVES, WATCHED, Bench, practised

MORE = SleeveConfig("market_maker", "practice:SOL-USDT-SWAP")
EVENTS, LATER = 6_000, 1_500


class Feed:
    """What recovery asks of a market."""

    def __init__(self, sleeves: Sequence[SleeveConfig]) -> None:
        stretch = practised(1, 7)
        self.instruments, self.frames, self.sleeves = stretch.instruments, stretch.frames, sleeves

    def warm_up(self, _engine: Engine) -> None:
        """Nothing was before."""


async def lived(path: Path, watch: dict[int, bytes] | None = None) -> State:
    """A process that trades and dies: its newest snapshot lies well before its end."""
    bench = Bench(events=EVENTS)
    store = await InlineStore.open(path, mode="replay")
    await store.snapshot(0, memory.freeze(bench.engine))
    await store.close()
    await bench.daemon(path, watch)
    return bench.engine.state


async def again(path: Path, sleeves: Sequence[SleeveConfig]) -> tuple[Engine, recovery.Fold]:
    store = await InlineStore.open(path, mode="replay")
    try:
        return await recovery.recover(cast(Any, store), Config(), "replay", cast(Any, Feed(sleeves)))
    finally:
        await store.close()


def told(state: State) -> dict[str, Any]:
    """What must not depend on who asks."""
    orders = {o.cid: (o.sleeve, o.side, o.qty, o.price, o.filled) for o in state.orders.values()}
    books = {name: (book.qty, book.realised, book.fees) for name, book in state.ledger.sleeves.items()}
    return {"orders": orders, "books": books, "cash": state.ledger.balances, "next": state.next_order}


@pytest.mark.parametrize(
    "sleeves", [SLEEVES, SLEEVES[1:], SLEEVES[:1], (*SLEEVES, MORE), (MORE, *SLEEVES[1:])],
    ids=["same", "maker-left", "others-left", "joined", "exchanged"],
)  # fmt: skip
def test_sleeves_that_join_or_leave_after_a_crash(tmp_path: Path, sleeves: Sequence[SleeveConfig]) -> None:
    async def story() -> None:
        path = tmp_path / "cockpit.db"
        then = await lived(path)
        engine, fold = await again(path, sleeves)
        assert fold.snapshot > 0
        assert fold.events > 100
        assert told(engine.state) == told(then)
        assert fold.differing == 0
        named = {part.sleeve.id for part in compose.cast(sleeves, Feed(()).instruments, Feed(()).frames)}
        standing = {n for n, s in engine.slots.items() if not isinstance(s.strategy, compose.Absent)}
        assert standing == named
        assert all(engine.state.sleeves[name].on == (name in named) for name in engine.slots)
        # The next one has nothing to repeat with the wrong people.
        later, fold = await again(path, sleeves)
        assert told(later.state) == told(then)
        assert set(later.slots) == set(engine.slots)
        assert (fold.events > 0) == (sleeves is SLEEVES)

    asyncio.run(story())


def test_the_past_knows_who_decided_when(tmp_path: Path) -> None:
    """Sleeves change at two starts: the journal is repeated without a difference, every moment is as it was,
    though only the states with which others began to decide are still there."""

    async def story() -> None:
        path = tmp_path / "cockpit.db"
        stood: dict[int, bytes] = {}
        await lived(path, watch=stood)
        for number, sleeves in enumerate(((*SLEEVES[1:], MORE), SLEEVES[:1]), 1):
            engine, _ = await again(path, sleeves)
            await alone(path, engine, number * EVENTS, stood)
        assert len(stood) > 20
        with sqlite3.connect(path) as raw:
            raw.execute(
                "DELETE FROM snapshots WHERE seq > 0 AND 'snapshot ' || seq NOT IN (SELECT key FROM meta)"
            )
            (kept,) = raw.execute("SELECT count(*) FROM snapshots").fetchone()
        raw.close()
        assert kept == 3
        found = replay.replay(path, Config())
        assert (found.boots, found.differing) == (3, 0)
        assert found.outcomes > 30
        with ExitStack() as stack:
            past = Past(Source(opened(path, stack)), path.parent, Config(), lambda _done, _of: None)
            for seq in random.Random(1).sample(sorted(stood), len(stood)):
                past.at(seq=seq)
                assert past._engine is not None
                assert memory.freeze(past._engine) == stood[seq], seq

    asyncio.run(story())


async def alone(path: Path, engine: Engine, first: int, stood: dict[int, bytes]) -> None:
    """A process whose orders nobody answers; the market goes on."""
    stream = islice(practice.stream(practice.PracticeSpec(seed=7)), first, first + LATER)
    store = await InlineStore.open(path, mode="replay")
    boot = Boot(engine.state.now, 2, "replay", "test", "config")
    for event in (boot, *stream):
        outcome = engine.step(event)
        seq = engine.state.seq
        await store.commit([(seq, event)], [] if outcome is NOTHING else [outcome])
        if seq % WATCHED == 0:
            stood[seq] = memory.freeze(engine)
    await store.close()


def test_a_strategy_that_was_mended_after_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        path = tmp_path / "cockpit.db"
        then = await lived(path)
        real = MarketMaker.on_book
        turn = [0]

        def on_book(self: MarketMaker, view: Any, want: Any) -> None:
            turn[0] += 1
            if not turn[0] % 50:  # it says less than it did
                real(self, view, want)

        monkeypatch.setattr(MarketMaker, "on_book", on_book)
        engine, fold = await again(path, SLEEVES)
        assert fold.differing > 0
        mine, theirs = told(engine.state), told(then)
        # Every order of then is there, none that nobody sent, none booked to another.
        assert {c: o[:4] for c, o in mine["orders"].items()} == {
            c: o[:4] for c, o in theirs["orders"].items()
        }
        assert mine["books"] == theirs["books"]
        assert (mine["cash"], mine["next"]) == (theirs["cash"], theirs["next"])

    asyncio.run(story())


def test_a_market_that_the_journal_does_not_know_is_told_as_a_fact(tmp_path: Path) -> None:
    """New to it, or with another tick since: both are told once, at the start of the process."""
    bench = Bench(events=10)
    state, instruments = bench.engine.state, dict(bench.engine.state.instruments)
    assert compose.relisted(state, instruments, frozenset()) == []
    first, second = list(instruments)[:2]
    changed = instruments[first] = msgspec.structs.replace(
        instruments[first], tick=instruments[first].tick * 2
    )
    assert compose.relisted(state, instruments, {second}) == [changed, instruments[second]]
