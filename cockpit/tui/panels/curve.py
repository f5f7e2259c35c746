"""The curve of the run under the lab's cursor, its drawdown below; of a study the map of its space."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures
from cockpit.tui.aside import LabDetail, LabHeat
from cockpit.tui.braille import Curve, lines
from cockpit.tui.cells import Row, fit, wrapped
from cockpit.tui.picture import Look, Picture
from cockpit.tui.untried import nothing

LABEL = 11
FALL = 4
"""Rows of the drawdown, where there is room."""
CELL = 7


@panel("curve", rate=2, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Two curves start at 100 when runs are compared; else money."""
    sheet = look.aside.lab
    found = sheet.details.get(sheet.cursor)
    other = sheet.details.get(sheet.marked) if sheet.marked != sheet.cursor else None
    title = look.say("panel.curve")
    if found is None or not found.curve:
        return Picture(title=title, rows=nothing(found, look))
    if sheet.cursor.startswith("study:"):
        return Picture(title=look.say("curve.study"), rows=tuple(_study(found, look)[: look.height]))
    rows = _run(found, other, look)
    note = look.say("curve.compared") if other is not None and other.curve else look.say("curve.legend")
    return Picture(title=title, rows=tuple(rows[: look.height]), note=note)


def _run(found: LabDetail, other: LabDetail | None, look: Look) -> list[Row]:
    wide = max(1, look.width - LABEL)
    fall = FALL if look.height >= 12 else 2 if look.height >= 7 else 0
    tall = max(1, look.height - fall - 1)
    if other is not None and other.curve:
        curves = [
            Curve(_based(found.curve), "accent bold"),
            Curve(_based(other.curve), "own bold", look.mono),
        ]
    else:
        curves = [Curve(found.curve, "accent bold")]
        if found.held:
            curves.append(Curve(found.held, "faint", look.mono))
    known = [value for curve in curves for value in curve.values if value == value]
    rows = _labelled(lines(curves, wide, tall, look.glyphs), max(known), min(known))
    if fall:
        under = [Curve(fallen(found.curve), "down")]
        deepest = min(under[0].values)
        rows += _labelled(lines(under, wide, fall, look.glyphs), 0.0, deepest, percent=True)
    ends = f"{figures.date(found.ts[0])}"
    last = figures.date(found.ts[-1])
    if ends == last:
        ends, last = figures.clock(found.ts[0]), figures.clock(found.ts[-1])
    rows.append(((fit(ends, wide - len(last)), "faint"), (last, "faint")))
    return rows


def _labelled(drawn: list[Row], high: float, low: float, percent: bool = False) -> list[Row]:
    def text(value: float) -> str:
        return f"{value:.1%}" if percent else figures.money(value)

    out: list[Row] = []
    for place, row in enumerate(drawn):
        label = text(high) if place == 0 else text(low) if place == len(drawn) - 1 else ""
        out.append((*row, (fit(label, LABEL, right=True), "muted")))
    return out


def _based(values: Sequence[float]) -> list[float]:
    first = next((value for value in values if value > 0), 1.0)
    return [value / first * 100 for value in values]


def fallen(values: Sequence[float]) -> list[float]:
    """Fraction below the highest so far, <= 0."""
    high, out = 0.0, []
    for value in values:
        high = max(high, value)
        out.append(value / high - 1 if high > 0 else 0.0)
    return out


def _study(found: LabDetail, look: Look) -> list[Row]:
    """The best score so far in a few rows, then the two parameters that matter most, field by field."""
    rows: list[Row] = []
    if look.height >= 14:
        drawn = lines([Curve(found.curve, "accent bold")], max(1, look.width - LABEL), 3, look.glyphs)
        rows += _labelled(drawn, max(found.curve), min(found.curve))
        rows.append(((look.say("curve.best_so_far"), "faint"),))
    return rows + (_map(found.heat, look) if found.heat is not None else [])


def _map(heat: LabHeat, look: Look) -> list[Row]:
    """Shade and number of each field; a dot where nothing was tried."""
    known = [cell for row in heat.cells for cell in row if cell is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    side = max(len(label) for label in heat.rows) + 1
    shown = max(1, min(len(heat.columns), (look.width - side) // CELL))
    head = "".join(fit(safe_text(label), CELL, right=True) for label in heat.columns[:shown])
    words = look.say("curve.map", x=safe_text(heat.x), y=safe_text(heat.y))
    rows: list[Row] = [
        *(((line, "muted"),) for line in wrapped(words, max(1, look.width))),
        ((" " * side, ""), (head, "muted")),
    ]
    for label, cells in zip(reversed(heat.rows), reversed(heat.cells), strict=True):
        line: list[tuple[str, str]] = [(fit(safe_text(label), side), "muted")]
        for cell in cells[:shown]:
            if cell is None:
                line.append((fit(look.glyphs.sep, CELL, right=True), "faint"))
                continue
            share = (cell - low) / (high - low) if high > low else 1.0
            shade = look.glyphs.column[round(share * (len(look.glyphs.column) - 1))]
            style = "up bold" if share > 0.8 else "up" if share > 0.5 else "down" if share < 0.2 else "text"
            line.append((f"{shade}{cell:.2f}".rjust(CELL), style))
        rows.append(tuple(line))
    return rows
