"""Configuration → an engine with its sleeves and rules, fresh or recovered from a journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from cockpit.app import fuses, layers, sizings, versions
from cockpit.app.discover import params_of
from cockpit.core import memory, tighter
from cockpit.core.blame import line_of
from cockpit.core.config import Config, SleeveConfig, timeframe_ms, timeframe_text
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError, PluginError
from cockpit.core.gate import Rule, Ruling
from cockpit.core.hand import MANUAL, Manual
from cockpit.core.ledger import Ledger
from cockpit.core.posture import Posture
from cockpit.core.registry import RULES, STRATEGIES, Plugin
from cockpit.core.release.twin import Foundry
from cockpit.core.state import Sleeve, State, new_state
from cockpit.core.types import Instrument, MarginMode, PositionMode


class Cast(msgspec.Struct, frozen=True):
    """One sleeve to be: who plays, where, with which parameters."""

    sleeve: Sleeve
    plugin: Plugin
    params: Any
    row: SleeveConfig | None = None
    """What the settings, or a version, say of it."""

    def strategy(self) -> Any:
        """A fresh strategy object. Raises PluginError naming the line when it cannot even be made."""
        try:
            return self.plugin.target.create(self.params)
        except Exception as error:
            place = line_of(error, self.plugin.module)
            raise PluginError(
                f"the strategy {self.plugin.name} cannot be made: {type(error).__name__}: {error} ({place})"
            ) from error


def rules(config: Config) -> tuple[Rule, ...]:
    """Every registered rule that these limits wake, in their order. ``asleep`` of a rule's decorator says
    that they leave it nothing to ask.
    """
    rows = sorted(RULES.values(), key=lambda plugin: (plugin.options.get("order", 100), plugin.name))
    found = []
    for plugin in rows:
        params = getattr(config, plugin.options.get("section", "risk"))
        if "asleep" not in plugin.options or not plugin.options["asleep"](params):
            found.append(Rule(plugin.name, plugin.target, params))
    return tuple(found)


def cast(
    sleeves: Iterable[SleeveConfig],
    instruments: Mapping[str, Instrument],
    frames: Mapping[str, Sequence[int]],
) -> list[Cast]:
    """Sleeves from their configuration. Raises ConfigError naming what does not exist."""
    found: list[Cast] = []
    for row in sleeves:
        plugin = STRATEGIES.get(row.strategy)
        if plugin is None:
            raise ConfigError(f"no strategy {row.strategy!r}; there are {', '.join(STRATEGIES)}")
        for symbol in row.legs:
            if symbol not in instruments:
                raise ConfigError(f"{row.strategy}: no instrument {symbol!r}; {_some(instruments)}")
        _count_legs(row, plugin)
        params = params_of(plugin, row.params, strict=False)
        legs = _group(row, plugin, frames, found)
        for sleeve in legs:
            _bound(sleeve, params)
        found += (Cast(sleeve, plugin, params, row) for sleeve in legs)
    return found


def _bound(sleeve: Sleeve, params: Any) -> None:
    """What the strategy's own parameters allow it (ST-16), for the gate to hold it to."""
    position = float(getattr(params, "max_position", 0.0))
    leverage = float(getattr(params, "max_leverage", 0.0))
    sleeve.limit = min(filter(None, (position, leverage)), default=0.0)
    sleeve.gearing = leverage if sleeve.group else 0.0


def _group(
    row: SleeveConfig, plugin: Plugin, frames: Mapping[str, Sequence[int]], before: Sequence[Cast]
) -> list[Sleeve]:
    """One sleeve a leg. Each is named after its own instrument first, then those it trades with."""
    tf, longer = 0, tuple[int, ...]()
    if "bar" in plugin.options.get("wakes", ()):
        offered = [frames.get(symbol, ()) for symbol in row.legs]
        tf = _timeframe(row, [t for t in offered[0] if all(t in other for other in offered)])
        longer = _longer(row, plugin, tf)
    common = [t for t in frames.get(row.legs[0], ()) if all(t in frames.get(x, ()) for x in row.legs)]
    layers.check(row, tf or min(common, default=0))
    sizings.check(row, tf or min(common, default=0))
    version = int(plugin.options.get("version", 1))
    bars = "/" + ",".join(map(timeframe_text, (tf, *longer))) if tf else ""
    legs: list[Sleeve] = []
    for symbol in row.legs:
        where = "+".join((symbol, *(other for other in row.legs if other != symbol)))
        name = f"{row.strategy}@{version}/{where}{bars}"
        twins = sum(1 for c in before if c.sleeve.id.partition("#")[0] == name)
        legs.append(
            Sleeve(
                id=f"{name}#{twins + 1}" if twins else name,
                index=len(before) + len(legs) + 1,
                strategy=row.strategy,
                version=version,
                symbol=symbol,
                tf=tf,
                frames=longer,
                leg=len(legs),
                share=row.share,
                pool=row.pool,
                on=row.enabled,
                stop_tf=tf or min(common, default=0),
            )
        )
    if len(legs) > 1:
        for sleeve in legs:
            sleeve.group = legs[0].id
    return legs


