"""From typed parameters and a person's words to axes, and back."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from cockpit.app.discover import discover
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STRATEGIES, Plugin
from cockpit.lab.search.ranges import builder, space_of
from cockpit.lab.search.space import Axis

discover()


class Params(msgspec.Struct, frozen=True):
    fast: Annotated[int, Meta(ge=2, le=200, extra_json_schema={"unit": "bars"})] = 9
    slow: Annotated[int, Meta(ge=3, le=40)] = 21
    stop: Annotated[float, Meta(gt=0, le=20)] = 2.0
    grid: Annotated[float, Meta(ge=0, le=1, multiple_of=0.25)] = 0.5
    mode: Literal["up", "down"] = "up"
    eager: bool = False
    named: Annotated[int, Meta(ge=1, le=9, extra_json_schema={"search": [2, 8, 2]})] = 5
    fixed: Annotated[int, Meta(ge=1, le=9, extra_json_schema={"search": False})] = 5
    max_position: Annotated[float, Meta(gt=0, le=1)] = 0.2
    note: str = ""

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise ValueError("fast < slow is needed")


TOY = Plugin("strategy", "toy", object, Params, "tests", "")


def test_without_a_word_every_dial_varies_around_its_default_within_its_range() -> None:
    axes = {axis.name: axis for axis in space_of(TOY, {}).axes}
    assert list(axes) == ["fast", "slow", "stop", "grid", "mode", "eager", "named"]
    assert (axes["fast"].low, axes["fast"].high, axes["fast"].step) == (3, 27, 1)
    assert (axes["slow"].low, axes["slow"].high) == (7, 40)
    assert axes["stop"].high == 6.0
    assert (axes["grid"].high, axes["grid"].step) == (1.0, 0.25)
    assert axes["mode"].choices == ("down", "up")
    assert (axes["named"].low, axes["named"].high, axes["named"].step) == (2, 8, 2)


def test_a_range_searches_exactly_what_is_named_and_the_rest_stays() -> None:
    space = space_of(TOY, {"stop": "3"}, ["fast=5..30:5", "slow=35"])
    assert [axis.name for axis in space.axes] == ["fast"]
    assert [space.params((u,))["fast"] for u in (0.0, 0.5, 1.0)] == [5, 20, 30]
    assert space.fixed == {"stop": "3", "slow": "35"}


def test_a_star_adds_the_others() -> None:
    space = space_of(TOY, {}, ["fast=5..30", "*", "stop=1.5"])
    assert [axis.name for axis in space.axes] == ["fast", "slow", "grid", "mode", "eager", "named"]


def test_words_and_switches_are_choices() -> None:
    space = space_of(TOY, {}, ["mode=up|down", "eager=true|false"])
    assert space.cells == 4
    assert space.params((0.9, 0.1)) == {"mode": "down", "eager": True}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("slwo=1..2", "no parameter 'slwo'; there are fast, slow"),
        ("fast", "write fast=LOW..HIGH:STEP to search it"),
        ("fast=30..5", "from high to low"),
        ("fast=1..30", "leaves its range, 2 to 200"),
        ("fast=5..30:0.5", "is a whole number"),
        ("fast=a..b", "is no range"),
        ("mode=up|sideways", "is one of down, up"),
        ("note=a..b", "is no number"),
        ("fast=7", "nothing is left to search"),
    ],
)
def test_what_cannot_be_searched_is_said(said: str, words: str) -> None:
    fixed = [f"{name}={value}" for name, value in (("slow", 30), ("stop", 2))]
    with pytest.raises(ConfigError, match=words):
        space_of(TOY, {n: 1 for n in Params.__struct_fields__ if n != "fast"}, [said, *fixed])


def test_a_strategy_without_parameters_has_nothing_to_search() -> None:
    with pytest.raises(ConfigError, match="has no parameters"):
        space_of(Plugin("strategy", "bare", object, None, "tests", ""), {})


@given(st.integers(1, 40), st.integers(1, 9), st.floats(0, 1))
def test_a_value_goes_to_its_place_and_back(cells: int, step: int, u: float) -> None:
    axis = Axis("n", 3, 3 + (cells - 1) * step, step, whole=True)
    value = axis.value(u)
    assert axis.cells == cells
    assert (value - 3) % step == 0
    assert axis.value(axis.place(value)) == value


def test_the_rules_of_the_strategy_bar_a_point() -> None:
    space = space_of(TOY, {}, ["fast=5..30", "slow=10..40"])
    build = builder(TOY, space)
    assert build(space.point({"fast": 30, "slow": 10})) is None
    assert build(space.point({"fast": 10, "slow": 30})) == Params(fast=10, slow=30)


@pytest.mark.parametrize(
    "name", sorted(n for n, row in STRATEGIES.items() if row.module.startswith("cockpit."))
)
def test_every_strategy_that_ships_can_be_searched(name: str) -> None:
    plugin = STRATEGIES[name]
    space = space_of(plugin, {})
    build = builder(plugin, space)
    assert space.dim >= 2
    middle = [build((u,) * space.dim) for u in (0.2, 0.35, 0.5, 0.65)]
    defaults = msgspec.to_builtins(plugin.params())
    assert build(space.point(defaults)) is not None or any(middle)
