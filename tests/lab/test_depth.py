"""Order books: the kernel awake all the time, and the kernel asleep between what concerns it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from cockpit.core.types import Kind
from cockpit.lab.depth import pages, world
from cockpit.lab.depth import run as depth
from cockpit.lab.depth.pages import Pages
from tests.benchmarks import joiner
from tests.lab import streams
from tests.lab.asleep import asleep, compare, plugin_of
from tests.lab.follower import Follower
from tests.lab.gambler import Gambler, Luck, Peeker
from tests.lab.streams import touched

pytest.importorskip("llvmlite")

LEAN = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
CAMPAIGN = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@lru_cache(maxsize=2)
def gambler(kind: type[Gambler] = Gambler) -> depth.Prepared:
    return depth.compile_strategy(plugin_of(kind, Luck, ("book", "trade", "timer", "fill")))


@st.composite
def lucks(draw: Any) -> Luck:
    some = st.sampled_from((0, 30, 200))
    return Luck(
        seed=draw(st.integers(0, 139_967)), act=draw(st.sampled_from((5, 60, 400))), trades=draw(some),
        answer=draw(st.sampled_from((0, 300, 900))), beat=draw(some),
        market=draw(st.sampled_from((0, 100, 500))), stops=draw(st.sampled_from((0, 200, 900))),
        deep=draw(st.integers(0, 12)), reach=draw(st.sampled_from((1, 3, 8))),
        size=draw(st.sampled_from((1, 3, 40))),
        timer=draw(st.sampled_from((50, 700, 100_000))),
    )  # fmt: skip


@st.composite
def makers(draw: Any) -> Luck:
    """It shows quotes and withdraws them, and seldom does anything else."""
    return Luck(
        seed=draw(st.integers(0, 139_967)), act=draw(st.sampled_from((20, 200))), trades=0,
        answer=draw(st.sampled_from((0, 0, 500))), beat=draw(st.sampled_from((0, 500))),
        market=draw(st.sampled_from((0, 0, 20))), stops=0, deep=2, reach=draw(st.sampled_from((1, 3, 8))),
        size=draw(st.sampled_from((1, 3))), shy=draw(st.sampled_from((0, 700, 1_000))),
        timer=draw(st.sampled_from((50, 700))),
    )  # fmt: skip


@st.composite
def cases(draw: Any, players: Any = lucks) -> tuple[Any, ...]:
    instrument, price = draw(streams.instruments())
    if players is makers:
        instrument = msgspec.structs.replace(instrument, kind=Kind.LINEAR)
    config = draw(streams.configs(instrument))
    series = draw(st.sampled_from(((), (), (0, 3, 40, 11), (5,))))
    return draw(players()), instrument, price, draw(streams.shapes()), config, series


def tried(case: tuple[Any, ...], kind: type[Gambler] = Gambler) -> int:
    """How many answers of the venue the kernel did not have to hear."""
    luck, instrument, price, shape, config, series = case
    did, ran = compare(gambler(kind), luck, instrument, shape.events(instrument, price), config, series)
    rested = sum(fill.maker for fill in did.exchange.fills)
    event(
        f"{'makers' if rested else 'no makers'}, {'takers' if len(did.exchange.fills) > rested else 'none'}"
    )
    event("answers passed by" if ran.passed else "none passed by")
    return ran.passed


@LEAN
@given(cases())
def test_nothing_differs(case: tuple[Any, ...]) -> None:
    tried(case)


@LEAN
@given(cases(makers))
def test_nothing_differs_where_answers_come_to_nothing(case: tuple[Any, ...]) -> None:
    tried(case)


@settings(parent=LEAN, max_examples=20)
@given(cases())
def test_nothing_differs_where_a_fill_is_told_to_the_object(case: tuple[Any, ...]) -> None:
    tried(case, Peeker)


def test_a_maker_at_the_touch_is_woken_for_few_answers() -> None:
    """Most of what the venue answers to it says nothing that it does not know."""
    played = asleep(
        depth.compile_strategy(joiner.PLUGIN), joiner.Size(), joiner.SWAP, touched(), joiner.CONFIG
    )
    ran = played.run
    assert isinstance(ran, depth.Ran)
    awake = ran.events - ran.slept
    orders = played.engine.state.next_order - 1
    assert orders > 100
    assert ran.passed > orders
    assert awake < 3 * orders


def test_a_maker_that_lets_its_quotes_follow_is_woken_for_few_answers() -> None:
    """They are changed where they rest; what comes too late for a change says nothing either."""
    prepared = depth.compile_strategy(plugin_of(Follower, joiner.Size, ("timer",)))
    _, ran = compare(prepared, joiner.Size(), joiner.SWAP, touched(), joiner.CONFIG)
    assert ran.passed > 80


@settings(parent=LEAN, max_examples=20)
@given(cases())
def test_nothing_differs_where_memory_is_given_back(case: tuple[Any, ...]) -> None:
    """Every array lies in a file, and after seven events nothing of it is kept in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "WORTH", 1)
        patch.setattr(pages, "HEAVY", 1)
        patch.setattr(world, "STRIDE", 7)
        tried(case)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no such files here")
def test_a_full_disk_leaves_ordinary_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WORTH", 1)
    monkeypatch.setattr(pages, "HEAVY", 1)
    assert Pages().zeros(3, "f8").tolist() == [0.0, 0.0, 0.0]
    held = Pages()
    held.zeros(3, "f8")[1] = 2.5
    held.release()
    assert held

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    plain = Pages()
    assert plain.zeros(3, "f8").tolist() == [0.0, 0.0, 0.0]
    assert not plain


@pytest.mark.soak
@CAMPAIGN
@given(cases())
def test_nothing_differs_in_the_long_run(case: tuple[Any, ...]) -> None:
    tried(case)


@pytest.mark.soak
@CAMPAIGN
@given(cases(makers))
def test_no_maker_differs_in_the_long_run(case: tuple[Any, ...]) -> None:
    tried(case)
