"""From a strategy's typed parameters, and what a person says of them, to a space.

Without a word from a person every number with a range varies, between a third and three times its default
and never outside its declared range; the size of the position (``max_position``, ``max_leverage``) stays,
because it scales a result and does not find one. A strategy says it better itself:

    fast: Annotated[int, Meta(ge=2, le=200, extra_json_schema={"search": [3, 30, 1]})] = 9
    held: Annotated[int, Meta(ge=1, le=99, extra_json_schema={"search": False})] = 5
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

import msgspec
from msgspec import inspect

from cockpit.core.errors import ConfigError
from cockpit.core.registry import Plugin
from cockpit.lab.search.space import Axis, Space

SIZES = frozenset(("max_position", "max_leverage"))
"""How much is held, not when."""
REACH = 3.0
"""How far from its default a parameter is looked for when nobody says."""
RANGE = re.compile(r"^(?P<low>[^.:][^:]*?)\.\.(?P<high>[^:]+?)(?::(?P<step>.+))?$")
EVERY = "*"


class Field(msgspec.Struct, frozen=True):
    """One parameter as its strategy declares it."""

    name: str
    kind: inspect.Type
    default: Any
    schema: dict[str, Any]

    @property
    def whole(self) -> bool:
        return isinstance(self.kind, inspect.IntType)

    @property
    def number(self) -> bool:
        return isinstance(self.kind, inspect.IntType | inspect.FloatType)

    @property
    def choices(self) -> tuple[Any, ...]:
        if isinstance(self.kind, inspect.BoolType):
            return (False, True)
        return tuple(self.kind.values) if isinstance(self.kind, inspect.LiteralType) else ()


def fields(plugin: Plugin) -> list[Field]:
    """The parameters of a strategy, in its order. Raises ConfigError when it has none."""
    if plugin.params is None:
        raise ConfigError(f"{plugin.kind} {plugin.name} has no parameters, so there is nothing to search")
    info = inspect.type_info(plugin.params)
    assert isinstance(info, inspect.StructType)
    found = []
    for field in info.fields:
        kind: Any = field.type
        schema: dict[str, Any] = {}
        if isinstance(kind, inspect.Metadata):
            kind, schema = kind.type, dict(kind.extra_json_schema or {})
        found.append(Field(field.name, kind, field.default, schema))
    return found


def space_of(plugin: Plugin, given: Mapping[str, Any], said: Sequence[str] = ()) -> Space:
    """The space of a strategy. Raises ConfigError naming what cannot be searched, and what could be.

    ``given``: parameters of its sleeve, fixed. ``said``: ``fast=5..30:1`` varies exactly the parameters
    that are named so, ``slow=50`` fixes one, ``*`` lets all others vary too.
    """
    known = {field.name: field for field in fields(plugin)}
    axes: dict[str, Axis] = {}
    fixed = dict(given)
    everything = not any(".." in text or "|" in text for text in said)
    for text in said:
        if text == EVERY:
            everything = True
            continue
        name, equals, wish = text.partition("=")
        if name not in known or not equals:
            raise ConfigError(_unknown(plugin, name, known, bool(equals)))
        found = _axis(plugin, known[name], wish.strip())
        if found is None:
            fixed[name] = wish.strip()
        else:
            axes[name] = found
            fixed.pop(name, None)
    if everything:
        for name, field in known.items():
            found = None if name in fixed or name in axes else _usual(field)
            if found is not None:
                axes[name] = found
    if not axes:
        raise ConfigError(
            f"{plugin.name}: nothing is left to search; name a range: --param NAME=LOW..HIGH:STEP"
        )
    return Space(tuple(axes[name] for name in known if name in axes), fixed)


def builder(plugin: Plugin, space: Space) -> Callable[[Sequence[float]], Any]:
    """A function from a point to the strategy's own parameters, None where its rules forbid them."""
    kind: Any = plugin.params

    def build(point: Sequence[float]) -> Any:
        try:
            return msgspec.convert(space.params(point), kind, strict=False)
        except msgspec.ValidationError:
            return None

    return build


def _unknown(plugin: Plugin, name: str, known: Mapping[str, Field], named: bool) -> str:
    if name in known and not named:
        return f"--param {name}: write {name}=LOW..HIGH:STEP to search it, {name}=VALUE to fix it"
    return f"{plugin.kind} {plugin.name} has no parameter {name!r}; there are {', '.join(known)}"


def _axis(plugin: Plugin, field: Field, wish: str) -> Axis | None:
    """The axis that a person asks for; None for a plain value."""
    if field.choices and "|" in wish:
        known = {str(value).lower(): value for value in field.choices}
        picked = [known.get(word.strip().lower()) for word in wish.split("|")]
        if None in picked:
            raise ConfigError(f"{plugin.name}: {field.name} is one of {', '.join(known)}, not {wish}")
        return Axis(field.name, choices=tuple(picked))
    found = RANGE.match(wish)
    if found is None:
        return None
    if not field.number:
        raise ConfigError(f"{plugin.name}: {field.name} is no number; name its values: {field.name}=a|b")
    try:
        low, high = float(found["low"]), float(found["high"])
        step = float(found["step"]) if found["step"] else _step(field)
    except ValueError:
        raise ConfigError(
            f"{plugin.name}: {field.name}={wish} is no range (write 5..30 or 5..30:1)"
        ) from None
    return _checked(plugin.name, field, low, high, step, wish)


def _checked(who: str, field: Field, low: float, high: float, step: float, wish: str) -> Axis:
    kind: Any = field.kind
    lowest = kind.ge if kind.ge is not None else kind.gt
    highest = kind.le if kind.le is not None else kind.lt
    if not (isfinite(low) and isfinite(high) and isfinite(step)):
        raise ConfigError(f"{who}: {field.name}={wish} has no end")
    if not low <= high or step < 0:
        raise ConfigError(f"{who}: {field.name}={wish} goes from high to low, or by a negative step")
    if field.whole and any(value != int(value) for value in (low, high, step)):
        raise ConfigError(f"{who}: {field.name} is a whole number, {wish} is not")
    if (lowest is not None and low < lowest) or (highest is not None and high > highest):
        raise ConfigError(f"{who}: {field.name}={wish} leaves its range, {lowest} to {highest}")
    return Axis(field.name, low, high, step, field.whole, unit=str(field.schema.get("unit", "")))


def _usual(field: Field) -> Axis | None:
    """The axis of a parameter that nobody spoke of; None = it stays."""
    wish = field.schema.get("search")
    if wish is False or field.name in SIZES:
        return None
    unit = str(field.schema.get("unit", ""))
    if isinstance(wish, list | tuple):
        low, high, *step = (float(value) for value in wish)
        return Axis(field.name, low, high, step[0] if step else _step(field), field.whole, unit=unit)
    if field.choices:
        return Axis(field.name, choices=field.choices)
    if not field.number or not isinstance(field.default, int | float) or not field.default:
        return None
    kind: Any = field.kind
    ends = sorted((field.default / REACH, field.default * REACH))
    low = max(ends[0], *(v for v in (kind.ge, kind.gt) if v is not None), -float("inf"))
    high = min(ends[1], *(v for v in (kind.le, kind.lt) if v is not None), float("inf"))
    if field.whole:
        low, high = float(-(-low // 1)), float(high // 1)
    return Axis(field.name, low, high, _step(field), field.whole, unit=unit) if low < high else None


def _step(field: Field) -> float:
    kind: Any = field.kind
    return float(kind.multiple_of or (1 if field.whole else 0))
