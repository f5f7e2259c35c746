"""Strategies that nobody wrote, in both executors: the same fills, money, memory, or a refusal in words."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from cockpit.core.config import Config
from cockpit.lab.compiled import build
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled.reasons import WORDS, Unsupported
from cockpit.lab.compiled.translate import Program
from tests.lab import grammar, worlds
from tests.lab.both import compare, interpreted, kernel, numbers, plugin_of, same
from tests.lab.test_builtins import SWAP

pytest.importorskip("llvmlite")

PLAIN = worlds.Shape(5, 3_600_000, 250, sigma=0.006, wick=0.1, every=28_800_000)
WORLDS = 4
"""In how many markets each drawn strategy is compared in the campaign."""
CAMPAIGNS, EACH = 10, 50
"""Processes, one after the other (what is compiled stays in memory), and strategies of each."""


def compiled_from(text: str) -> tuple[compiled.Compiled, Any]:
    """What a text compiles to, and its parameters; its files are taken away again."""
    module = grammar.module_of(text)
    before = set(build._loaded)
    play = compiled.compile_strategy(plugin_of(module.Idea, module.Params))
    for name in set(build._loaded) - before:
        if name.startswith("cockpit_jit_"):
            (build.folder() / f"{name}.o").unlink(missing_ok=True)
    return play, module.Params()


def test_every_drawn_strategy_lies_in_the_compilable_subset() -> None:
    """Else a search for differences would find refusals."""
    for number in range(40):
        Program(grammar.module_of(grammar.numbered(number)).Idea, "idea")


def test_drawn_strategies_trade_and_the_machine_does_as_the_kernel() -> None:
    """The machine in plain Python, which needs no compiler: many of them."""
    said: Counter[str] = Counter()
    fills = 0
    for number in range(16):
        module = grammar.module_of(grammar.numbered(number))
        plugin, events = plugin_of(module.Idea, module.Params), PLAIN.events(SWAP, 64_000.0)
        try:
            books, strategy, _ = interpreted(plugin, module.Params(), SWAP, events, Config())
        except Unsupported as refusal:
            said[refusal.reason] += 1
            continue
        truth = kernel(plugin, module.Params(), SWAP, events, Config())
        assert books.fills == truth.fills
        assert books.ledger == truth.engine.state.ledger
        assert same(numbers(strategy), numbers(truth.strategy))
        fills += len(truth.fills) > 3
    assert said.total() < 4, said
    assert set(said) <= set(WORDS.values())
    assert fills > 6


def test_a_drawn_strategy_compiles_to_the_same() -> None:
    play, params = compiled_from(grammar.numbered(9))
    assert compare(play, params, SWAP, PLAIN.events(SWAP, 64_000.0), Config()) == ""


@st.composite
def markets(draw: Any) -> tuple[Any, ...]:
    instrument, price = draw(worlds.instruments())
    return instrument, price, draw(worlds.shapes()), draw(worlds.configs(instrument))


def campaign(number: int) -> dict[str, int]:
    """Hypothesis draws strategies and markets; why what was refused."""
    said: Counter[str] = Counter()

    @seed(number)
    @settings(max_examples=EACH, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(grammar.texts(), st.lists(markets(), min_size=WORLDS, max_size=WORLDS))
    def search(text: str, cases: list[tuple[Any, ...]]) -> None:
        play, params = compiled_from(text)
        said[compare(play, params, SWAP, PLAIN.events(SWAP, 64_000.0), Config()) or "equal"] += 1
        for instrument, price, shape, config in cases:
            events = shape.events(instrument, price)
            said[compare(play, params, instrument, events, config) or "equal"] += 1

    search()
    return dict(said)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(CAMPAIGNS))
def test_a_search_over_strategies_finds_no_difference(number: int) -> None:
    """500 strategies in five markets each: 2,500 comparisons."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        said = pool.submit(campaign, number).result()
    assert said["equal"] > sum(said.values()) * 0.4, said
