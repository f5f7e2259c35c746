"""How much of each risk limit is used, as a bar, a percentage and the numbers."""

from __future__ import annotations

from cockpit.core.frames import Frame, LimitRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, fit, width_of
from cockpit.tui.picture import Look, Picture

CLOSE = 0.5
"""From here on a limit is worth a look; from ``TIGHT`` on it is worth acting."""
TIGHT = 0.8
PERCENT, LEAST_GAUGE, GAUGED = 7, 4, 19
"""Cells of a percentage; of the shortest gauge; of numbers beside a longer one."""


@panel("limits", rate=2)
def paint(frame: Frame, look: Look) -> Picture:
    """Every limit, the fullest first."""
    title = look.say("panel.limits")
    rows = sorted(frame.limits, key=_share, reverse=True)
    if not rows:
        return Picture(title=title, rows=((("", ""),), ((f" {look.say('limits.none')}", "muted"),)))
    name = min(18, max(8, look.width // 3))
    return Picture(
        title=title,
        rows=tuple(_row(row, name, look) for row in rows[: look.height]),
        note=look.say("panel.more", count=len(rows) - look.height) if len(rows) > look.height else "",
        stale=freshness.account_age(frame, look.lag),
    )


def _share(row: LimitRow) -> float:
    return row.used / row.limit if row.limit > 0 else 0.0


def _row(row: LimitRow, name: int, look: Look) -> Row:
    share = _share(row)
    style = "danger" if share >= TIGHT else "warn" if share >= CLOSE else "text"
    room = look.width - name - 1 - PERCENT
    numbers = f"{figures.quantity(row.used)}/{figures.quantity(row.limit)}"
    ways = [look.amount(f"{numbers} {safe_text(row.unit)}"), look.amount(numbers), ""]
    # A number is whole or not there: first the gauge gives way, then the unit, then the numbers.
    words = next(text for text in ways if width_of(text) <= room - LEAST_GAUGE or not text)
    cells = min(12, max(LEAST_GAUGE, room - GAUGED)) if room - width_of(words) >= LEAST_GAUGE else 0
    on = round(min(1.0, max(0.0, share)) * cells)
    gauge = look.glyphs.gauge_on * on + look.glyphs.gauge_off * (cells - on)
    return (
        (fit(look.word(row.rule), name), "text"),
        (" ", ""),
        (gauge, style),
        (f" {share * 100:4.0f}% ", style),
        (words, "muted"),
    )
