"""Why each strategy does not trade: the first rule that said no, or what it waits for itself."""

from __future__ import annotations

from cockpit.core.frames import Frame, SleeveRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import SYMBOL, Column, Look, Picture, listing


@panel("why", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Refused ones first."""
    rows = sorted(frame.sleeves, key=lambda row: not row.why)
    say = look.say
    return listing(
        look,
        say("panel.why"),
        [
            Column(say("column.strategy"), 13, 0, grow=1),
            Column(say("column.symbol"), SYMBOL if look.width >= 48 else 7, 1, grow=1),
            Column(say("column.state"), 7, 3),
            Column(say("column.why"), 14, 0, grow=5),
        ],
        [_cells(row, look) for row in rows],
        [row.sleeve for row in rows],
        empty=say("sleeves.none"),
        note=say("why.count", refused=sum(bool(row.why) for row in rows), count=len(rows)) if rows else "",
        stale=freshness.account_age(frame, look.lag),
    )


def _cells(row: SleeveRow, look: Look) -> list[Segment]:
    why = look.because(row.why)
    own = look.say("sleeves.wants", tag=row.tag) if row.tag else look.say("sleeves.nothing_said_no")
    return [
        (safe_text(f"{row.strategy}@{row.version}"), "strong"),
        (safe_text(figures.short(row.symbol)), "text"),
        (look.word(row.state), "muted"),
        (why or safe_text(own), "warn" if why else "muted"),
    ]
