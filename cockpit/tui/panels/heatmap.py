"""What each strategy brought by hour, day or week: what earns, what bleeds. Number first, colour second."""

from __future__ import annotations

from math import fsum

from cockpit.core.frames import Frame, SleeveRow
from cockpit.core.past import SPANS, begin, index
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, Segment, fit, squeezed, width_of
from cockpit.tui.picture import Look, Picture, matching, window

NAME = 20
"""Cells of a market and the beginning of a strategy's name."""
CELL = 7
TOTAL = 9
MOST = 58
"""Cells that a name takes at most, the blanks after it counted."""
NOTHING = 0.05
"""Smaller than this is drawn as a dot."""


@panel("heatmap", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """A row a strategy, a column an hour, day or week (UTC), newest at the right; then their sum."""
    title = look.say("panel.heatmap")
    if not frame.sleeves:
        return Picture(title=title, rows=((("", ""),), ((f" {look.say('sleeves.none')}", "muted"),)))
    shown = columns(look.width, look.span, frame)
    rows = sorted(frame.sleeves, key=lambda row: -abs(fsum(_cells(row, look, SPANS[look.span][1])[:-1])))
    known = {row.sleeve: _cells(row, look, shown) for row in rows}
    strongest = max((abs(v) for cells in known.values() for v in cells), default=0.0)
    lines = [_line(row, known[row.sleeve], strongest, frame, look) for row in rows]
    seen = matching(lines, look.needle)
    keys = [rows[i].sleeve for i in seen]
    at = keys.index(look.cursor) if look.cursor in keys else 0
    place = window(len(seen), at, max(1, look.height - 2))
    body = [
        _under_cursor(lines[seen[i]], shown, look) if look.focused and i == at else lines[seen[i]]
        for i in place
    ]
    hidden = len(seen) - len(body)
    unit = look.say(f"heatmap.unit.{look.unit}", currency=frame.currency)
    note = look.say("heatmap.note", unit=unit, span=look.say(f"heatmap.span.{look.span}"))
    return Picture(
        title=title,
        rows=(_head(frame, shown, look), *body, _sums(list(known.values()), frame, look)),
        note=f"{look.say('panel.more', count=hidden)} {look.glyphs.sep} {note}" if hidden > 0 else note,
        stale=freshness.account_age(frame, look.lag),
        keys=tuple(keys),
        copy=tuple("  ".join(text.strip() for text, _ in lines[i]) for i in seen).__getitem__,
    )


def columns(width: int, span: str, frame: Frame) -> int:
    """How many stretches there is room for; names are shown whole first, in a third of the width at most."""
    widest = 1 + max((width_of(_name(row)) for row in frame.sleeves), default=0)
    name = max(NAME, min(widest, width // 3))
    return max(1, min(SPANS[span][1], (width - name - TOTAL) // CELL))


def _name(row: SleeveRow) -> str:
    return safe_text(f"{row.strategy}@{row.version} {figures.short(row.symbol)}")


def _fitted(row: SleeveRow, width: int, more: str) -> str:
    """The market whole, the strategy as far as it goes: two of one name on two markets are two lines."""
    symbol = safe_text(figures.short(row.symbol))
    strategy = safe_text(f"{row.strategy}@{row.version}")
    return fit(f"{squeezed(strategy, width - width_of(symbol) - 2, '@', more)} {symbol}", width, more=more)


def _name_width(width: int, shown: int) -> int:
    return max(NAME, min(MOST, width - TOTAL - CELL * shown))


def stretch(frame: Frame, span: str, back: int) -> tuple[int, int]:
    """[from, until) in UTC ms of the column ``back`` columns left of the running one."""
    number = index(span, frame.ts) - back
    return begin(span, number), begin(span, number + 1)


def _cells(row: SleeveRow, look: Look, shown: int) -> list[float]:
    """The numbers of a row in money or R, oldest first, as many as are shown."""
    past = row.past[list(SPANS).index(look.span)] if row.past else None
    found = () if past is None else past.r if look.unit == "r" else past.money
    return [*([0.0] * shown), *found][-shown:]


def _head(frame: Frame, shown: int, look: Look) -> Row:
    out: list[Segment] = [(fit(look.say("column.strategy"), _name_width(look.width, shown)), "muted")]
    for back in range(shown - 1, -1, -1):
        since, _ = stretch(frame, look.span, back)
        label = figures.clock(since)[:2] if look.span == "hour" else figures.date(since)[5:]
        out.append((label.rjust(CELL), "strong" if look.focused and back == look.back else "muted"))
    return (*out, ("Σ".rjust(TOTAL), "muted"))


def _line(row: SleeveRow, known: list[float], strongest: float, frame: Frame, look: Look) -> Row:
    wide = _name_width(look.width, len(known))
    out: list[Segment] = [(_fitted(row, wide, look.glyphs.more), "strong")]
    out += [(_text(value, frame, look).rjust(CELL), _style(value, strongest)) for value in known]
    total = fsum(known)
    way = "up bold" if total > 0 else "down bold" if total < 0 else "muted"
    return (*out, (_text(total, frame, look).rjust(TOTAL), way))


def _under_cursor(line: Row, shown: int, look: Look) -> Row:
    """The whole row raised, and the cell itself between brackets: it is what Enter opens."""
    at = shown - min(look.back, shown - 1)
    out: list[Segment] = []
    for place, (text, style) in enumerate(line):
        if place == at:
            value = text.strip()
            text = f"[{value}]".rjust(CELL)
        out.append((text, f"{style} cursor"))
    return tuple(out)


def _sums(known: list[list[float]], frame: Frame, look: Look) -> Row:
    sums = [fsum(column) for column in zip(*known, strict=True)]
    out: list[Segment] = [(fit(look.say("heatmap.all"), _name_width(look.width, len(sums))), "muted")]
    out += [
        (_text(v, frame, look).rjust(CELL), "up" if v > 0 else "down" if v < 0 else "faint") for v in sums
    ]
    return (*out, (_text(fsum(sums), frame, look).rjust(TOTAL), "strong bold"))


def _text(value: float, frame: Frame, look: Look) -> str:
    """The number in the chosen unit, in five cells; a dot for nothing."""
    if look.private and look.unit != "r":
        return look.glyphs.hidden
    if look.unit == "bp":
        value = value / frame.equity * 10_000 if frame.equity > 0 else 0.0
    size = abs(value)
    if size < NOTHING:
        return look.glyphs.sep
    if size >= 9_999.5:
        return f"{value / 1e6:+.1f}M" if size >= 999_500 else f"{value / 1e3:+.0f}k"
    return f"{value:+.{0 if size >= 9.95 else 1}f}"


def _style(value: float, strongest: float) -> str:
    if not value or not strongest:
        return "faint"
    way = "up" if value > 0 else "down"
    part = abs(value) / strongest
    return f"{way}_ground" if part > 2 / 3 else f"{way} bold" if part > 1 / 3 else way
