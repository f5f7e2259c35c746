"""A strategy object's numbers read at once and written as the bytes that ``layout`` describes.

A search makes thousands of objects of one class: which attributes there are, and of which kind, is found out
once. What does not look as its annotations say goes the slow way, which says what is wrong.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from struct import Struct
from typing import Any

from cockpit.lab.compiled.layout import LARGEST, LISTED, PART, flatten, plan

CODES: dict[Any, str] = {int: "q", float: "d", bool: "?", list: "qqq"}


class Packing:
    """Of one class."""

    def __init__(self, owner: Any) -> None:
        leaves: list[tuple[str, Any]] = []
        parts: list[tuple[str, Any]] = []
        self.spans: dict[str, tuple[int, int]] = {}
        """By field of the class: where its numbers lie among all."""
        for name, what, kind in plan(owner):
            first = len(leaves)
            _walk(name, what, kind, leaves, parts)
            self.spans[name] = (first, len(leaves))
        self.kinds = tuple(kind for _, kind in leaves)
        self.part_kinds = tuple(kind for _, kind in parts)
        self._get, self._of = _getter([n for n, _ in leaves]), _getter([n for n, _ in parts])
        self._whole = [at for at, kind in enumerate(self.kinds) if kind is int]
        self._lists = list in self.kinds
        self._form = Struct("<" + ("".join(CODES[kind] for kind in self.kinds) or "q"))

    def values(self, thing: Any) -> tuple[Any, ...]:
        """All numbers in the order of the layout; lists are themselves. Raises Unsupported as ``flatten``."""
        try:
            found: tuple[Any, ...] = self._get(thing)
            if tuple(map(type, self._of(thing))) == self.part_kinds:
                if tuple(map(type, found)) == self.kinds and self.largest(found) < LARGEST:
                    return found
        except AttributeError:
            found = ()
        flatten(thing, [], 0)
        return tuple(kind(value) for kind, value in zip(self.kinds, found, strict=True))

    def largest(self, values: tuple[Any, ...]) -> int:
        """The largest whole number: how long lists may well become."""
        return max((abs(values[at]) for at in self._whole), default=0)

    def bytes(self, values: tuple[Any, ...], arena: list[float], room: int) -> bytearray:
        """What the machine reads. Lists are appended to ``arena``, with ``room`` at least."""
        if self._lists:
            room = max(room, self.largest(values) + 2)
            flat: list[Any] = []
            for value in values:
                if type(value) is list:
                    size = max(room, 2 * len(value))
                    flat += (len(arena), len(value), size)
                    arena += value
                    arena += [0.0] * (size - len(value))
                else:
                    flat.append(value)
            return bytearray(self._form.pack(*flat))
        return bytearray(self._form.pack(*(values or (0,))))

    def key(self, values: tuple[Any, ...], name: str) -> tuple[Any, ...]:
        """The numbers of one field, lists by what is in them."""
        first, last = self.spans[name]
        mine = values[first:last]
        if self._lists:
            return tuple(tuple(value) if type(value) is list else value for value in mine)
        return mine


def _walk(name: str, what: int, kind: Any, leaves: list[Any], parts: list[Any]) -> None:
    if what != PART:
        leaves.append((name, list if what == LISTED else kind))
        return
    parts.append((name, kind))
    for inner, of, its in plan(kind):
        _walk(f"{name}.{inner}", of, its, leaves, parts)


def _getter(names: list[str]) -> Any:
    """A function from an object to the values of these attributes."""
    if not names:
        return lambda _thing: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda thing: (get(thing),)


@lru_cache(maxsize=256)
def packing(owner: Any) -> Packing:
    """Of a class; made once."""
    return Packing(owner)
