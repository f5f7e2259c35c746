"""The generated module as plain Python, so that a fault can be planted in its text without a compiler."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from cockpit.lab.compiled.translate import BOOK_HOOKS, Program
from cockpit.lab.depth import build, calls, run, stretch


def _njit(*given: Any, **_options: Any) -> Any:
    return given[0] if len(given) == 1 and isinstance(given[0], type(_njit)) else lambda function: function


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


def _carray(address: int, shape: tuple[int], dtype: Any) -> Any:
    size = int(shape[0]) * np.dtype(dtype).itemsize
    raw = (ctypes.c_char * size).from_address(int(address))
    array = np.frombuffer(raw, dtype)
    return Rows(array) if array.dtype.names else array


MANY = 1 << 20


def _column(kind: Any) -> Callable[[int, int], Any]:
    """As ``pointers.column``: what stands at a place of an array, of which only the address is known."""
    known: dict[int, Any] = {}
    dtype = np.dtype(np.int64) if callable(kind) and not isinstance(kind, np.dtype) else kind

    def at(address: int, index: int) -> Any:
        if address not in known:
            known[address] = _carray(address, (MANY,), dtype)
        return known[address][index]

    return at


def prepared(plugin: Any, change: Callable[[str], str] = str) -> run.Prepared:
    """A strategy in plain Python; ``change`` may plant a fault."""
    program = Program(plugin.target, plugin.name, BOOK_HOOKS)
    text = change(build.text_of(program))
    text = text.replace("from numba import carray, njit, types\n", "").replace("import numba\n", "")
    text = text.replace("from cockpit.lab.compiled.pointers import as_pointer, column\n", "")
    types = SimpleNamespace(
        int64=lambda _kind: None, float64=lambda _kind: None, ExternalFunction=lambda *_: calls.equity
    )
    names: dict[str, Any] = {"njit": _njit, "carray": _carray, "as_pointer": int, "types": types}
    names |= {"column": _column, "numba": SimpleNamespace(from_dtype=lambda dtype: dtype)}
    exec(compile(text, "plain", "exec"), names)
    names["drawn"] = stretch.drawn
    return run.Prepared(plugin, program, SimpleNamespace(run=names["run"]))
