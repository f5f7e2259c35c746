"""Limits of the gate that a person has made tighter while the machine runs: never looser than the settings.

What is said here lasts over a restart, for it stands in the State; whoever lifts it is back at the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.core.config import RiskConfig
from cockpit.core.meant import number
from cockpit.core.refusal import Refusal

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

BY_HAND = (
    "max_notional",
    "max_leverage",
    "max_net_leverage",
    "max_position",
    "max_margin_use",
    "max_orders_per_second",
    "max_orders_per_minute",
    "price_band",
    "max_deviation",
    "stale_ms",
)
"""Settings of ``[risk]`` of which a smaller number is the stricter one."""
OFF = "off"


def tightened(risk: RiskConfig, tighter: Mapping[str, float]) -> RiskConfig:
    """The settings' limits, each with what a person has said instead where that is smaller."""
    found = {name: _like(risk, name, value) for name, value in tighter.items() if value < getattr(risk, name)}
    return msgspec.structs.replace(risk, **found) if found else risk


def tighten(engine: Engine, name: str, typed: str) -> None:
    """Set one limit, or lift what was set (``off``). Raises Refusal; then nothing has changed."""
    if name not in BY_HAND:
        raise Refusal("limit.unknown", what=name[:40], known=", ".join(BY_HAND))
    if engine.ruling is None:
        raise Refusal("limit.no_settings")
    risk, tighter = engine.ruling.limits, engine.state.tighter
    most = getattr(risk, name)
    if typed == OFF:
        if name not in tighter:
            raise Refusal("limit.not_set", what=name, most=f"{most:g}")
        del tighter[name]
    else:
        value = float(number(typed, name))
        if value >= most:
            raise Refusal("limit.looser", what=name, to=typed, most=f"{most:g}")
        try:
            msgspec.convert({name: _like(risk, name, value)}, RiskConfig)
        except msgspec.ValidationError as error:
            raise Refusal("limit.cannot_be", what=name, to=typed, reason=error) from error
        tighter[name] = value
    enforce(engine)


def enforce(engine: Engine) -> None:
    """Put the gate under the limits in force, that of the twins too."""
    if engine.ruling is None:
        return
    engine.rules = engine.ruling.rules(tightened(engine.ruling.limits, engine.state.tighter))
    for twin in engine.twins.values():
        twin.engine.rules = engine.rules


def _like(risk: RiskConfig, name: str, value: float) -> float:
    """A number of the setting's own kind: so many orders are whole ones."""
    whole = isinstance(getattr(risk, name), int)
    return int(value) if whole and value == int(value) else value
