"""Rows of the machine's memory as Python reads and writes them."""

from __future__ import annotations

from struct import Struct
from types import SimpleNamespace
from typing import Any, get_origin

from cockpit.lab.compiled import rows as flat

CODES: dict[Any, str] = {int: "q", flat.Short: "i", float: "d", bool: "?"}


class Block:
    """The plain fields with which a row begins, at one place of an array."""

    __slots__ = ("_buffer", "_offset", "_size", "_struct", "at")

    def __init__(self, array: Any, row: Any, offset: int = 0) -> None:
        names = []
        code = "<"
        for name, kind in flat.fields(row).items():
            if get_origin(kind) is list or kind not in CODES:
                break
            names.append(name)
            code += CODES[kind]
        self._struct = Struct(code)
        self._buffer = memoryview(array).cast("B")
        self._offset = offset
        self._size = array.dtype.itemsize
        self.at: Any = SimpleNamespace(**{name: i for i, name in enumerate(names)})
        """Where each field is in what ``read`` gives."""

    def read(self, index: int = 0) -> list[Any]:
        """The fields' values."""
        return list(self._struct.unpack_from(self._buffer, index * self._size + self._offset))

    def write(self, values: Any, index: int = 0) -> None:
        """Put them back."""
        self._struct.pack_into(self._buffer, index * self._size + self._offset, *values)


class Cells:
    """The plain fields with which a row begins, where they lie: read and written one by one.

    Every one of them takes eight bytes; whole numbers are found in ``whole``, floats in ``floats``.
    """

    __slots__ = ("at", "floats", "whole")

    def __init__(self, array: Any, row: Any) -> None:
        names = []
        for name, kind in flat.fields(row).items():
            if kind not in (int, float):
                break
            names.append(name)
        memory = memoryview(array).cast("B")[: 8 * len(names)]
        self.whole, self.floats = memory.cast("q"), memory.cast("d")
        self.at: Any = SimpleNamespace(**{name: i for i, name in enumerate(names)})
