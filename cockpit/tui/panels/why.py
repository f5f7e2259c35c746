"""Why each strategy does not trade: the first rule that said no, or what it waits for itself."""

from __future__ import annotations

from cockpit.core.frames import Frame, SleeveRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import STRATEGY, SYMBOL, Column, Look, Picture, listing
from cockpit.tui.silence import silence


@panel("why", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Refused ones first."""
    rows = sorted(frame.sleeves, key=lambda row: not row.why)
    say = look.say
    return listing(
        look,
        say("panel.why"),
        [
            Column(say("column.strategy"), STRATEGY, 1, grow=1, tail="@"),
            Column(say("column.symbol"), SYMBOL, 1, grow=1),
            Column(say("column.state"), 7, 3),
            Column(say("column.why"), 12, 0, grow=5),
        ],
        [_cells(row, look) for row in rows],
        [row.sleeve for row in rows],
        empty=say("sleeves.none"),
        note=say("why.count", refused=sum(bool(row.why) for row in rows), count=len(rows)) if rows else "",
        stale=freshness.account_age(frame, look.lag),
    )


def _cells(row: SleeveRow, look: Look) -> list[Segment]:
    why = look.because(row.why)
    wants = look.say("sleeves.wants", tag=row.tag) if row.tag and not row.idle else ""
    return [
        (safe_text(f"{row.strategy}@{row.version}"), "strong"),
        (safe_text(figures.short(row.symbol)), "text"),
        (look.word(row.state), "muted"),
        (why or safe_text(wants or silence(row, look)), "warn" if why else "muted"),
    ]
