"""What makes a trial good, and what it must not break: an objective and constraints, as a person writes them.

calmar    sharpe:drawdown=2,turnover=0.001    multi
trades>=30    mdd<=0.25    turnover<=200
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.core.errors import ConfigError
from cockpit.core.registry import OBJECTIVES, Plugin
from cockpit.lab.search.measure import Measured
from cockpit.lab.search.trial import Outcome

LIMIT = re.compile(r"^\s*(\w+)\s*(>=|<=)\s*([-+\d.eE]+)\s*$")
LEAST_TRADES = 10
"""Below so many closed trades no ratio says anything; another number with ``trades>=N``."""


class Limit(msgspec.Struct, frozen=True):
    """One constraint on what was measured."""

    name: str
    least: bool
    bound: float

    def text(self) -> str:
        return f"{self.name}{'>=' if self.least else '<='}{self.bound:g}"

    def broken(self, measured: Measured) -> str:
        """Why it does not hold; empty when it does. What is undefined breaks it."""
        value = getattr(measured, self.name)
        if value is not None and (value >= self.bound if self.least else value <= self.bound):
            return ""
        return f"{self.name} is {'undefined' if value is None else format(value, '.4g')}, not {self.text()}"


class Goal(msgspec.Struct, frozen=True):
    """An objective with its numbers, and constraints."""

    objective: Plugin
    params: Any
    limits: tuple[Limit, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.objective.options["goals"])

    def judge(self, measured: Measured) -> tuple[Outcome, tuple[float | None, ...], str]:
        """What became of a run that ended well: outcome, scores, why it does not count."""
        scores = tuple(self.objective.target(measured, self.params))
        if measured.trades == 0:
            return Outcome.VOID, scores, "no trade"
        for limit in self.limits:
            why = limit.broken(measured)
            if why:
                return Outcome.SHORT, scores, why
        undefined = [name for name, score in zip(self.names, scores, strict=True) if score is None]
        if undefined:
            return Outcome.VOID, scores, f"{', '.join(undefined)} undefined"
        return Outcome.DONE, scores, ""


def goal_of(text: str, limits: Sequence[str] = ()) -> Goal:
    """From ``name:k=v,…`` and ``trades>=30``. Raises ConfigError with what there is."""
    name, _, given = text.partition(":")
    plugin = OBJECTIVES.get(name)
    if plugin is None:
        raise ConfigError(f"no objective {name!r}; there are {', '.join(OBJECTIVES)}")
    values: dict[str, str] = {}
    for pair in filter(None, given.split(",")):
        key, equals, value = pair.partition("=")
        if not equals or plugin.params is None or key not in plugin.params.__struct_fields__:
            known = ", ".join(plugin.params.__struct_fields__) if plugin.params else "none"
            raise ConfigError(f"objective {name} has no parameter {key!r}; it has {known}")
        values[key] = value
    try:
        params = msgspec.convert(values, plugin.params, strict=False) if plugin.params else None
    except msgspec.ValidationError as error:
        raise ConfigError(f"objective {name}: {error}") from error
    found = [limit_of(row) for row in limits]
    if not any(row.name == "trades" for row in found):
        found.insert(0, Limit("trades", True, LEAST_TRADES))
    return Goal(plugin, params, tuple(found))


def limit_of(text: str) -> Limit:
    """``mdd<=0.25``. Raises ConfigError."""
    found = LIMIT.match(text)
    names = Measured.__struct_fields__
    if found is None or found[1] not in names:
        raise ConfigError(f"not a constraint: {text!r} (write trades>=30; there are {', '.join(names)})")
    try:
        return Limit(found[1], found[2] == ">=", float(found[3]))
    except ValueError:
        raise ConfigError(f"not a number in the constraint {text!r}") from None
