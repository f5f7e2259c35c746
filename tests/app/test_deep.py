"""A backtest on order books by the machine: the kernel's report, whoever drives the strategy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.app import deep, fast, runs
from cockpit.app.discover import discover
from cockpit.app.trial import Request, Result, perform
from cockpit.core.config import RiskConfig, SleeveConfig
from cockpit.core.registry import STRATEGIES
from cockpit.lab.compiled.reasons import Unsupported
from tests.app.tapes import at_the_touch
from tests.benchmarks import joiner
from tests.lab.asleep import plugin_of

pytest.importorskip("llvmlite")
discover()


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return at_the_touch(tmp_path_factory.mktemp("books"))


def known(monkeypatch: pytest.MonkeyPatch, target: Any = joiner.Joiner) -> str:
    """The name under which a strategy is registered for this test."""
    plugin = plugin_of(target, joiner.Size, ("timer", "fill"))
    monkeypatch.setitem(STRATEGIES._rows, plugin.name, plugin)  # type: ignore[attr-defined]
    return plugin.name


def told(result: Result) -> dict[str, Any]:
    """What must be the same, whoever drove."""
    same = ("fills", "fees", "equity", "pnl", "orders", "trades", "events")
    did = {name: result.summary[name] for name in same if name in result.summary}
    return {"report": repr(result.report), "curve": repr(result.curve), "trips": result.trips, **did}


@pytest.mark.parametrize("how", [deep.COMPILED, deep.PYTHON])
@pytest.mark.parametrize("shy", [False, True])
def test_the_report_is_the_kernels(books: Path, how: str, shy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone, and beside a kernel that sleeps where the gate has something to say."""
    config = msgspec.structs.replace(joiner.CONFIG, risk=RiskConfig()) if shy else joiner.CONFIG
    request = Request(str(books), config, (SleeveConfig(known(monkeypatch), joiner.SYMBOL),))
    right, found = perform(request), fast.perform(request, how=how)
    assert len(right.trips) > 0
    assert told(found) == told(right)
    assert found.summary["executor"] == how
    assert ("alone" in found.summary) is not shy
    assert ("slept" in found.summary) is shy


def test_a_run_alone_is_reproduced_with_its_digest(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(str(books), joiner.CONFIG, (SleeveConfig(known(monkeypatch), joiner.SYMBOL),))
    result = fast.perform(request)
    kept = runs.register(tmp_path, request, result, "alone", "en", "")
    assert kept.executor == deep.COMPILED
    assert runs.again(kept, str(books)).summary["digest"] == result.summary["digest"] == kept.digest


class Broken(joiner.Joiner):
    """It does not live long."""

    def on_timer(self, view: Any, want: Any) -> None:
        """Once too often."""
        if view.now % 50_000 < 100:
            raise RuntimeError("tired")
        super().on_timer(view, want)


class Curious(joiner.Joiner):
    """It wants to know what it paid, and what it may spend."""

    def on_timer(self, view: Any, want: Any) -> None:
        """Looks, and does what it always does."""
        try:
            rich = view.entry > 0 and view.equity > 0
        except Exception:  # noqa: BLE001 - a strategy may fence itself; the machine must notice all the same
            rich = False
        if rich:
            super().on_timer(view, want)
        else:
            want.quote(view.bid, 0.1, view.ask, 0.0, "first")


def test_a_hook_that_breaks_is_the_kernels_to_fence(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(str(books), joiner.CONFIG, (SleeveConfig(known(monkeypatch, Broken), joiner.SYMBOL),))
    with pytest.raises(Unsupported, match="tired"):
        fast.perform(request, how=deep.PYTHON)


def test_who_looks_at_its_capital_is_driven_beside_the_kernel(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(str(books), joiner.CONFIG, (SleeveConfig(known(monkeypatch, Curious), joiner.SYMBOL),))
    found = fast.perform(request, how=deep.PYTHON)
    assert "slept" in found.summary
    assert told(found) == told(perform(request))


class Far(joiner.Joiner):
    """It looks at the index, which no machine keeps."""

    def on_timer(self, view: Any, want: Any) -> None:
        """Looks."""
        if view.index != 0.0:
            super().on_timer(view, want)


def test_what_the_machine_does_not_keep_is_never_guessed(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(str(books), joiner.CONFIG, (SleeveConfig(known(monkeypatch, Far), joiner.SYMBOL),))
    with pytest.raises(Unsupported, match="the index"):
        fast.perform(request, how=deep.PYTHON)
