"""Where one thread's runs write their lines, each run behind the last.

A result keeps its lines where they were written: nothing is copied. Memory that no result needs any more is
written again, so that a search which keeps only numbers touches the same pages all the time.
"""

from __future__ import annotations

import mmap
import threading
import weakref
from typing import Any

RUNS = 4
"""Runs of the most lines that are expected which a sheet has room for; most write a third of that."""
KEPT = 3
"""Sheets that a thread has at hand."""


class _Sheet:
    """Memory, and who looks at it."""

    def __init__(self, size: int) -> None:
        self.memory = mmap.mmap(-1, size)
        self._lines: weakref.ref[Any] | None = None

    def let(self, line: Any) -> Any:
        """All of it as lines of a dtype. What is taken from these keeps the sheet from being free."""
        import numpy as np

        lines = np.frombuffer(self.memory, line, len(self.memory) // line.itemsize)
        self._lines = weakref.ref(lines)
        return lines

    def lines(self) -> Any:
        """Those that are let; None = it is free."""
        return None if self._lines is None else self._lines()


class Sheets(threading.local):
    """One thread's own."""

    def __init__(self) -> None:
        self._sheets: list[_Sheet] = []
        self._sheet: _Sheet | None = None
        self._lines: Any = None
        self._used = 0

    def room(self, line: Any, least: int) -> int:
        """How many lines of a dtype are left; ``least`` at the least."""
        if self._used and self._sheet is not None:
            self._lines = None
            self._lines = self._sheet.lines()  # gone, if no result is left that needs any of them
        if self._lines is None or self._lines.dtype != line or len(self._lines) - self._used < least:
            self._lines, self._used = None, 0
            self._sheet = self._found(least * line.itemsize)
            self._lines = self._sheet.let(line)
        return len(self._lines) - self._used

    def at(self) -> int:
        """The address of the next line."""
        return int(self._lines.ctypes.data) + self._used * int(self._lines.itemsize)

    def take(self, count: int) -> Any:
        """The next lines, which have been written."""
        self._used += count
        return self._lines[self._used - count : self._used]

    def _found(self, size: int) -> _Sheet:
        for sheet in self._sheets:
            if sheet.lines() is None and len(sheet.memory) >= size:
                return sheet
        made = _Sheet(size * RUNS)
        self._sheets = [*self._sheets[1 - KEPT :], made]
        return made
