"""From a row of the settings to a strategy version, and what a version is made of back to life.

A version is named by what it is made of: the strategy's source, every parameter, stops, size, bars. One whose
source has changed since is another one: it is refused here, and its position stays protected at the venue.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.app.simulated import rules_of
from cockpit.core.config import Config, SleeveConfig, timeframe_ms, timeframe_text
from cockpit.core.errors import CockpitError, ConfigError
from cockpit.core.matching import Rules
from cockpit.core.memory import Memory
from cockpit.core.registry import Plugin
from cockpit.core.release import seating
from cockpit.core.release.records import SETTINGS, Make, Version
from cockpit.core.release.twin import Cast
from cockpit.core.types import Instrument, Stage

if TYPE_CHECKING:
    from cockpit.app.compose import Cast as Part
    from cockpit.core.engine import Engine


@cache
def _source(module: str) -> str:
    path = getattr(sys.modules.get(module), "__file__", None)
    try:
        raw = Path(path).read_bytes() if path else module.encode()
    except OSError:
        raw = module.encode()
    return hashlib.sha256(raw).hexdigest()


def code_of(plugin: Plugin) -> str:
    """sha256 of the file that the strategy is written in."""
    return _source(plugin.module)


def make_of(parts: Sequence[Part]) -> Make:
    """What the sleeves of one row (one a leg) are made of."""
    lead = parts[0]
    sleeve, row = lead.sleeve, lead.row
    params: dict[str, Any] = {} if lead.params is None else msgspec.to_builtins(lead.params)
    return Make(
        sleeve.strategy,
        tuple(part.sleeve.symbol for part in parts),
        timeframe_text(sleeve.tf) if sleeve.tf else "",
        tuple(map(timeframe_text, sleeve.frames)),
        params,
        None if row is None else row.stops,
        "" if row is None else row.stop_price,
        None if row is None else row.sizing,
        sleeve.share,
        sleeve.pool,
        timeframe_text(sleeve.stop_tf) if sleeve.stop_tf else "",
        code_of(lead.plugin),
    )


def row_of(make: Make) -> SleeveConfig:
    """A version as a row of the settings."""
    one = len(make.symbols) == 1
    return SleeveConfig(
        make.strategy,
        make.symbols[0] if one else "",
        make.timeframe,
        share=make.share,
        params=make.params,
        symbols=() if one else make.symbols,
        timeframes=make.timeframes,
        pool=make.pool,
        stops=make.stops,
        stop_price=make.stop_price,
        sizing=make.sizing,
    )


def groups(parts: Iterable[Part]) -> list[list[Part]]:
    """The sleeves of each row of the settings."""
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.sleeve.group or part.sleeve.id, []).append(part)
    return list(found.values())


def found(engine: Engine, parts: Sequence[Part]) -> None:
    """Every sleeve that the settings name belongs to a version: what trades is known by what it is made of.

    Sleeves that the engine knows already keep theirs; ``changed`` says where the settings have moved on.
    """
    release = engine.state.release
    for legs in groups(parts):
        sleeve = engine.state.sleeves[legs[0].sleeve.id]
        if sleeve.release:
            continue
        make = make_of(legs)
        name = make.id
        if name in release.versions:  # the same row twice: two sleeves of one version
            version = release.versions[name]
            version.sleeves += tuple(part.sleeve.id for part in legs)
        else:
            version = Version(name, make, SETTINGS, engine.state.now, SETTINGS, Stage.PROD, engine.state.now)
            version.sleeves = tuple(part.sleeve.id for part in legs)
            release.versions[name] = version
        for part in legs:
            engine.state.sleeves[part.sleeve.id].release = name


def changed(engine: Engine, parts: Sequence[Part]) -> list[tuple[str, Make]]:
    """(version that trades, what the settings say now) of each row whose numbers are no longer those."""
    release, rows = engine.state.release, []
    for legs in groups(parts):
        make = make_of(legs)
        version = release.versions.get(engine.state.sleeves[legs[0].sleeve.id].release)
        if version is None or version.id == make.id:
            known = release.versions.get(make.id)
            if known is None or known.origin != SETTINGS or known.stage is not Stage.RETIRED:
                continue
        now = release.versions.get(make.id)
        if now is not None and now.stage is Stage.PROD:
            continue
        heirs = [v for v in release.in_stage(Stage.PROD) if v.make.seat == make.seat and v.origin == SETTINGS]
        old = heirs[-1].id if heirs else ""
        if not old and version is not None and version.managed and now is not None:
            continue  # it was taken off on purpose: the settings alone do not bring it back
        rows.append((old, make))
    return rows


class Foundry:
    """Makes versions from the plug-ins that are loaded here."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def cast(self, make: Make, instruments: dict[str, Instrument]) -> Cast:
        """Raises CockpitError in words when it can no longer be made as it was."""
        from cockpit.app import compose, layers, sizings

        row = row_of(make)
        lengths = sorted({timeframe_ms(text) for text in (make.timeframe, make.bars) if text})
        parts = compose.cast([row], instruments, dict.fromkeys(make.symbols, lengths))
        if code_of(parts[0].plugin) != make.code:
            raise ConfigError(
                f"{make.id}: the source of {make.strategy} has changed since; add it as another version"
            )
        digest = make.id.rpartition("-")[2]
        names = {part.sleeve.id: _named(part.sleeve.id, digest) for part in parts}
        for part in parts:
            sleeve = part.sleeve
            sleeve.group = names.get(sleeve.group, "")
            sleeve.id = names[sleeve.id]
            sleeve.release = make.id
            sleeve.stop_price = row.stop_price
        return Cast(
            tuple(part.sleeve for part in parts),
            parts[0].plugin.target,
            parts[0].strategy(),
            tuple(layers.own_layers(row)),
            sizings.of(self._config, row, parts[0].sleeve),
        )

    def delays(self) -> tuple[int, int]:
        """Those of the simulated venue."""
        return self._config.venue.order_latency_ms, self._config.venue.report_latency_ms

    def rules(self) -> Rules:
        """Those of the simulated venue."""
        return rules_of(self._config)


def _named(sleeve: str, digest: str) -> str:
    """``ema_trend@1/okx:BTC…`` → ``ema_trend@1.1a2b3c4d5e/okx:BTC…``."""
    head, slash, rest = sleeve.partition("/")
    return f"{head}.{digest}{slash}{rest}"


def kinds(engine: Engine) -> dict[str, type]:
    """Class of the strategy of each sleeve that came by the stages; one that cannot be made says why."""
    found: dict[str, type] = {}
    for version in engine.state.release.versions.values():
        if not version.managed or engine.foundry is None or not version.sleeves:
            continue
        try:
            cast = engine.foundry.cast(version.make, engine.state.instruments)
        except CockpitError as error:
            version.fault = str(error)
            for name in version.sleeves:
                engine.state.sleeves[name].benched = version.fault
            continue
        found |= dict.fromkeys(version.sleeves, cast.kind)
    return found


def recall(engine: Engine, remembered: Memory) -> None:
    """The twins of a snapshot, at work again."""
    release = engine.state.release
    for name, frozen in remembered.twins.items():
        if engine.foundry is not None:
            seating.recall(engine, release.versions[name], frozen)
    seating.watch(engine)
