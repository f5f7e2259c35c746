"""Lines in dots: two across and four down in a cell. Pure; several curves may share the cells."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from cockpit.tui.cells import Row, Segment
from cockpit.tui.glyphs import Glyphs

DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Bit of a dot by column and height above the cell's floor."""
BLANK = 0x2800


class Curve(NamedTuple):
    """A line of values and how it is drawn."""

    values: Sequence[float]
    style: str
    dashed: bool = False
    """Told from another one without colour."""


def lines(curves: Sequence[Curve], width: int, height: int, glyphs: Glyphs) -> list[Row]:
    """Curves over one scale, ``width`` x ``height`` cells; the first lies on top."""
    known = [value for curve in curves for value in curve.values if isfinite(value)]
    if not known or width < 1 or height < 1:
        return [((" " * max(0, width), ""),)] * max(0, height)
    low, high = min(known), max(known)
    dots: list[list[tuple[int, str]]] = [[(0, "")] * width for _ in range(height)]
    for curve in reversed(curves):
        _draw(dots, curve, low, high)
    return [_row(line, glyphs) for line in dots]


def _draw(dots: list[list[tuple[int, str]]], curve: Curve, low: float, high: float) -> None:
    values = curve.values
    height, wide = len(dots), len(dots[0]) * 2
    tall, before = height * 4, -1
    for x in range(wide):
        value = values[min(len(values) - 1, x * len(values) // wide)] if values else float("nan")
        if not isfinite(value):
            before = -1
            continue
        y = round((value - low) / (high - low) * (tall - 1)) if high > low else tall // 2
        if curve.dashed and x // 2 % 3 == 2:
            before = y
            continue
        first, last = (y, y) if before < 0 else sorted((y, before + (y > before) - (y < before)))
        for at in range(first, last + 1):
            row = height - 1 - at // 4
            bits, _ = dots[row][x // 2]
            dots[row][x // 2] = (bits | DOTS[x % 2][at % 4], curve.style)
        before = y


def _row(line: Sequence[tuple[int, str]], glyphs: Glyphs) -> Row:
    out: list[Segment] = []
    for bits, style in line:
        shape = " " if not bits else glyphs.own if glyphs.name == "ascii" else chr(BLANK + bits)
        if out and out[-1][1] == style:
            out[-1] = (out[-1][0] + shape, style)
        else:
            out.append((shape, style))
    return tuple(out)
