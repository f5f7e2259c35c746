"""Every strategy once over the practice market: does it start, hear, wish and survive? Not: does it earn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.app import compose, market
from cockpit.core.config import Config, SleeveConfig, timeframe_text
from cockpit.core.errors import ConfigError
from cockpit.core.events import AnyEvent, Fill
from cockpit.core.intents import Outcome
from cockpit.core.registry import Plugin
from cockpit.lab import backtest

EVENTS = 100_000
"""Some eight minutes of practice market, a few seconds of work."""
PREFERRED = {"perp": "BTC-USDT-SWAP", "spot": "BTC-USDT", "book": "WIF-USDT-SWAP"}
SWAPS = ("BTC-USDT-SWAP", "ETH-USDT-SWAP", "SOL-USDT-SWAP")


class Tried(msgspec.Struct, frozen=True):
    """What one strategy did."""

    name: str
    symbols: tuple[str, ...]
    wishes: int
    fills: int
    said: str
    """Its last reason."""
    broken: str
    """Why it could not be started or was taken off; empty = it ran to the end."""


def smoke(config: Config, plugins: Iterable[Plugin], events: int = 0) -> list[Tried]:
    """All of them side by side on one simulated account, with the default parameters; 0 events = ``EVENTS``.

    A strategy that needs parameters, or more instruments than there are, is told as broken and left out.
    """
    from cockpit.adapters import practice

    spec = practice.PracticeSpec(seed=config.run.seed)
    instruments = practice.instruments(spec)
    frames = {symbol: tuple(spec.bar_ms) for symbol in instruments}
    rows: dict[str, SleeveConfig] = {}
    found: list[Tried] = []
    for plugin in plugins:
        try:
            row = _sleeve(plugin, min(spec.bar_ms))
            compose.cast([row], instruments, frames)
            rows[plugin.name] = row
        except ConfigError as error:
            found.append(Tried(plugin.name, (), 0, 0, "", str(error)))
    if rows:
        source = market.practice(config, spec.start_ms, None, tuple(rows.values()))
        found += _run(config, source, events or EVENTS)
    return sorted(found, key=lambda tried: tried.name)


def _run(config: Config, source: market.MarketSource, events: int) -> list[Tried]:
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    engine = compose.fresh(config, "smoke", source.instruments, casts)
    source.warm_up(engine)
    wishes: dict[str, int] = {}
    fills: dict[str, int] = {}

    def see(event: AnyEvent, outcome: Outcome) -> None:
        if isinstance(event, Fill):
            fills[event.cid[3:6]] = fills.get(event.cid[3:6], 0) + 1
        for intent in outcome.intents:
            wishes[intent.sleeve] = wishes.get(intent.sleeve, 0) + 1

    backtest.run(engine, _Short(source.world, events), backtest.boot(source.world, "smoke", "", ""), see)
    groups: dict[str, list[Any]] = {}
    for sleeve in engine.state.sleeves.values():
        groups.setdefault(sleeve.group or sleeve.id, []).append(sleeve)
    return [
        Tried(
            legs[0].strategy,
            tuple(leg.symbol for leg in legs),
            sum(wishes.get(leg.id, 0) for leg in legs),
            sum(fills.get(f"{leg.index:03d}", 0) for leg in legs),
            legs[0].tag,
            next((leg.benched for leg in legs if leg.benched), ""),
        )
        for legs in groups.values()
    ]


class _Short:
    """The practice market has no end: this one has."""

    def __init__(self, world: backtest.World, events: int) -> None:
        self._world = world
        self._left = events
        self.submit = world.submit
        self.peek_ts = world.peek_ts

    def next(self, deadline: int = 0) -> AnyEvent | None:
        self._left -= 1
        return self._world.next(deadline) if self._left >= 0 else None


def _sleeve(plugin: Plugin, tf: int) -> SleeveConfig:
    """A strategy on the practice markets that suit what it listens to."""
    options: Mapping[str, Any] = plugin.options
    legs = options.get("legs", 1)
    names: Sequence[str] = tuple(legs) if not isinstance(legs, int) else ("",) * legs
    swaps = iter(SWAPS)
    symbols = [PREFERRED.get(name) or next(swaps, "") for name in names]
    if "" in symbols:
        raise ConfigError(f"{plugin.name} trades {len(names)} instruments: too many for the practice market")
    bars = "bar" in options.get("wakes", ())
    if not bars and len(symbols) == 1:
        symbols = [PREFERRED["book"]]
    where = [f"practice:{symbol}" for symbol in symbols]
    timeframe = timeframe_text(tf) if bars else ""
    if len(where) == 1:
        return SleeveConfig(plugin.name, where[0], timeframe)
    return SleeveConfig(plugin.name, timeframe=timeframe, symbols=tuple(where))
