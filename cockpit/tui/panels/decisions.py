"""Who decided what about which market, on which score. What the engine refused stands here too."""

from __future__ import annotations

from cockpit.core.frames import DecisionRow, Frame
from cockpit.core.registry import panel
from cockpit.text import known, safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import Column, Look, Picture, listing


@panel("decisions", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """The newest first."""
    rows = () if frame.hotlist is None else frame.hotlist.log
    say = look.say
    return listing(
        look,
        say("panel.decisions"),
        [
            Column(say("column.time"), 8, 0),
            Column(say("column.decision"), 8, 0),
            Column(say("column.symbol"), 9, 0, grow=1),
            Column(say("hotlist.score"), 5, 3, right=True),
            Column(say("column.by"), 7, 2, grow=1),
            Column(say("column.reason"), 10, 1, grow=3),
        ],
        [_cells(row, look) for row in rows],
        [f"{row.ts}-{row.verb}-{n}" for n, row in enumerate(reversed(rows))][::-1],
        empty=say("decisions.none"),
        stale=freshness.account_age(frame, look.lag),
    )


def _cells(row: DecisionRow, look: Look) -> list[Segment]:
    if row.refused:
        reason: Segment = (look.news(row.refused, row.args), "warn")
    elif known(row.reason):
        reason = (look.news(row.reason, {"symbol": row.symbol}), "warn")
    else:
        reason = (look.word(row.reason), "text")
    return [
        (figures.clock(row.ts), "muted"),
        (look.word(row.verb), "faint" if row.refused or row.undone else "strong"),
        (safe_text(figures.short(row.symbol)), "text"),
        (f"{row.score:.3f}" if row.score else "-", "text"),
        (safe_text(row.by), "muted"),
        reason,
    ]
