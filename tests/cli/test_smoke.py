"""``cockpit strategies --try``: every strategy, disabled ones too, over the practice market."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.app import smoke
from cockpit.core.registry import STRATEGIES
from tests.cli.conftest import Shell

BUILT_IN = {
    "bollinger_range",
    "breakout",
    "cash_carry",
    "ema_trend",
    "funding_rate_arbitrage",
    "grid_trading",
    "market_maker",
    "mean_reversion",
    "momentum",
    "pairs",
}
PLUGIN = '''
import msgspec
from cockpit.core.registry import strategy


@strategy("t_asleep", None, version=1, wakes=("bar",), enabled=False)
class Asleep(msgspec.Struct):
    """Switched off by its author; breaks at its fourth candle."""

    heard: int = 0

    @classmethod
    def create(cls, params):
        return cls()

    def on_bar(self, bar, view, want):
        self.heard += 1
        if view.now and self.heard > 400:
            raise LookupError("nothing there")


@strategy("t_five", None, version=1, wakes=("bar",), legs=5, enabled=False)
class Five(msgspec.Struct):
    """Trades more markets than there are."""

    @classmethod
    def create(cls, params):
        return cls()
'''


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "asleep.py").write_text(PLUGIN, "utf-8")
    return folder


def test_every_built_in_runs_to_the_end(cockpit: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "EVENTS", 20_000)
    found = cockpit("strategies", "--try", "--json")
    assert found.code == 0, found.err
    rows = {row["name"]: row for row in found.json}
    assert set(rows) >= BUILT_IN
    assert all(row["broken"] == "" for row in rows.values())
    assert rows["market_maker"]["fills"] > 0
    assert rows["cash_carry"]["symbols"] == ["practice:BTC-USDT-SWAP", "practice:BTC-USDT"]
    assert rows["pairs"]["symbols"] == ["practice:BTC-USDT-SWAP", "practice:ETH-USDT-SWAP"]


def test_disabled_ones_are_tried_when_asked_for_and_what_breaks_is_named(shell: Shell, plugins: Path) -> None:
    found = shell(
        "strategies", "--try", "--include-disabled", "--set", f"run.plugins_dir={plugins}", "--json"
    )
    assert found.code == 3
    rows = {row["name"]: row for row in found.json}
    assert "nothing there" in rows["t_asleep"]["broken"]
    assert "5 instruments" in rows["t_five"]["broken"]
    assert all(rows[name]["broken"] == "" for name in BUILT_IN)


def test_the_list_of_built_ins_is_that_of_the_registry() -> None:
    own = {p.name for p in STRATEGIES.values() if p.module.startswith("cockpit.strategies.")}
    assert own == BUILT_IN
