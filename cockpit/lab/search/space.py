"""What a search may vary: one axis a parameter, each cut into the values that a strategy would take.

A search method sees points of the unit cube; only an axis knows what they mean. So every method works for
whole numbers, steps and choices, and two points in one cell are one try.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Point = tuple[float, ...]
"""Coordinates in [0, 1), one an axis."""
DIGITS = 12
"""Decimals that a value on a grid is rounded to: 0.1 + 0.2 must be 0.3 for a person."""


class Axis(msgspec.Struct, frozen=True):
    """One parameter that varies, both ends allowed. ``choices`` instead of numbers for words and switches."""

    name: str
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    """0 = any number."""
    whole: bool = False
    choices: tuple[Any, ...] = ()
    unit: str = ""

    @property
    def cells(self) -> int:
        """How many different values there are; 0 = no end of them."""
        if self.choices:
            return len(self.choices)
        return int((self.high - self.low) / self.step + 1e-9) + 1 if self.step else 0

    def value(self, u: float) -> Any:
        """What the strategy is given at coordinate ``u``."""
        u = min(max(u, 0.0), 1.0)
        if not self.cells:
            return self.low + u * (self.high - self.low)
        cell = min(int(u * self.cells), self.cells - 1)
        if self.choices:
            return self.choices[cell]
        found = round(self.low + cell * self.step, DIGITS)
        return int(found) if self.whole else found

    def place(self, value: Any) -> float:
        """The coordinate of a value: the middle of its cell."""
        if self.choices:
            return (self.choices.index(value) + 0.5) / len(self.choices)
        if self.cells:
            return (round((float(value) - self.low) / self.step) + 0.5) / self.cells
        span = self.high - self.low
        return (float(value) - self.low) / span if span else 0.5


class Space(msgspec.Struct, frozen=True):
    """All axes, and the parameters that stay as they are."""

    axes: tuple[Axis, ...]
    fixed: dict[str, Any] = {}

    @property
    def dim(self) -> int:
        return len(self.axes)

    @property
    def cells(self) -> int:
        """How many different tries there are; 0 = no end of them."""
        count = 1
        for axis in self.axes:
            count *= axis.cells
        return count

    def params(self, point: Sequence[float]) -> dict[str, Any]:
        """Parameters of a strategy at a point."""
        found = dict(self.fixed)
        for axis, u in zip(self.axes, point, strict=True):
            found[axis.name] = axis.value(u)
        return found

    def point(self, params: Mapping[str, Any]) -> Point:
        """The point of such parameters."""
        return tuple(axis.place(params[axis.name]) for axis in self.axes)
