"""Sizing from the settings: which sleeve gets which method, with which numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.app.complaints import nearest
from cockpit.app.discover import params_of
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import SIZINGS, STRATEGIES
from cockpit.core.sizing import SizingSpec
from cockpit.core.state import Sleeve

OWN = "own"
"""The method of a sleeve that keeps the weights of its strategy."""


def check(row: SleeveConfig, tf: int) -> None:
    """Raises ConfigError when the method of this row cannot be, or has nothing to measure or to size."""
    where = f"{row.strategy} on {'+'.join(row.legs)}: sizing"
    found = spec(row.sizing, where)
    if found is None:
        return
    if len(row.legs) > 1:
        raise ConfigError(
            f"{where}: the legs of a strategy are sized by their ratio, which it must keep itself"
        )
    if not tf:
        raise ConfigError(f"{where}: {found.plugin.name} needs bars and the feed has none")


def of(config: Config, row: SleeveConfig, sleeve: Sleeve) -> SizingSpec | None:
    """The method of a sleeve: its own, else that of all who can have one. Raises ConfigError."""
    if row.sizing is not None:
        return spec(row.sizing, f"{row.strategy} on {'+'.join(row.legs)}: sizing")
    usual = spec(config.sizing.default or None, "sizing.default")
    fits = sleeve.stop_tf and not sleeve.group and row.strategy in STRATEGIES
    return usual if fits else None


def spec(row: Mapping[str, Any] | None, where: str) -> SizingSpec | None:
    """A method from ``{method = "target_vol", sigma = 0.3}``; None = none. Raises ConfigError."""
    if row is None:
        return None
    rest = dict(row)
    name = rest.pop("method", None)
    if name == OWN:
        if rest:
            raise ConfigError(f"{where}: the method {OWN} takes no numbers")
        return None
    plugin = SIZINGS.get(name) if isinstance(name, str) else None
    if plugin is None:
        raise ConfigError(f"{where}: there is no method {name!r}{nearest(str(name), [*SIZINGS, OWN])}")
    try:
        return SizingSpec(plugin, params_of(plugin, rest, strict=False))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
