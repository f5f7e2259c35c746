"""The ways from the compiled machine back into Python: what a sleeve's capital is worth now, and the hooks of
a strategy that stays Python.
"""

from __future__ import annotations

from math import nan
from typing import Any

RUNNING: dict[int, Any] = {}
"""Pads of the runs that are going on, by number."""
FAILED: dict[int, BaseException] = {}


def equity(handle: int) -> float:
    """Capital of the sleeve; NaN, and remembered, when it cannot be worked out."""
    try:
        return float(RUNNING[handle].equity())
    except Exception as error:  # noqa: BLE001 - it cannot pass through machine code; the run looks for it
        FAILED[handle] = error
        return nan


BOOK, TRADE, TIMER, FILL = range(4)
"""Hooks, in the order of ``handed.HOOKS``."""


def ask(handle: int, what: int, i: int) -> int:
    """Ask the strategy itself; below 0 when it broke, or looked at what is not known."""
    return int(RUNNING[handle].ask(what, i))
