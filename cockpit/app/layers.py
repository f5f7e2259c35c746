"""Stop layers from the settings: which sleeve gets which, with which numbers; and its sizing with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.app import sizings, versions
from cockpit.app.complaints import nearest
from cockpit.app.discover import params_of
from cockpit.core.config import Config, SleeveConfig, timeframe_ms
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STOPS, STRATEGIES
from cockpit.core.sizing import fitted
from cockpit.core.state import Sleeve
from cockpit.core.stops import Guard, Spec, equipped


def equip(engine: Engine, config: Config) -> None:
    """Give every sleeve and the account the stop layers and sizing of these settings. Raises ConfigError.

    What was at work with the same numbers goes on with its memory; a new one learns from now on.
    """
    everywhere = specs(config.risk.stops, "risk.stops")
    account = [spec for spec in everywhere if spec.plugin.options["kind"] == "account"]
    shared = engine.usual = [spec for spec in everywhere if spec not in account]
    watchers = equipped(Guard(engine.watchers, 0), account, 0)
    engine.watchers = [] if watchers is None else watchers.layers
    for slot in engine.slots.values():
        version = engine.state.release.versions.get(slot.sleeve.release)
        row = declared(config, slot.sleeve) if version is None else versions.row_of(version.make)
        slot.sleeve.stop_price = row.stop_price
        guard = equipped(slot.guard, shared + own_layers(row), slot.sleeve.stop_tf)
        engine.guard(slot, guard, fitted(slot.sizer, sizings.of(config, row, slot.sleeve)))


def declared(config: Config, sleeve: Sleeve) -> SleeveConfig:
    """The settings' row of a sleeve; one that names no stops when they do not name the sleeve."""
    rows = [
        row
        for row in config.sleeves
        if row.strategy == sleeve.strategy
        and sleeve.symbol in row.legs
        and (len(row.legs) > 1) == bool(sleeve.group)
        and (not row.timeframe or timeframe_ms(row.timeframe) == sleeve.tf)
    ]
    twin = sleeve.id.partition("#")[2]
    at = int(twin) - 1 if twin else 0
    return rows[at] if at < len(rows) else SleeveConfig(sleeve.strategy, sleeve.symbol)


def own_layers(row: SleeveConfig) -> list[Spec]:
    """What a sleeve's row asks for, else what its strategy declares. Raises ConfigError."""
    plugin = STRATEGIES.get(row.strategy)
    if row.stops is not None:
        found = specs(row.stops, f"{row.strategy} on {'+'.join(row.legs)}: stops")
    else:
        found = specs(() if plugin is None else plugin.options.get("stops", ()), f"{row.strategy}: stops")
    for spec in found:
        if spec.plugin.options["kind"] == "account":
            raise ConfigError(f"{spec.plugin.name} is a stop of the whole account: name it in risk.stops")
    return found


def check(row: SleeveConfig, tf: int) -> None:
    """Raises ConfigError when a layer of this row cannot be, or needs bars and there are none."""
    for spec in own_layers(row):
        if spec.plugin.options["bars"] and not tf:
            where = f"{row.strategy} on {'+'.join(row.legs)}"
            raise ConfigError(f"{where}: {spec.plugin.name} needs bars and the feed has none")


def specs(rows: Iterable[Mapping[str, Any]], where: str) -> list[Spec]:
    """Layers from ``{layer = "chandelier", n = 22}``. Raises ConfigError naming what is wrong."""
    found = []
    for row in rows:
        rest = dict(row)
        name = rest.pop("layer", None)
        plugin = STOPS.get(name) if isinstance(name, str) else None
        if plugin is None:
            raise ConfigError(f"{where}: there is no stop layer {name!r}{nearest(str(name), STOPS)}")
        try:
            found.append(Spec(plugin, params_of(plugin, rest, strict=False)))
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
    return found
