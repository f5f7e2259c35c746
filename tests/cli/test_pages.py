"""strategies and help: generated from the registry, complete, and readable by machines."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.app.grammar import EXIT_CODES
from cockpit.app.reference import TOPICS
from cockpit.core.registry import INDICATORS, RULES, STRATEGIES, strategy
from cockpit.tui.keymap import ACTIONS
from tests.cli.conftest import Shell


@pytest.fixture
def disabled() -> Iterator[str]:
    @strategy("asleep", None, version=2, enabled=False)
    class Asleep:
        """Switched off by its author."""

    assert Asleep.__doc__
    yield "asleep"
    del STRATEGIES._rows["asleep"]


def test_a_strategy_shows_every_parameter_with_unit_and_range(cockpit: Shell) -> None:
    rows = {row["name"]: row for row in cockpit("strategies", "--json").json}
    trend = rows["ema_trend"]
    assert [p["name"] for p in trend["parameters"]] == list(STRATEGIES["ema_trend"].params.__struct_fields__)
    fast = trend["parameters"][0]
    assert fast == {
        "name": "ema_fast",
        "default": 9,
        "allowed": "a whole number from 2 to 200",
        "unit": "bars",
        "meaning": "Fast average",
    }
    incomplete = [
        (name, p["name"]) for name, row in rows.items() for p in row["parameters"] if not p["meaning"]
    ]
    assert incomplete == []
    text = cockpit("strategies").out
    assert "ema_fast" in text
    assert "a whole number from 2 to 200" in text


def test_disabled_strategies_are_shown_when_asked_for(cockpit: Shell, disabled: str) -> None:
    assert disabled not in [row["name"] for row in cockpit("strategies", "--json").json]
    every = {row["name"]: row for row in cockpit("strategies", "--include-disabled", "--json").json}
    assert every[disabled]["enabled"] is False
    assert "1 more" in cockpit("strategies").out


def test_help_lists_its_topics(cockpit: Shell) -> None:
    assert list(cockpit("help", "--json").json) == list(TOPICS)


@pytest.mark.parametrize("topic", [*TOPICS, "ema_trend", "max_notional", "keltner", "indicator:momentum"])
def test_every_topic_is_a_page_and_a_document(topic: str, cockpit: Shell) -> None:
    found = cockpit("help", topic)
    assert found.code == 0
    assert len(found.out.splitlines()) > 1
    assert cockpit("help", topic, "--json").json


def test_help_for_a_strategy_tells_its_rules_and_what_was_measured(cockpit: Shell) -> None:
    """The file's own words: where the numbers come from and which contradictions were decided how."""
    found = cockpit("help", "funding_rate_arbitrage")
    assert "ST-03" in found.out
    assert "89 of 6,914" in found.out
    assert "ST-03" in cockpit("help", "funding_rate_arbitrage", "--json").json["rules"]
    assert "9 refresh" in cockpit("help", "market_maker").out
    for name in STRATEGIES:
        if STRATEGIES[name].module.startswith("cockpit.strategies."):
            assert len(cockpit("help", name, "--json").json["rules"]) > 300, name


OWN = """
import msgspec
from math import nan
from cockpit.sdk import indicator

@indicator("doubled", inputs=("close",), lines=("value",))
class Doubled(msgspec.Struct):
    \"\"\"Twice the close of `lag` bars: a test.\"\"\"
    lag: int = 3
    value: float = nan
    seen: int = 0

    def update(self, close: float) -> float:
        self.seen += 1
        self.value = 2 * close if self.seen > self.lag else nan
        return self.value
"""


def test_an_indicator_of_ones_own_is_listed_like_the_built_in(cockpit: Shell, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    try:
        found = cockpit("help", "doubled", "--json", "--set", f"run.plugins_dir={tmp_path}").json
    finally:
        INDICATORS._rows.pop("doubled", None)
        sys.modules.pop("cockpit_plugins_mine", None)
    assert (found["parameters"], found["first_index"], found["inputs"]) == ({"lag": 3}, 3, ["close"])


def test_rules_come_in_the_order_of_the_gate(cockpit: Shell) -> None:
    rows = cockpit("help", "rules", "--json").json
    assert {row["name"] for row in rows} == set(RULES)
    assert [row["order"] for row in rows] == sorted(row["order"] for row in rows)


def test_keys_are_those_of_the_screen(cockpit: Shell) -> None:
    rows = cockpit("help", "keys", "--json").json
    assert [row["action"] for row in rows] == [action.id for action in ACTIONS]
    assert rows[0]["keys"] == ["^g"]


def test_exit_codes_are_all_there(cockpit: Shell) -> None:
    assert cockpit("help", "exit", "--json").json == {str(code): text for code, text in EXIT_CODES.items()}
