"""Tables of plug-ins: one door, sorted, no name twice."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.core.errors import PluginError
from cockpit.core.registry import RULES, STRATEGIES, Table, _decorator


class Params(msgspec.Struct):
    size: int = 1


def test_a_decorator_registers_and_gives_the_thing_back() -> None:
    table = Table("toy")
    toy = _decorator(table)

    @toy("bear", Params, version=3)
    def bear() -> int:
        """A bear."""
        return 7

    assert bear() == 7
    plugin = table["bear"]
    assert (plugin.kind, plugin.params, plugin.doc, plugin.options) == (
        "toy",
        Params,
        "A bear.",
        {"version": 3},
    )
    assert plugin.module == __name__


def test_a_name_twice_names_both_modules() -> None:
    table = Table("toy")
    _decorator(table)("bear")(test_a_decorator_registers_and_gives_the_thing_back)
    with pytest.raises(PluginError, match=f"'bear' is registered by {__name__} and by"):
        _decorator(table)("bear")(Params)


def test_loading_the_same_module_again_is_no_conflict() -> None:
    table = Table("toy")
    for _ in range(2):
        _decorator(table)("bear")(Params)
    assert len(table) == 1


def test_names_come_sorted() -> None:
    table = Table("toy")
    for name in ("c", "a", "b"):
        _decorator(table)(name)(Params)
    assert list(table) == ["a", "b", "c"]


def test_the_built_in_tables_are_different_ones() -> None:
    assert RULES.kind == "rule"
    assert STRATEGIES.kind == "strategy"
