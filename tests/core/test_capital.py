"""Shares by command: applied whole or not at all, taken back, and never beyond their bounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from cockpit.app.capital import Allocator, Kept, Word
from cockpit.core import events as ev
from cockpit.core.capital import BY, HOUR
from cockpit.core.capital_config import CapitalConfig
from cockpit.core.stops import sleeve_key
from tests.core.stand import Stand


class Bench(Stand):
    """A stand with somebody who hands out capital."""

    said = 0

    def say(self, verb: str, **args: Any) -> str:
        """Give the command; why it was refused, or "" when it was not."""
        self.said += 1
        body = {key: value if isinstance(value, str) else json.dumps(value) for key, value in args.items()}
        self.tell(ev.Command(self.now, f"c{self.said}", verb, body, "ann"))
        return self.state.refusals.get(f"c{self.said}", ("",))[0]

    @property
    def name(self) -> str:
        return next(iter(self.state.sleeves))

    @property
    def share(self) -> float:
        return self.state.sleeves[self.name].share


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_shares_are_set_and_taken_back_once(bench: Bench) -> None:
    assert bench.say("capital", shares={bench.name: 0.25}, why="thompson") == ""
    assert bench.share == 0.25
    assert bench.state.capital.before == {bench.name: 1.0}
    assert bench.say("capital_undo") == ""
    assert bench.share == 1.0
    assert bench.say("capital_undo") == "capital.no_undo"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"shares": {}}, "capital.nothing"),
        ({"shares": "nonsense"}, "capital.unreadable"),
        ({"shares": {"nobody": 0.1}}, "capital.no_sleeve"),
        ({"shares": {"SELF": 1.5}}, "capital.out_of_bounds"),
        ({"shares": {"SELF": -0.1}}, "capital.out_of_bounds"),
        ({"shares": {"SELF": 0.2}, "rest": {"nobody": 72}}, "capital.no_sleeve"),
        ({"rest": {"SELF": 1e9}}, "capital.out_of_bounds"),
    ],
)
def test_what_cannot_be_is_refused_whole(bench: Bench, args: dict[str, Any], why: str) -> None:
    named = {
        key: value
        if isinstance(value, str)
        else {bench.name if k == "SELF" else k: v for k, v in value.items()}
        for key, value in args.items()
    }
    assert bench.say("capital", **named) == why
    assert (bench.share, bench.state.locks, bench.state.capital.at) == (1.0, {}, 0)


def test_who_rests_is_locked_for_its_time_and_undo_lifts_only_that(bench: Bench) -> None:
    assert bench.say("capital", shares={bench.name: 0.0}, rest={bench.name: 72}, why="loses") == ""
    lock = bench.state.locks[sleeve_key(bench.name)]
    assert (lock.by, lock.reason, lock.until) == (BY, "loses", bench.now + 72 * HOUR)
    assert bench.say("capital_undo") == ""
    assert bench.state.locks == {}
    assert bench.share == 1.0


def test_the_allocator_asks_and_what_was_seen_is_what_is_applied(bench: Bench) -> None:
    """Two evaluations, a seal that went old, an undo; the engine hears one command with the whole plan."""
    given: list[tuple[str, dict[str, str], str]] = []

    class Clock:
        def now_ms(self) -> int:
            return bench.now

    config = CapitalConfig(method="equal", most=0.5, damping=0.05)
    allocator = Allocator(bench.state, config, lambda *words: given.append(words), Clock())
    asyncio.run(allocator.evaluate())
    (row,) = allocator.frame().rows
    assert (row.share, row.target, row.step, row.word) == (1.0, 0.5, 0.95, "less")
    seal = allocator.seal
    assert allocator.meant("apply", "other").refused == "capital.changed"
    word = allocator.meant("apply", seal)
    assert bench.say(word.verb, **word.args) == ""
    assert bench.share == 0.95
    assert allocator.meant("apply", seal).refused == "capital.no_plan"
    assert allocator.frame().can_undo
    assert allocator.meant("undo") == Word("capital_undo")
    assert allocator.meant("sideways").refused == "capital.verb"
    auto = Allocator(
        bench.state, msgspec.structs.replace(config, apply="auto"), lambda *w: given.append(w), Clock()
    )
    bench.now += HOUR
    asyncio.run(auto.evaluate())
    assert [(verb, actor) for verb, _, actor in given] == [("capital", "allocator")]


def test_a_plan_from_before_a_promotion_is_not_applied_after_it(bench: Bench) -> None:
    class Clock:
        def now_ms(self) -> int:
            return bench.now

    config = CapitalConfig(method="equal", most=0.5, damping=0.05)
    allocator = Allocator(bench.state, config, lambda *_: None, Clock())
    asyncio.run(allocator.evaluate())
    seal = allocator.seal
    assert seal
    bench.state.sleeves[bench.name].share = 0.3  # what a promotion does
    assert allocator.seal == ""
    assert allocator.meant("apply", seal).refused == "capital.changed"
    assert not allocator.stands
    asyncio.run(allocator.evaluate())
    assert allocator.stands


def test_regret_is_counted_hour_by_hour_and_kept(bench: Bench, tmp_path: Any) -> None:
    class Clock:
        def now_ms(self) -> int:
            return bench.now

    path = tmp_path / "capital.bin"
    allocator = Allocator(bench.state, CapitalConfig(), lambda *_: None, Clock(), kept=path)
    pnl = iter((0.0, 0.0, 0.0, 50.0, 50.0, 50.0))
    allocator._pnl = lambda _sleeve: next(pnl)  # type: ignore[method-assign]
    for hour in range(3):
        allocator.look(bench.now + hour * HOUR)
    equity = bench.state.equity()
    shown = allocator.frame()
    assert shown.actual == pytest.approx(50.0 / equity)
    assert shown.best == pytest.approx(shown.actual)  # there is only one
    again = Allocator(bench.state, CapitalConfig(), lambda *_: None, Clock(), kept=path)
    assert again.frame().actual == shown.actual
    path.write_bytes(b"rubbish")
    assert Allocator(bench.state, CapitalConfig(), lambda *_: None, Clock(), kept=path)._kept == Kept()