def _count_legs(row: SleeveConfig, plugin: Plugin) -> None:
    """Has it the instruments that the strategy trades? ``legs`` of the decorator: their number or names."""
    legs = plugin.options.get("legs", 1)
    count = legs if isinstance(legs, int) else len(legs)
    if count == len(row.legs):
        return
    names = "" if isinstance(legs, int) else f" ({', '.join(legs)})"
    wanted = "one instrument: symbol" if count == 1 else f"{count} instruments{names}: symbols"
    raise ConfigError(f"{row.strategy} trades {wanted} names {len(row.legs)}")


def _longer(row: SleeveConfig, plugin: Plugin, tf: int) -> tuple[int, ...]:
    """Lengths of the longer bars it hears besides, rising. Raises ConfigError for what cannot be made."""
    found = _asked(row, plugin)
    for length in found:
        if length <= tf or length % tf:
            raise ConfigError(
                f"{row.strategy} on {'+'.join(row.legs)}: bars of {timeframe_text(length)} cannot be made "
                f"from those of {timeframe_text(tf)}: name a shorter timeframe that divides it"
            )
    return found


def _asked(row: SleeveConfig, plugin: Plugin | None) -> tuple[int, ...]:
    """Lengths of the longer bars that a row, else its strategy, asks for. Raises ConfigError."""
    declared = () if plugin is None else plugin.options.get("timeframes", ())
    try:
        return tuple(sorted({timeframe_ms(text) for text in row.timeframes or declared}))
    except ValueError as error:
        raise ConfigError(f"{row.strategy} on {'+'.join(row.legs)}: {error}") from error


def longer_frames(symbol: str, sleeves: Iterable[SleeveConfig]) -> set[int]:
    """Longer bars that sleeves hear of a market besides those they trade on. A live venue's own past of them
    reaches further than what can be made of the short ones: it warms them up.
    """
    rows = [row for row in sleeves if symbol in row.legs]
    return {length for row in rows for length in _asked(row, STRATEGIES.get(row.strategy))}


def _timeframe(row: SleeveConfig, offered: Sequence[int]) -> int:
    if not row.timeframe:
        if not offered:
            what = "none" if len(row.legs) == 1 else "none of one length for all of them"
            raise ConfigError(f"{row.strategy} on {'+'.join(row.legs)} needs bars and the feed has {what}")
        return min(offered)
    try:
        tf = timeframe_ms(row.timeframe)
    except ValueError as error:
        raise ConfigError(f"{row.strategy} on {'+'.join(row.legs)}: {error}") from error
    if tf not in offered:
        have = ", ".join(timeframe_text(t) for t in sorted(offered)) or "no bars"
        raise ConfigError(f"{row.strategy} on {'+'.join(row.legs)}: the feed has {have}, not {row.timeframe}")
    return tf


def _some(instruments: Mapping[str, Instrument]) -> str:
    names = list(instruments)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"the feed has {', '.join(names[:8])}{more}" if names else "the feed has none"


def fresh(
    config: Config, mode: str, instruments: Mapping[str, Instrument], sleeves: Sequence[Cast]
) -> Engine:
    """An engine that knows nothing yet but its instruments and its cash."""
    ledger = Ledger(
        mode=PositionMode(config.venue.position_mode), margin_mode=MarginMode(config.venue.margin_mode)
    )
    state = new_state(config.run.currency, mode, Decimal(repr(config.run.equity)), ledger)
    _list(state, instruments.values(), config)
    engine = Engine(state)
    _seat(engine, sleeves)
    versions.found(engine, sleeves)
    govern(engine, config)
    return engine


def _list(state: State, instruments: Iterable[Instrument], config: Config) -> None:
    for instrument in instruments:
        state.instruments[instrument.symbol] = instrument
        if instrument.derivative:
            # The same number that the simulated venue locks isolated margin by.
            state.ledger.set_leverage(instrument, Decimal(repr(config.venue.leverage)))


