"""A report in the terminal: a curve in braille, the numbers, months, and who made the money."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.app import console
from cockpit.app.reports import words
from cockpit.lab.curve import Curve
from cockpit.lab.report import Group, Report
from cockpit.text import safe_text, tr

DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Bits of a braille cell, by column and height from below."""
COLUMNS, ROWS = 72, 8
LONGEST = 12
"""Groups shown of each kind; the page and the tables have them all."""


def text(report: Report, curve: Curve, lang: str) -> str:
    """The whole report."""
    parts = [
        tr(
            "report.span",
            lang,
            start=words.day(report.start),
            end=words.day(report.end),
            points=report.points,
        )
    ]
    parts += plot(curve.equity)
    pairs = words.headline(report, lang)
    half = (len(pairs) + 1) // 2
    rows = []
    for i in range(half):
        right = pairs[half + i] if half + i < len(pairs) else ("", "")
        rows.append((*pairs[i], "  ", *right))
    parts += ["", console.columns(rows)]
    if report.months:
        parts += ["", tr("report.months", lang), months(report)]
    for name, groups in (
        ("by_sleeve", report.by_sleeve),
        ("by_symbol", report.by_symbol),
        ("by_entry", report.by_entry),
        ("by_exit", report.by_exit),
        ("by_side", report.by_side),
        ("by_regime", report.by_regime),
    ):
        if len(groups) > 1 or (groups and name in {"by_exit", "by_entry"}):
            parts += ["", tr(f"report.{name}", lang), table(groups, lang)]
    parts += [f"! {tr(warning, lang)}" for warning in report.warnings]
    return "\n".join(parts)


def plot(values: Sequence[float], columns: int = COLUMNS, rows: int = ROWS) -> list[str]:
    """A line of braille dots, highest and lowest value beside it; jumps are drawn as lines."""
    low, high = min(values), max(values)
    wide, tall = columns * 2, rows * 4
    cells = [[0] * columns for _ in range(rows)]
    before = -1
    for x in range(wide):
        value = values[min(len(values) - 1, x * len(values) // wide)]
        y = round((value - low) / (high - low) * (tall - 1)) if high > low else tall // 2
        first, last = (y, y) if before < 0 or y == before else sorted((y, before + (1 if y > before else -1)))
        for at in range(first, last + 1):
            cells[rows - 1 - at // 4][x // 2] |= DOTS[x % 2][at % 4]
        before = y
    lines = ["".join(chr(0x2800 + cell) for cell in row) for row in cells]
    lines[0] += f" {high:,.2f}"
    lines[-1] += f" {low:,.2f}"
    return lines


def months(report: Report) -> str:
    """Years down, months across."""
    years = sorted({month.year for month in report.months})
    known = {(m.year, m.month): m.change for m in report.months}
    rows = [("", *(f"{month:02d}" for month in range(1, 13)), "=")]
    for year in years:
        cells, whole = [], 1.0
        for month in range(1, 13):
            change = known.get((year, month))
            whole *= 1 + (change or 0.0)
            cells.append("" if change is None else f"{change * 100:+.1f}")
        rows.append((str(year), *cells, f"{(whole - 1) * 100:+.1f}"))
    return console.columns(rows, frozenset(range(1, 14)))


def table(groups: Sequence[Group], lang: str) -> str:
    """Groups of trips, best first."""
    heads = (
        "",
        *(tr(f"report.column.{name}", lang) for name in ("trips", "wins", "net", "fees", "mean", "held")),
    )
    timed = any(group.time is not None for group in groups)
    rows = [(*heads, tr("report.column.time", lang)) if timed else heads]
    shown = groups if len(groups) <= LONGEST else [*groups[: LONGEST - 3], *groups[-3:]]
    rows += [
        (
            safe_text(group.name),
            *words.group(group, timed=timed),
        )
        for group in shown
    ]
    found = console.columns(rows, frozenset(range(1, 8)))
    hidden = len(groups) - len(shown)
    return found + (f"\n{tr('report.more', lang, count=hidden)}" if hidden else "")
