"""Every stream the engine listens to: how long ago it last spoke, and what was wrong with it."""

from __future__ import annotations

from cockpit.core.frames import Frame, SourceRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import Column, Look, Picture, listing


@panel("feeds", rate=2)
def paint(frame: Frame, look: Look) -> Picture:
    """Streams, those in trouble first."""
    rows = sorted(frame.sources, key=lambda row: (row.up and not row.stale, row.symbol, row.name))
    say = look.say
    return listing(
        look,
        say("panel.feeds"),
        [
            Column(say("column.symbol"), 10, 0, grow=2),
            Column(say("column.stream"), 8, 1, grow=1),
            Column(say("column.age"), 7, 2, right=True),
            Column(say("column.state"), 6, 0),
            Column(say("column.faults"), 6, 3, right=True),
        ],
        [_cells(row, look) for row in rows],
        [f"{row.symbol} {row.name}" for row in rows],
        empty=say("feeds.none"),
        stale=freshness.account_age(frame, look.lag),
    )


def _cells(row: SourceRow, look: Look) -> list[Segment]:
    state, style = (
        ("down", "danger bold") if not row.up else ("stale", "warn bold") if row.stale else ("ok", "good")
    )
    age = figures.span(row.age + look.lag) if row.age >= 0 else look.say("feeds.never")
    return [
        (safe_text(figures.short(row.symbol)), "text"),
        (safe_text(row.name), "text"),
        (age, "muted" if state == "ok" else style),
        (look.say(f"feed.state.{state}"), style),
        (str(row.faults), "warn" if row.faults else "faint"),
    ]
