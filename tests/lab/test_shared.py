"""Indicators that many runs share: which may be, and that nothing is decided otherwise."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.core.config import Config
from cockpit.core.events import Bar, Fill
from cockpit.core.registry import STRATEGIES
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.ema import Ema
from cockpit.indicators.sma import Sma
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled import shared, tape
from cockpit.lab.compiled.result import Result
from tests.lab import worlds
from tests.lab.both import flat, same
from tests.lab.test_builtins import SWAP

pytest.importorskip("llvmlite")
SHAPE = worlds.Shape(5, 3_600_000, 1_200, sigma=0.006, wick=0.1, every=28_800_000)


class Plain(msgspec.Struct):
    """Two averages, both of every bar; one is read between bars too."""

    a: Ema
    b: Ema
    seen: float = 0.0

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        price = bar.close
        before = self.b.value
        fast = self.a.update(price)
        if fast > before:
            self.seen = self.b.update(bar.high)
            return
        self.seen = fast


class Early(Plain):
    """Perhaps it does not come to its second average."""

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        price = bar.close
        self.a.update(price)
        if price > 10.0:
            return
        self.b.update(price)


class Moved(Plain):
    """Its price is no field of the bar by the time it is used."""

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        price = bar.close
        price = price * 2.0
        self.a.update(price)
        self.seen = self.b.update(bar.low) if bar.low > 1.0 else 0.0


class Touched(Plain):
    """It updates one between bars, and looks inside the other."""

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.a.update(bar.close)
        self.seen = self.b.update(bar.close) + self.b.left

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        self.a.update(float(fill.price))


class Whole(Plain):
    """It hands itself on: nobody knows what happens to it."""

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.a.update(bar.close)
        _looked(self)


def _looked(_other: Plain) -> None:
    """Anything."""


@pytest.mark.parametrize(
    ("target", "names"), [(Plain, ["a"]), (Early, ["a"]), (Moved, []), (Touched, []), (Whole, [])]
)
def test_only_what_every_bar_makes_and_nobody_else_touches(target: Any, names: list[str]) -> None:
    assert [update.name for update in shared.find(target, "one").values()] == names


def test_what_is_read_besides_the_answer_is_kept_true() -> None:
    found = {update.name: update for update in shared.find(STRATEGIES["ema_trend"].target, "one").values()}
    assert set(found) == {"fast", "medium", "slow", "rsi", "atr", "volume"}
    assert found["volume"].kind is Sma
    assert (found["volume"].inputs, found["volume"].reads) == (("volume",), ("value",))
    assert found["atr"].inputs == ("high", "low", "close")


def test_a_shelf_gives_its_oldest_columns_away(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr(shared, "MOST_BYTES", 2_000)
    shelf = shared.Shelf()
    for name in "abc":
        shelf.put(name, shared.Made(b"", (np.zeros(100),), (0,)))
    assert shelf.get("a") is None
    assert shelf.get("c") is not None


def test_with_shared_indicators_nothing_is_decided_otherwise() -> None:
    plugin = STRATEGIES["ema_trend"]
    alone, together = (compiled.compile_strategy(plugin, shared=how) for how in (False, True))
    columns = tape.from_events(SHAPE.events(SWAP, 64_000.0))
    assert plugin.params is not None
    sets = [
        plugin.params(ema_fast=5 + i % 3, ema_slow=50 + i % 2, volume_threshold=0.5, rsi_max=90)
        for i in range(6)
    ]
    trades = 0
    for ours, theirs in zip(
        compiled.sweep(together, sets, SWAP, columns, Config()),
        compiled.sweep(alone, sets, SWAP, columns, Config()),
        strict=True,
    ):
        assert isinstance(ours, Result)
        assert isinstance(theirs, Result)
        assert ours.books == theirs.books
        assert same(flat(ours.state[0].item()), flat(theirs.state[0].item()))
        trades += ours.trades
    assert trades > 20
