"""Stop layers of one sleeve: several independent ways out of a position, of which the nearest holds.

A layer (``risk/stops``, one file each) is one of four kinds:

    level    a price against us; the tightest of all rests at the venue and never gets looser in a trade
    exit     a condition (time, volatility); when it holds the position is closed through the gate
    pause    a condition on the strategy version's own equity; when it holds the version is locked
    account  a condition on the whole account (``core.watch``)

What the layers know is in two places, both in a snapshot: numbers of the running trade in ``Sleeve.trade``,
each layer's own memory (averages, extremes) in the layer. A strategy's own stop price takes part as the
layer ``hard``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf, isfinite, nan
from typing import Any

import msgspec

from cockpit.core.events import Bar
from cockpit.core.registry import STOPS, Plugin
from cockpit.core.types import SleeveId

OWN = "hard"
"""Name under which the strategy's own stop price takes part."""
REFUSED = "refused"
"""Exit tag when the venue would not take any protective stop."""


class Trade(msgspec.Struct):
    """The position as a stop layer sees it, from its first fill to the last. Prices are floats: signals."""

    side: int
    """+1 long, -1 short."""
    qty: float
    """Unsigned, contracts or base units."""
    entry: float
    opened: int
    """UTC ms."""
    equity: float = nan
    """Account equity when it was opened, quote currency of the market."""
    notional: float = nan
    """Quote-currency worth at the entry price."""
    bars: int = 0
    """Closed bars since."""
    price: float = nan
    """Last price seen."""
    best: float = nan
    """Best price since the entry, by closed bars."""
    level: float = nan
    """The stop in force: the tightest that any layer has asked for in this trade."""
    owner: str = ""
    """Whose level that is."""
    fired: str = ""
    """A layer that has ordered the exit; holds until the position is gone."""
    why: str = ""
    due: int = 0
    """Instant of the earliest exit by the clock; 0 = none."""

    def tighter(self, level: float) -> bool:
        """Is ``level`` a stop that the present one is looser than?"""
        return isfinite(level) and level > 0 and not (level - self.level) * self.side <= 0

    def reached(self, level: float, price: float) -> bool:
        """Has the market gone to ``level`` or beyond it, against us?"""
        return (price - level) * self.side <= 0

    @property
    def gain(self) -> float:
        """Move in our favour since the entry, quote per base unit."""
        return (self.price - self.entry) * self.side


class Layer(msgspec.Struct):
    """One configured layer at work."""

    name: str
    kind: str
    letter: str
    body: Any
    """The plug-in's own object, with its memory."""
    broken: str = ""
    """What it raised; a broken layer says nothing more."""


class Spec(msgspec.Struct, frozen=True):
    """A layer as the settings ask for it."""

    plugin: Plugin
    params: Any

    def build(self) -> Layer:
        """A layer that has seen nothing yet."""
        options = self.plugin.options
        return Layer(
            self.plugin.name, options["kind"], options["letter"], self.plugin.target.create(self.params)
        )


class LayerMemory(msgspec.Struct, frozen=True):
    """A layer in a snapshot."""

    name: str
    body: msgspec.Raw
    broken: str = ""


_ENCODER = msgspec.msgpack.Encoder()


