"""What a value is: a number, a row in memory, an array, several values together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from llvmlite import ir

INT, FLOAT, BOOL, NONE = "int", "float", "bool", "none"
PLAIN = {"int": INT, "float": FLOAT, "bool": BOOL, "None": NONE}
"""As annotations name them."""
NUMBERS = (BOOL, INT, FLOAT)
"""From narrow to wide: what is now one and now the other is the wider one."""
PLACES = {"<i8": (INT, 8), "<i4": (INT, 4), "<f8": (FLOAT, 8), "?": (BOOL, 1)}
"""Numbers in memory, as numpy writes their kinds."""
BYTE, SHORT, WHOLE, REAL, BIT = (
    ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType(), ir.IntType(1),
)  # fmt: skip
POINTER: Any = ir.PointerType()
LLVM: dict[Any, Any] = {INT: WHOLE, FLOAT: REAL, BOOL: BIT}
STORED = {"<i8": WHOLE, "<i4": SHORT, "<f8": REAL, "?": BYTE}


class Field(NamedTuple):
    """Where a part of a row lies."""

    at: int
    kind: Any
    """A ``Row``, a ``Stretch``, or how a number is written."""


class Row:
    """Numbers at fixed places."""

    def __init__(
        self, form: Any, columns: Mapping[str, Column] | None = None, plain: tuple[str, Row] | None = None
    ) -> None:
        self.fields: dict[str, Field] = {}
        self.columns = dict(columns or {})
        """Arrays elsewhere that belong to the row: by name, how each is found."""
        self.plain = plain
        """By which name it is the row without them."""
        self.size = 0
        for name, what, *count in form:
            kind, size = _part(what)
            if count:
                kind, size = Stretch(kind, size), size * count[0][0]
            self.fields[name] = Field(self.size, kind)
            self.size += size


class Stretch(NamedTuple):
    """Rows or numbers one after the other, in memory."""

    part: Any
    size: int
    """Of each, in bytes."""


class Column(NamedTuple):
    """An array that a row knows: its number of rows (a field, or a number), and the field of its address."""

    part: Any
    length: str | int
    address: str


class Several(NamedTuple):
    """Values together; with names for a named tuple."""

    parts: tuple[Any, ...]
    names: tuple[str, ...] = ()


class Shape(NamedTuple):
    """What makes a named tuple."""

    names: tuple[str, ...]


class Outside(NamedTuple):
    """A function that is elsewhere, by its symbol."""

    symbol: str
    takes: tuple[Any, ...]
    gives: Any
    seldom: bool = False
    """It is hardly ever called: what goes around the call stays in registers."""


class Reader(NamedTuple):
    """A function (address, index) → what stands there."""

    part: Any


def _part(what: Any) -> tuple[Any, int]:
    if isinstance(what, str):
        return what, PLACES[what][1]
    row = row_of(tuple(_frozen(part) for part in what))
    return row, row.size


def _frozen(part: Any) -> Any:
    return tuple(_frozen(p) if isinstance(p, list | tuple) else p for p in part)


@lru_cache(maxsize=256)
def _made(form: Any) -> Row:
    return Row(form)


def row_of(form: Any) -> Row:
    """The row that numpy's list of fields describes; the same one for the same list."""
    return _made(_frozen(form))


def size_of(part: Any) -> int:
    """Bytes of a part."""
    return PLACES[part][1] if isinstance(part, str) else int(part.size)


def llvm_of(kind: Any) -> Any:
    """LLVM's type of a value."""
    if isinstance(kind, Several):
        return ir.LiteralStructType([llvm_of(part) for part in kind.parts])
    return LLVM.get(kind, POINTER) if isinstance(kind, str) else POINTER


def joined(a: Any, b: Any) -> Any:
    """The kind of what is now this and now that; None when there is none."""
    if a is b or a == b:
        return a
    if a in NUMBERS and b in NUMBERS:
        return NUMBERS[max(NUMBERS.index(a), NUMBERS.index(b))]
    if isinstance(a, Several) and isinstance(b, Several) and len(a.parts) == len(b.parts):
        parts = tuple(joined(x, y) for x, y in zip(a.parts, b.parts, strict=True))
        return None if None in parts else Several(parts, a.names)
    return None
