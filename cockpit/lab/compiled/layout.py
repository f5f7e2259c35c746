"""A strategy object as flat memory: its numbers in place, its lists as stretches of one array of floats."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from cockpit.lab.compiled.reasons import Unsupported

LIST = [("at", "<i8"), ("n", "<i8"), ("room", "<i8")]
SCALARS = {int: "<i8", float: "<f8", bool: "?"}
LARGEST = 1 << 53


@lru_cache(maxsize=256)
def kinds(owner: Any) -> dict[str, Any]:
    """Type of each field that has a place: int, float, bool, ``list[float]`` or another such class."""
    found = {}
    for name, hint in get_type_hints(owner).items():
        kind = _kind(hint)
        if kind is not None and name in getattr(owner, "__struct_fields__", ()):
            found[name] = kind
    return found


def _kind(hint: Any) -> Any:
    if hint in SCALARS or hint == list[float]:
        return hint
    if get_origin(hint) is not None and hasattr(hint, "__metadata__"):
        return _kind(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return None


@lru_cache(maxsize=256)
def dtype(owner: Any) -> list[Any]:
    """As numpy writes it."""
    found: list[Any] = []
    for name, kind in kinds(owner).items():
        if kind == list[float]:
            found.append((name, LIST))
        else:
            found.append((name, SCALARS.get(kind) or dtype(kind)))
    return found or [("nothing", "<i8")]


NUMBER, LISTED, PART = 0, 1, 2


@lru_cache(maxsize=256)
def plan(owner: Any) -> tuple[tuple[str, int, Any], ...]:
    """What ``flatten`` does with each field: a number, a list, or a part with fields of its own."""
    found = []
    for name, kind in kinds(owner).items():
        found.append((name, LISTED if kind == list[float] else NUMBER if kind in SCALARS else PART, kind))
    return tuple(found)


@lru_cache(maxsize=256)
def has_lists(owner: Any) -> bool:
    """Is there a list anywhere in such an object?"""
    return any(what == LISTED or (what == PART and has_lists(kind)) for _, what, kind in plan(owner))


def flatten(thing: Any, arena: list[float], room: int) -> tuple[Any, ...]:
    """The values of an object in the order of ``dtype``; lists are appended to ``arena`` with ``room`` spare.

    Raises Unsupported when a value is not what its annotation says.
    """
    values: list[Any] = []
    whose: Any = type(thing)
    for name, what, kind in plan(whose):
        value = getattr(thing, name)
        if what == NUMBER:
            if type(value) is not kind or kind is int:
                value = _checked(thing, name, kind, value)
            values.append(value)
        elif what == LISTED:
            size = max(room, 2 * len(value))
            values.append((len(arena), len(value), size))
            arena += [*value, *([0.0] * (size - len(value)))]
        elif type(value) is kind:
            values.append(flatten(value, arena, room))
        else:
            raise Unsupported(f"{type(thing).__name__}.{name} is {type(value).__name__}, not {kind.__name__}")
    return tuple(values) or (0,)


def _checked(thing: Any, name: str, kind: type, value: Any) -> Any:
    fits = type(value) is kind or (kind is float and type(value) is int)
    if not fits or (type(value) is int and abs(value) >= LARGEST):
        raise Unsupported(f"{type(thing).__name__}.{name} is {value!r}, not {kind.__name__}")
    return kind(value)


def largest(thing: Any) -> int:
    """The largest whole number anywhere in an object: how long its lists may well become."""
    most = 0
    whose: Any = type(thing)
    for name, what, kind in plan(whose):
        if what == PART:
            most = max(most, largest(getattr(thing, name)))
        elif kind is int:
            most = max(most, abs(getattr(thing, name)))
    return most
