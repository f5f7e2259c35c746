"""The kernel, the machine in Python, the machine compiled: the same fills, the same money, or a refusal."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from cockpit.core.config import Config
from cockpit.lab.compiled import run as compiled
from tests.lab import worlds
from tests.lab.both import compare, plugin_of
from tests.lab.chameleon import Chameleon, Dice
from tests.lab.test_builtins import SWAP as BTC

pytest.importorskip("llvmlite")

CHANCE = st.sampled_from((0, 5, 20, 50, 100))


@lru_cache(maxsize=1)
def chameleon() -> compiled.Compiled:
    return compiled.compile_strategy(plugin_of(Chameleon, Dice))


@st.composite
def dice(draw: Any) -> Dice:
    return Dice(
        seed=draw(st.integers(0, 139_967)),
        act=draw(st.sampled_from((3, 20, 60))),
        out=draw(CHANCE), short=draw(CHANCE), stops=draw(CHANCE), takes=draw(CHANCE), sized=draw(CHANCE),
        weight=draw(st.sampled_from((0.1, 0.3, 0.5, 1.0, 3.0))),
        reach=draw(st.sampled_from((0.5, 2.0, 6.0))),
        answer=draw(CHANCE), hears=draw(CHANCE), doubt=draw(st.sampled_from((0, 5, 50))), again=draw(CHANCE),
        period=draw(st.sampled_from((1, 2, 7))),
    )  # fmt: skip


@st.composite
def cases(draw: Any) -> tuple[Any, ...]:
    instrument, price = draw(worlds.instruments())
    config = draw(worlds.configs(instrument))
    return draw(dice()), instrument, price, draw(worlds.shapes()), config


LEAN = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
CAMPAIGN = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def tried(case: tuple[Any, ...]) -> None:
    numbers, instrument, price, shape, config = case
    event(compare(chameleon(), numbers, instrument, shape.events(instrument, price), config) or "equal")


@LEAN
@given(cases())
def test_no_difference_is_found(case: tuple[Any, ...]) -> None:
    tried(case)


@pytest.mark.soak
@CAMPAIGN
@given(cases())
def test_no_difference_is_found_in_a_campaign(case: tuple[Any, ...]) -> None:
    tried(case)


def test_most_of_what_is_tried_is_not_refused() -> None:
    """Refusing is always right and never useful: on plain markets the machine goes to the end."""
    shape = worlds.Shape(5, 3_600_000, 250, sigma=0.006, wick=0.1, every=28_800_000)
    instrument = BTC
    said = [
        compare(
            chameleon(), Dice(seed=seed, weight=0.3), instrument, shape.events(instrument, 64_000.0), Config()
        )
        for seed in range(12)
    ]
    assert said.count("") >= 11