class Guard:
    """The layers of one sleeve. Lives in its slot; the engine calls it, it writes ``Sleeve.trade``."""

    __slots__ = ("layers", "moved", "tf", "wants_pnl")

    def __init__(self, layers: list[Layer], tf: int) -> None:
        self.layers = layers
        self.tf = tf
        """Length of the bars the layers look at (ms); 0 = none."""
        self.moved = False
        """Something has changed since the sleeve was last decided."""
        self.wants_pnl = any(hasattr(layer.body, "hear") for layer in layers)

    # --- what it learns -----------------------------------------------------------------------------

    def learn(self, bar: Bar, trade: Trade | None, pnl: float = nan) -> None:
        """A closed bar: every layer's averages, and the trade's best price. Also while flat."""
        for layer in self.layers:
            body = layer.body
            if layer.broken:
                continue
            try:
                if self.wants_pnl and hasattr(body, "hear"):
                    body.hear(pnl)
                if hasattr(body, "on_bar"):
                    body.on_bar(bar)
                if trade is not None and hasattr(body, "follow"):
                    body.follow(bar, trade)
            except Exception as error:  # noqa: BLE001 - the fence around plug-ins: the layer is out, we fly on
                self._break(layer, error)
        if trade is not None:
            trade.bars += 1
            trade.price = bar.close
            peak = bar.high if trade.side > 0 else bar.low
            if not (peak - trade.best) * trade.side <= 0:
                trade.best = peak
        self.moved = True

    def begin(self, trade: Trade) -> None:
        """A position begins: layers freeze what they freeze."""
        for layer in self.layers:
            if hasattr(layer.body, "begin"):
                try:
                    layer.body.begin(trade)
                except Exception as error:  # noqa: BLE001 - the fence around plug-ins
                    self._break(layer, error)

    # --- what it says ---------------------------------------------------------------------------------

    def tighten(self, trade: Trade, own: float, grid: Callable[[float], float]) -> None:
        """Ratchet ``trade.level`` to the tightest of all levels. Both are on the price grid, as the venue
        sees them: a level that is tighter by less than a tick is the same level and changes no owner.
        """
        if trade.tighter(own):
            trade.level, trade.owner = own, OWN
        for layer in self.layers:
            if layer.kind == "level":
                level = self.level(layer, trade)
                if trade.tighter(level) and trade.tighter(level := grid(level)):
                    trade.level, trade.owner = level, layer.name

    def level(self, layer: Layer, trade: Trade) -> float:
        """The price at which a layer leaves; NaN = it has none now."""
        if layer.broken:
            return nan
        try:
            return float(layer.body.level(trade))
        except Exception as error:  # noqa: BLE001 - the fence around plug-ins
            self._break(layer, error)
            return nan

    def condition(self, trade: Trade, now: int) -> tuple[str, str]:
        """(layer, reason) of an exit that is due now; empty when none is. Sets ``trade.due``."""
        soonest = inf
        for layer in self.layers:
            if layer.kind != "exit" or layer.broken:
                continue
            try:
                why = str(layer.body.due(trade, now))
                if why:
                    return layer.name, why
                at = int(layer.body.at(trade)) if hasattr(layer.body, "at") else 0
            except Exception as error:  # noqa: BLE001 - the fence around plug-ins
                self._break(layer, error)
                continue
            if at > now:
                soonest = min(soonest, at)
        trade.due = int(soonest) if isfinite(soonest) else 0
        return "", ""

    def pauses(self) -> list[tuple[str, str, int]]:
        """(layer, reason, how long in ms, 0 = until a person lifts it) of conditions on the version."""
        found = []
        for layer in self.layers:
            if layer.kind != "pause" or layer.broken:
                continue
            try:
                why = str(layer.body.pause())
                if why:
                    found.append((layer.name, why, int(layer.body.span())))
            except Exception as error:  # noqa: BLE001 - the fence around plug-ins
                self._break(layer, error)
        return found

    def tuned(self) -> list[tuple[str, str, float, float, int]]:
        """(layer, parameter, before, after, version) of every adaptive parameter that has just moved."""
        found = []
        for layer in self.layers:
            if layer.broken or not hasattr(layer.body, "moves"):
                continue
            try:
                found += [(layer.name, *move) for move in layer.body.moves()]
            except Exception as error:  # noqa: BLE001 - the fence around plug-ins
                self._break(layer, error)
        return found

    def failures(self) -> list[tuple[str, str]]:
        """(layer, what it raised) of broken layers."""
        return [(layer.name, layer.broken) for layer in self.layers if layer.broken]

    def _break(self, layer: Layer, error: Exception) -> None:
        if not layer.broken:
            layer.broken = f"{type(error).__name__}: {error}"

    # --- remembering ----------------------------------------------------------------------------------

    def kept(self) -> tuple[LayerMemory, ...]:
        """The layers' memory for a snapshot."""
        return tuple(LayerMemory(x.name, msgspec.Raw(_ENCODER.encode(x.body)), x.broken) for x in self.layers)


def recalled(rows: tuple[LayerMemory, ...], tf: int) -> Guard | None:
    """The layers of a snapshot, with their memory. Layers that no longer exist or fit are left out."""
    layers = []
    for row in rows:
        plugin = STOPS.get(row.name)
        if plugin is None:
            continue
        body = msgspec.msgpack.decode(row.body, type=plugin.target)
        layers.append(Layer(row.name, plugin.options["kind"], plugin.options["letter"], body, row.broken))
    return Guard(layers, tf) if layers else None


def equipped(known: Guard | None, specs: list[Spec], tf: int) -> Guard | None:
    """The layers that ``specs`` ask for; those that were at work with the same numbers keep their memory."""
    if not specs:
        return None
    old = list(known.layers) if known is not None and known.tf == tf else []
    layers = []
    for spec in specs:
        same = next((x for x in old if x.name == spec.plugin.name and x.body.params == spec.params), None)
        if same is not None:
            old.remove(same)
        layers.append(same or spec.build())
    return Guard(layers, tf)


class Cut(msgspec.Struct, frozen=True):
    """A stop of the account has cut a sleeve's position."""

    by: str
    most: Decimal
    """Contracts or base units, unsigned, that it may go on holding."""


class Watch(msgspec.Struct):
    """What the stops of the whole account remember. ``peak`` and ``pnl`` are profit, not equity: money paid
    in or out is neither a gain nor a drawdown."""

    pnl: float = 0.0
    peak: float = 0.0
    checked: int = 0
    due: int = 0
    """When the account must be looked at; 0 = nothing has moved."""
    stopped: dict[str, str] = {}
    """Account stops that have fired, with their numbers in words."""
    cuts: dict[str, Cut] = {}
    """Sleeve → what a stop that reduces has left it."""


class Lock(msgspec.Struct):
    """Entries of something are closed, with a reason, until an instant or until a person lifts it."""

    by: str
    """Which rule or layer."""
    reason: str
    since: int
    until: int = 0
    """UTC ms; 0 = until a person lifts it."""


def version_key(strategy: str, version: int) -> str:
    """Name of the lock of a strategy version."""
    return f"version:{strategy}@{version}"


def symbol_key(symbol: str) -> str:
    """Name of the lock of one market."""
    return f"symbol:{symbol}"


def sleeve_key(sleeve: SleeveId) -> str:
    """Name of the lock of one sleeve."""
    return f"sleeve:{sleeve}"
