"""Plug-ins of folders and of other packages are found; a broken one is named."""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from cockpit.app import discover as discovery
from cockpit.app.discover import discover, params_of
from cockpit.core.errors import ConfigError, PluginError
from cockpit.core.registry import IMPORTERS, RULES, STRATEGIES, Plugin

SOURCE = """
from cockpit.core.registry import strategy

@strategy("{name}", None, version=3, wakes=("bar",))
class Thing:
    '''Does nothing.'''
"""


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    discover()
    rows, modules, loaded = dict(STRATEGIES._rows), set(sys.modules), set(discovery._loaded)
    yield
    STRATEGIES._rows.clear()
    STRATEGIES._rows.update(rows)
    discovery._loaded.clear()
    discovery._loaded.update(loaded)
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, source: str, value: str) -> None:
    """A package on the path whose entry point is ``value``."""
    (folder / f"{name}.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    entry = metadata.EntryPoint(name, value, "cockpit.plugins")
    monkeypatch.setattr(
        discovery.metadata, "entry_points", lambda group: [entry] if group == "cockpit.plugins" else []
    )


def test_the_built_in_folders_are_found() -> None:
    assert {"ema_trend", "market_maker"} <= set(STRATEGIES)
    assert {"max_notional", "max_leverage", "price_band", "order_rate", "stale_data"} <= set(RULES)


def test_importers_are_found_when_asked_for() -> None:
    discover(importers=True)
    assert {"ohlcv", "trades"} <= set(IMPORTERS)


def test_a_module_of_another_package_registers_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path, "other_plugin", SOURCE.format(name="other_one"), "other_plugin")
    discover()
    discover()
    assert STRATEGIES["other_one"].module == "other_plugin"
    assert STRATEGIES["other_one"].options["version"] == 3


def test_an_entry_point_may_be_a_function_to_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "def register():\n" + "".join(f"    {x}\n" for x in SOURCE.format(name="late_one").splitlines())
    install(monkeypatch, tmp_path, "late_plugin", source, "late_plugin:register")
    discover()
    assert "late_one" in STRATEGIES


def test_a_broken_entry_point_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tmp_path, "bad_plugin", "1 / 0\n", "bad_plugin")
    with pytest.raises(
        PluginError, match=r"'bad_plugin' of bad_plugin cannot be loaded: ZeroDivisionError"
    ) as caught:
        discover()
    assert caught.value.exit_code == 3


def test_a_name_that_is_taken_names_both_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tmp_path, "twin_plugin", SOURCE.format(name="ema_trend"), "twin_plugin")
    with pytest.raises(PluginError, match=r"cockpit\.strategies\.ema_trend and by twin_plugin"):
        discover()


def test_a_folder_of_ones_own_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOURCE.format(name="mine"), "utf-8")
    (tmp_path / "test_mine.py").write_text("raise SystemError\n", "utf-8")
    discover(tmp_path)
    discover(tmp_path)
    assert "mine" in STRATEGIES


def test_a_broken_file_is_named_and_can_be_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import nothing_of_that_name\n", "utf-8")
    with pytest.raises(PluginError, match=r"broken\.py cannot be loaded: ModuleNotFoundError"):
        discover(tmp_path)
    file.write_text(SOURCE.format(name="repaired"), "utf-8")
    discover(tmp_path)
    assert "repaired" in STRATEGIES


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no folder"):
        discover(tmp_path / "gone")


class Params(msgspec.Struct, frozen=True):
    period: Annotated[int, msgspec.Meta(ge=2, le=50)] = 10
    weight: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5


PLUGIN = Plugin("strategy", "thing", object, Params, "m", "")


def test_parameters_are_typed() -> None:
    assert params_of(PLUGIN, {"period": 5}) == Params(5, 0.5)
    assert params_of(PLUGIN, {"period": "5", "weight": "0.25"}, strict=False) == Params(5, 0.25)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"perod": 5}, "strategy thing has no parameter 'perod'; did you mean 'period'?"),
        ({"zzz": 5}, "strategy thing has no parameter 'zzz'; there are period, weight"),
        ({"period": 1}, "strategy thing: period: must be a whole number from 2 to 50, not 1"),
        ({"period": "5"}, "strategy thing: period: must be a whole number from 2 to 50, not '5'"),
        ({"weight": 2}, "strategy thing: weight: must be a number above 0, at most 1, not 2"),
    ],
)
def test_a_wrong_parameter_is_explained(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        params_of(PLUGIN, given)
    assert str(caught.value) == said


def test_a_plugin_without_parameters_takes_none() -> None:
    bare = Plugin("strategy", "bare", object, None, "m", "")
    assert params_of(bare, {}) is None
    with pytest.raises(ConfigError, match="has no parameters"):
        params_of(bare, {"period": 5})
