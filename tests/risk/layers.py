"""Stop layers on a test stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cockpit.app import layers as settings
from cockpit.app.discover import discover
from cockpit.core.events import Bar
from cockpit.core.stops import Guard, Trade, equipped
from tests.core.stand import Stand

discover()
TF = 60_000


def equip(stand: Stand, *rows: dict[str, Any], tf: int = TF, sleeve: str = "p1") -> Guard:
    """Give a sleeve of the stand these layers."""
    slot = stand.engine.slots[sleeve]
    slot.sleeve.stop_tf = tf
    guard = equipped(None, settings.specs(rows, "test"), tf)
    assert guard is not None
    stand.engine.guard(slot, guard)
    return guard


def watch(stand: Stand, *rows: dict[str, Any]) -> None:
    """Give the account these layers."""
    guard = equipped(None, settings.specs(rows, "test"), 0)
    assert guard is not None
    stand.engine.watchers = guard.layers


def bar(stand: Stand, high: float, low: float, close: float) -> Any:
    """One closed bar now; the actions."""
    stand.now += TF
    stand.state.marks[stand.symbol] = close
    return stand.tell(Bar(stand.now, stand.symbol, TF, close, high, low, close, 1.0))


def flat(stand: Stand, count: int, price: float = 100.0, span: float = 1.0) -> None:
    """Bars that travel ``span`` and end where they began: an ATR of ``span``."""
    for _ in range(count):
        bar(stand, price + span / 2, price - span / 2, price)


def body(name: str, **params: Any) -> Any:
    """A layer alone."""
    return settings.specs([{"layer": name, **params}], "test")[0].build().body


def levels(
    layer: Any, bars: Iterable[tuple[float, float, float]], trade: Trade, *, begins: bool = True
) -> list[float]:
    """The layer's level after each bar of a trade, which begins now unless it is said not to."""
    found: list[float] = []
    if begins and hasattr(layer, "begin"):
        layer.begin(trade)
    for high, low, close in bars:
        row = Bar(0, "x", TF, close, high, low, close, 1.0)
        if hasattr(layer, "on_bar"):
            layer.on_bar(row)
        if hasattr(layer, "follow"):
            layer.follow(row, trade)
        peak = high if trade.side > 0 else low
        if (peak - trade.best) * trade.side > 0:
            trade.best = peak
        found.append(layer.level(trade))
    return found


def mirrored(bars: Sequence[tuple[float, float, float]], around: float) -> list[tuple[float, float, float]]:
    """The same market upside down."""
    return [(2 * around - low, 2 * around - high, 2 * around - close) for high, low, close in bars]
