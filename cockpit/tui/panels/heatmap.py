"""PnL by strategy and hour: what earns, what bleeds, and since when. Sign and number first, colour second."""

from __future__ import annotations

from math import fsum

from cockpit.core.frames import Frame, SleeveRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, Segment, fit
from cockpit.tui.picture import Look, Picture

NAME = 18
CELL = 6
TOTAL = 9
HOUR = 3_600_000


@panel("heatmap", rate=1)
def paint(frame: Frame, look: Look) -> Picture:
    """A row a strategy, a column an hour (UTC), newest at the right; the last column is their sum."""
    title = look.say("panel.heatmap")
    if not frame.sleeves:
        return Picture(title=title, rows=((("", ""),), ((f" {look.say('sleeves.none')}", "muted"),)))
    hours = max(1, min(24, (look.width - NAME - TOTAL) // CELL))
    rows = sorted(frame.sleeves, key=lambda row: -abs(fsum(row.heat)))
    strongest = max((abs(v) for row in rows for v in row.heat[-hours:]), default=0.0)
    body = [_line(row, hours, strongest, frame, look) for row in rows[: max(1, look.height - 2)]]
    hidden = len(rows) - len(body)
    unit = look.say(f"heatmap.unit.{look.unit}", currency=frame.currency)
    note = look.say("heatmap.note", unit=unit)
    return Picture(
        title=title,
        rows=(_head(frame, hours, look), *body, _sums(rows, hours, frame, look)),
        note=f"{look.say('panel.more', count=hidden)} {look.glyphs.sep} {note}" if hidden > 0 else note,
        stale=freshness.account_age(frame, look.lag),
    )


def _head(frame: Frame, hours: int, look: Look) -> Row:
    now = frame.ts // HOUR
    cells = "".join(f"{(now - back) % 24:02d}".rjust(CELL) for back in range(hours - 1, -1, -1))
    return ((fit(look.say("column.strategy"), NAME), "muted"), (cells + "Σ".rjust(TOTAL), "muted"))


def _line(row: SleeveRow, hours: int, strongest: float, frame: Frame, look: Look) -> Row:
    name = safe_text(f"{row.strategy}@{row.version} {figures.short(row.symbol)}")
    known = [*([0.0] * hours), *row.heat][-hours:]
    out: list[Segment] = [(fit(name, NAME, False, look.glyphs.more), "strong")]
    out += [(_text(value, frame, look).rjust(CELL), _style(value, strongest)) for value in known]
    total = fsum(known)
    out.append(
        (
            _text(total, frame, look).rjust(TOTAL),
            "up bold" if total > 0 else "down bold" if total < 0 else "muted",
        )
    )
    return tuple(out)


def _sums(rows: list[SleeveRow], hours: int, frame: Frame, look: Look) -> Row:
    sums = [fsum(row.heat[-back] for row in rows if len(row.heat) >= back) for back in range(hours, 0, -1)]
    out: list[Segment] = [(fit(look.say("heatmap.all"), NAME), "muted")]
    out += [
        (_text(v, frame, look).rjust(CELL), "up" if v > 0 else "down" if v < 0 else "faint") for v in sums
    ]
    total = fsum(sums)
    out.append((_text(total, frame, look).rjust(TOTAL), "strong bold"))
    return tuple(out)


def _text(value: float, frame: Frame, look: Look) -> str:
    """The number in the chosen unit; a dot for nothing."""
    if look.private:
        return look.glyphs.hidden
    if look.unit == "bp":
        value = value / frame.equity * 10_000 if frame.equity > 0 else 0.0
    if abs(value) < 0.05:
        return look.glyphs.sep
    digits = 0 if abs(value) >= 10 else 1
    return f"{value:+.{digits}f}"


def _style(value: float, strongest: float) -> str:
    if not value or not strongest:
        return "faint"
    way = "up" if value > 0 else "down"
    return f"{way} bold" if abs(value) > strongest / 2 else way