def relisted(state: State, instruments: Mapping[str, Instrument], fresh: Collection[str]) -> list[Instrument]:
    """What a process must be told of its markets at its start: those that are ``fresh`` to the journal, and
    those whose terms (tick, lot, fees, state) have changed since they were last told.
    """
    return [one for name, one in instruments.items() if name in fresh or state.instruments.get(name) != one]


def _seat(engine: Engine, casts: Sequence[Cast]) -> None:
    """Give every sleeve that has none its strategy; the legs of a group share one."""
    for part in casts:
        if part.sleeve.id in engine.slots:
            continue
        group = [c.sleeve for c in casts if c.sleeve.group == part.sleeve.group and part.sleeve.group]
        engine.add_group(group or [part.sleeve], part.strategy())


def govern(engine: Engine, config: Config) -> None:
    """Put the engine under these settings: limits, stop layers, whether anything may be entered at all."""
    engine.ruling = Ruling(config.risk, lambda risk: rules(msgspec.structs.replace(config, risk=risk)))
    tighter.enforce(engine)
    layers.equip(engine, config)
    fuses.equip(engine, config)
    engine.state.hotlist.settings = config.hotlist
    engine.state.release.settings = config.release
    engine.state.claims = config.risk.strangers == "claim"
    risk = config.risk
    engine.state.sizing = config.sizing
    engine.state.stop_price = config.risk.stop_price
    asked = risk.max_var or risk.max_es or risk.max_correlation < 1 or config.sizing.correlation < 1
    engine.state.history_bars = risk.history_bars if asked else 0
    if config.run.trading_enabled:
        engine.state.voices.pop("trading_enabled", None)
    else:
        engine.state.voices["trading_enabled"] = Posture.REDUCE_ONLY


class Absent(msgspec.Struct):
    """Stands for a strategy that the settings no longer name: it wants nothing new.

    Its sleeve stays, so that what it holds is still protected, shown and closed by a flatten.
    """


def seated(kept: memory.Memory, *, strict: bool = True) -> list[Cast]:
    """The sleeves that a snapshot was taken with, to go on as they were: what they decided after it can only
    be repeated by all of them. One whose strategy is not here is left out, or (``strict``) a PluginError.
    """
    found = []
    for sleeve in kept.state.sleeves.values():
        slot = kept.slots.get(sleeve.id)
        if sleeve.strategy == MANUAL or (slot is not None and slot.kind == Absent.__name__):
            continue
        plugin = STRATEGIES.get(sleeve.strategy)
        if plugin is not None:
            found.append(Cast(sleeve, plugin, None))
        elif strict:
            raise PluginError(f"the journal needs the strategy {sleeve.strategy!r}, which is not here")
    return found


def moved_on(engine: Engine, sleeves: Sequence[Cast], instruments: Mapping[str, Instrument]) -> bool:
    """Do today's settings name other sleeves than the journal's last process had, or is a market new?"""
    standing = {name for name, slot in engine.slots.items() if not isinstance(slot.strategy, Absent | Manual)}
    named = {part.sleeve.id for part in sleeves}
    return (
        standing - versions.kinds(engine).keys() != named or not instruments.keys() <= engine.markets.keys()
    )


def remembered(
    kept: memory.Memory,
    config: Config,
    sleeves: Sequence[Cast],
    foundry: Foundry | None = None,
    instruments: Mapping[str, Instrument] = MappingProxyType({}),
) -> Engine:
    """An engine from a snapshot, which is used up. Raises ``msgspec.ValidationError`` when it does not fit.

    ``instruments``: what the feed has. Those that the snapshot does not know are added (a sleeve may have
    been put on a new market since); the terms of those that it knows are told as facts (``relisted``).
    """
    state: State = kept.state
    _list(state, [one for symbol, one in instruments.items() if symbol not in state.instruments], config)
    engine = Engine(state)
    engine.foundry = foundry
    by_hand = {name: Manual for name, sleeve in state.sleeves.items() if sleeve.strategy == MANUAL}
    kinds = by_hand | {c.sleeve.id: c.plugin.target for c in sleeves} | versions.kinds(engine)
    memory.thaw(engine, kept, kinds)
    _seat(engine, sleeves)
    versions.found(engine, sleeves)
    for sleeve in state.sleeves.values():
        if sleeve.id not in engine.slots:
            sleeve.on = False
            engine.add_sleeve(sleeve, Absent())
    govern(engine, config)
    versions.recall(engine, kept)
    return engine
