"""Sets that run one after the other in machine code: each as if it were alone."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from cockpit.core.config import Config
from cockpit.core.events import Bar
from cockpit.core.registry import Plugin
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled import batch, sheets, tape
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled.layout import LARGEST
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.compiled.result import Result
from tests.lab import worlds
from tests.lab.test_builtins import SWAP

pytest.importorskip("llvmlite")
BARS = 1_500
TAPE = tape.from_events(worlds.Shape(5, 3_600_000, BARS, sigma=0.006, wick=0.1).events(SWAP, 64_000.0))


class Numbers(msgspec.Struct, frozen=True):
    """Of ``Turning``."""

    every: int = 2
    quotes: bool = False
    keeps: float = 0.0
    """Closes to remember: no whole number, so that nobody makes room for them beforehand."""
    first: int = 0


class Turning(msgspec.Struct):
    """In and out in turns."""

    every: int
    quotes: bool
    keeps: float
    count: int
    seen: list[float]

    @classmethod
    def create(cls, params: Numbers) -> Turning:
        """A fresh one; some numbers it cannot begin with."""
        if params.first < 0:
            raise ValueError("nothing begins before the first")
        return cls(params.every, params.quotes, params.keeps, params.first, [])

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Remember, then turn."""
        self.count += 1
        if len(self.seen) < self.keeps:
            self.seen.append(bar.close)
        if self.quotes and self.count == 40:
            want.quote(bar.close - 10.0, 0.01, bar.close + 10.0, 0.01)
        elif self.count % self.every == 0:
            if view.position == 0.0:
                want.position(0.01)
            else:
                want.flat()


PLUGIN = Plugin("strategy", "turning", Turning, Numbers, Turning.__module__, "", {})
OFTEN = Config(risk=msgspec.structs.replace(Config().risk, max_entries=0))
GOOD = [Numbers(every, keeps=float(every)) for every in range(2, 12)]
QUOTES, HUGE, LONG = Numbers(quotes=True), Numbers(first=LARGEST), Numbers(keeps=float(BARS))
BROKEN = Numbers(first=-1)


def told(answer: Result | Unsupported) -> Any:
    """All that an answer says."""
    if isinstance(answer, Unsupported):
        return str(answer)
    return (
        answer.orders, answer.trades, answer.filled, answer.equity, answer.end, answer.tag, answer.books,
        int(answer.state["count"][0]), answer.state["seen"][0].item()[1],
    )  # fmt: skip


def alone(play: compiled.Compiled, params: Numbers) -> Any:
    """What a run of its own says."""
    try:
        return told(compiled.run(play, params, SWAP, TAPE, OFTEN))
    except Unsupported as reason:
        return str(reason)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("room", [1, sheets.RUNS, 40])
def test_each_set_is_as_if_it_were_alone(threads: int, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    play = compiled.compile_strategy(PLUGIN)
    sets = [*GOOD[:3], QUOTES, *GOOD[3:5], HUGE, LONG, QUOTES, QUOTES, *GOOD[5:], BROKEN, HUGE, LONG, BROKEN]
    truth = [alone(play, params) for params in sets]
    monkeypatch.setattr(sheets, "RUNS", room)
    monkeypatch.setattr(batch, "_sheets", sheets.Sheets())
    found = [told(answer) for answer in compiled.sweep(play, sets, SWAP, TAPE, OFTEN, threads)]
    assert found == truth
    assert next(row for row in found if isinstance(row, tuple))[1] > 300
    assert sum(isinstance(row, str) for row in found) == 7


class Turned(msgspec.Struct):
    """An indicator that breaks at its bar number ``at``, or outgrows the room of its list."""

    at: float
    keeps: float
    count: float = 0.0
    seen: list[float] = msgspec.field(default_factory=list)

    def update(self, price: float) -> float:
        """One more."""
        self.count += 1.0
        if len(self.seen) < self.keeps:
            self.seen.append(price)
        return 1.0 / (self.at - self.count)


class Shared(msgspec.Struct):
    """Turns by it."""

    turned: Turned
    count: int = 0

    @classmethod
    def create(cls, params: Numbers) -> Shared:
        """A fresh one."""
        return cls(Turned(float(params.every), params.keeps))

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """In every second bar, while it lives."""
        value = self.turned.update(bar.close)
        self.count += 1
        if self.count % 2 == 0 and value < 1e9:
            if view.position == 0.0:
                want.position(0.01)
            else:
                want.flat()


def test_a_column_that_cannot_be_made_costs_its_own_set_alone() -> None:
    plugin = Plugin("strategy", "shared", Shared, Numbers, Shared.__module__, "", {})
    play = compiled.compile_strategy(plugin, shared=True)
    assert [update.name for update in play.program.shared.updates] == ["turned"]
    whole, long, broken = Numbers(9_001), Numbers(9_003, keeps=400.0), Numbers(700)
    answers = list(compiled.sweep(play, [whole, broken, long, broken, whole], SWAP, TAPE, OFTEN))
    assert [str(one) for one in answers[1:4:2]] == ["shared raised ZeroDivisionError"] * 2
    for one in (answers[0], answers[2], answers[4]):
        assert isinstance(one, Result)
        assert one.trades > 100


def test_results_keep_their_lines_while_others_run() -> None:
    play = compiled.compile_strategy(PLUGIN)
    first = compiled.run(play, GOOD[0], SWAP, TAPE, OFTEN)
    fields = [name for name in first.rows.dtype.names if name != "price"]  # of bills alone
    before = first.rows[fields].tolist()
    kept = [row for row in compiled.sweep(play, GOOD * 30, SWAP, TAPE, OFTEN) if isinstance(row, Result)]
    assert first.rows[fields].tolist() == before
    assert all(row.rows[fields].tolist() == before for row in kept[:: len(GOOD)])


def test_what_is_larger_than_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LARGEST_ROOM", 256)
    play = compiled.compile_strategy(PLUGIN)
    for room in (1, sheets.RUNS):
        monkeypatch.setattr(sheets, "RUNS", room)
        monkeypatch.setattr(batch, "_sheets", sheets.Sheets())
        answers = list(compiled.sweep(play, [LONG, GOOD[9]], SWAP, TAPE, OFTEN))
        assert str(answers[0]) == "more memory than there is room for"
        assert isinstance(answers[1], Result)


def test_a_sweep_that_cannot_begin_says_so_for_every_set() -> None:
    play = compiled.compile_strategy(PLUGIN)
    venue = msgspec.structs.replace(Config().venue, margin_mode="isolated")
    answers = list(compiled.sweep(play, GOOD, SWAP, TAPE, Config(venue=venue)))
    assert [str(answer) for answer in answers] == ["isolated margin"] * len(GOOD)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_parts_come_in_their_order_and_a_failure_is_the_callers(threads: int) -> None:
    def work(part: int) -> list[int]:
        if part == 30:
            raise RuntimeError("broke")
        time.sleep(0.001 * (part % 3))
        return [part]

    assert list(compiled._together(work, range(30), threads)) == [[part] for part in range(30)]
    with pytest.raises(RuntimeError, match="broke"):
        list(compiled._together(work, range(31), threads))


def test_a_sweep_that_nobody_reads_on_ends() -> None:
    done: list[int] = []

    def work(part: int) -> list[int]:
        time.sleep(0.001)
        done.append(part)
        return [part]

    parts = compiled._together(work, range(10_000), 2)
    assert next(parts) == [0]
    parts.close()
    assert len(done) < 5_000
