"""The event log: what the engine noticed, newest first, in the reader's language."""

from __future__ import annotations

from cockpit.core.frames import EventRow, Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import Column, Look, Picture, listing

STYLES = {"good": "good", "warn": "warn", "alarm": "danger bold"}


@panel("events", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """All events the frame carries."""
    rows = list(frame.events)
    if len(rows) > 1 and rows[0].ts < rows[-1].ts:
        rows.reverse()
    columns = [
        Column(look.say("column.time"), 8, 1),
        Column("", 1, 0),
        Column(look.say("column.event"), 20, 0, grow=5),
        Column(look.say("column.strategy"), 18, 2, grow=1),
    ]
    alarms = sum(row.level == "alarm" for row in rows)
    return listing(
        look,
        look.say("panel.events"),
        columns,
        [_cells(row, look) for row in rows],
        _keys(rows),
        empty=look.say("events.none"),
        note=look.say("events.alarms", count=alarms) if alarms else "",
        stale=freshness.account_age(frame, look.lag),
    )


def _keys(rows: list[EventRow]) -> list[str]:
    """Several events may share an instant: the how-manieth of its instant, counted from the oldest."""
    seen: dict[int, int] = {}
    out = []
    for row in reversed(rows):
        seen[row.ts] = seen.get(row.ts, 0) + 1
        out.append(f"{row.ts}.{seen[row.ts]}")
    return out[::-1]


def _cells(row: EventRow, look: Look) -> list[Segment]:
    shapes = {"good": look.glyphs.dot, "warn": look.glyphs.warn, "alarm": look.glyphs.alarm}
    style = STYLES.get(row.level, "text")
    return [
        (figures.clock(row.ts), "muted"),
        (shapes.get(row.level, look.glyphs.flat), style if row.level != "info" else "faint"),
        (look.news(row.message, row.args), style if row.level in ("warn", "alarm") else "text"),
        (safe_text(row.sleeve.partition("/")[0]), "muted"),
    ]
