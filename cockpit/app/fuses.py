"""Circuit breakers and protections from the settings: which ones, with which numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.app.complaints import nearest
from cockpit.app.discover import params_of
from cockpit.core import breaking
from cockpit.core.breakers import Breaker
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError
from cockpit.core.frames import LimitRow
from cockpit.core.light import light
from cockpit.core.registry import BREAKERS
from cockpit.core.state import State

KINDS = {"ladder": "breaker", "lock": "protection"}
"""Kind of plug-in → the word that names it in a row."""


def equip(engine: Engine, config: Config) -> None:
    """Put the breakers of these settings to work. Raises ConfigError.

    Episodes that are running go on; those of a breaker that is named no longer end.
    """
    engine.breakers = breakers(config)
    engine.state.delever = config.breakers.delever
    breaking.fit(engine.state, engine.breakers)


def breakers(config: Config) -> list[Breaker]:
    """All that these settings name. Raises ConfigError naming what is wrong."""
    found = [
        *_of(config.breakers.ladder, "ladder", "breakers.ladder"),
        *_of(config.breakers.protections, "lock", "breakers.protections"),
    ]
    names = [row.name for row in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"breakers: {name} is named twice")
    return found


def _of(rows: Iterable[Mapping[str, Any]], kind: str, where: str) -> Iterable[Breaker]:
    word = KINDS[kind]
    known = [name for name, plugin in BREAKERS.items() if plugin.options["kind"] == kind]
    for row in rows:
        rest = dict(row)
        name = rest.pop(word, None)
        if name not in known:
            raise ConfigError(f"{where}: there is no {word} {name!r}{nearest(str(name), known)}")
        plugin = BREAKERS[str(name)]
        try:
            params = params_of(plugin, rest, strict=False)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        yield Breaker(plugin.name, plugin.target, params, kind, plugin.options.get("unit", ""))


def shown(state: State, limits: Sequence[LimitRow]) -> dict[str, Any]:
    """The traffic light, running episodes and locks, as ``status`` tells them."""
    colour, why = light(state, limits)
    trips = [
        {**msgspec.to_builtins(trip), "step": trip.step.name.lower()}
        for trip in sorted(state.trips.values(), key=lambda t: (-t.step, t.breaker, t.about))
    ]
    locks = [
        {"what": what, "by": lock.by, "reason": lock.reason, "since": lock.since, "until": lock.until}
        for what, lock in state.locks.items()
        if not 0 < lock.until <= state.now
    ]
    tighter = dict(state.tighter)
    return {"light": colour, "light_why": why, "breakers": trips, "locks": locks, "tighter": tighter}
