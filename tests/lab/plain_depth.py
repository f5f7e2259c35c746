"""The machine's program as plain Python, so that a fault can be planted in its text without a compiler."""

from __future__ import annotations

import ctypes
import math
from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from cockpit.lab.compiled import layout, rows
from cockpit.lab.compiled.reasons import LIST_FULL
from cockpit.lab.compiled.records import Stop
from cockpit.lab.compiled.translate import QUOTING_HOOKS, Program
from cockpit.lab.depth import build, calls, records, run, stretch


class Rec:
    """A row by its fields' names, whatever numpy calls its own attributes."""

    __slots__ = ("_row",)

    def __init__(self, row: Any) -> None:
        object.__setattr__(self, "_row", row)

    def __getattr__(self, name: str) -> Any:
        value = self._row[name]
        return Rec(value) if isinstance(value, np.void) else value.item()

    def __setattr__(self, name: str, value: Any) -> None:
        self._row[name] = value


class Rows:
    """An array of them."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, at: int) -> Rec:
        return Rec(self._array[at])


def _array(address: int, count: int, kind: Any) -> Any:
    size = count * np.dtype(kind).itemsize
    raw = (ctypes.c_char * size).from_address(int(address))
    array = np.frombuffer(raw, kind)
    return Rows(array) if array.dtype.names else array


def _row(address: int, kind: Any) -> Any:
    return _array(address, 1, kind)[0]


MANY = 1 << 20


class Desk:
    """The machine's row, its arrays, and the row's own fields."""

    def __init__(self, m: Rec, arrays: dict[str, Any]) -> None:
        vars(self).update(arrays, m=m)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.m, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.m, name, value)


def _desk(address: int, _kind: Any) -> Desk:
    """The machine's row and its arrays, of which the lengths are known."""
    m = _row(address, np.dtype(rows.dtype(records.Machine)))
    arrays = {}
    for name, (row, length, where) in build.COLUMNS.items():
        count = length if isinstance(length, int) else getattr(m, length)
        kind = np.dtype(np.int64 if row is int else rows.dtype(row))
        arrays[name] = _array(getattr(m, where), max(1, count), kind)
    return Desk(m, arrays)


def prepared(plugin: Any, change: Callable[[str], str] = str) -> run.Prepared:
    """A strategy in plain Python; ``change`` may plant a fault."""
    program = Program(plugin.target, plugin.name, QUOTING_HOOKS)
    text = change(build.text_of(program))
    names: dict[str, Any] = {
        **vars(math), "np": np, "State": np.dtype(layout.dtype(program.owner)), "Desk": "desk",
        "TRADE_NEWS": namedtuple("TRADE_NEWS", build.TRADE), "FILL": namedtuple("FILL", build.FILL),
        "Stop": Stop, "LIST_FULL": LIST_FULL,
        "row_at": lambda at, kind: _desk(at, kind) if isinstance(kind, str) else _row(at, kind),
        "floats_at": lambda at: _array(at, MANY, np.float64), "equity_of": calls.equity,
        "drawn": stretch.drawn, "Any": Any, "Window": None, "Pen": None,
    }  # fmt: skip
    exec(compile(text, "plain", "exec"), names)
    doors = {door: names[door] for door in ("run", "quote") if door in names}
    return run.Prepared(plugin, program, SimpleNamespace(**doors))
