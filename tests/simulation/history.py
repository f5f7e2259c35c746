"""What happened, in order: the one thing a failing seed leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import msgspec


class Line(NamedTuple):
    """One happening. ``number`` orders what the clock cannot: many things share one virtual instant."""

    number: int
    at: float
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.number:6d}  {self.at:10.3f}s  {self.who:<9} {self.what}"


class History:
    """Everything that venue, network, cockpit and checker did; its digest is the run's identity (I28)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.lines: list[Line] = []
        self.folder = ""
        """Where this run keeps its files: a name that no other run has, and that is not told."""
        self._hash = hashlib.blake2b(digest_size=16)

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return self._clock()

    def add(self, who: str, what: str) -> int:
        """Write a line; its number."""
        if self.folder and self.folder in what:
            what = what.replace(self.folder, "FOLDER")
        line = Line(len(self.lines) + 1, self._clock(), who, what)
        self.lines.append(line)
        self._hash.update(f"{line.at:.9f}|{who}|{what}\n".encode())
        return line.number

    def mix(self, raw: bytes) -> None:
        """Let bytes that are not worth a line (market ticks, journal rows) count for the digest."""
        self._hash.update(raw)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def tail(self, lines: int = 60, *, about: str = "") -> str:
        """The last lines, or the last that mention ``about`` (an order's id, a symbol)."""
        chosen = [line for line in self.lines if about in line.what] if about else self.lines
        return "\n".join(str(line) for line in chosen[-lines:])


UNTOLD = frozenset(("sleeve", "fee_ccy", "pos_side", "kind", "callback"))
"""Fields that say nothing the others do not."""


def brief(thing: object) -> str:
    """An event or action in one line: its name and the fields that are not empty."""
    if not isinstance(thing, msgspec.Struct):
        return str(thing)
    parts = []
    for name in _told(type(thing)):
        value = getattr(thing, name)
        if value is not None and value != "":
            parts.append(f"{name}={_word(value)}")
    return f"{type(thing).__name__}({' '.join(parts)})"


@cache
def _told(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name not in UNTOLD)


def _word(value: object) -> str:
    if value.__class__ is str:
        return value  # type: ignore[return-value]
    if isinstance(value, tuple):
        return "[" + ", ".join(_word(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_word(item)}" for key, item in value.items()) + "}"
    return brief(value) if isinstance(value, msgspec.Struct) else str(value)


class Violation(Exception):
    """An invariant does not hold. Carries its id, so that a test can say which one caught what."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
