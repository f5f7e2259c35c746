"""Commands that run by themselves: when next, and what became of the last run."""

from __future__ import annotations

from cockpit.core.desk_frames import JobRow
from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import Column, Look, Picture, listing

STYLES = {"running": "accent bold", "waiting": "accent", "off": "faint", "idle": "faint", "ready": "text"}
OUTCOMES = {"done": "good", "running": "accent", "interrupted": "warn"}


@panel("jobs", rate=1)
def paint(frame: Frame, look: Look) -> Picture:
    """In the order of the settings."""
    say = look.say
    return listing(
        look,
        say("panel.jobs"),
        [
            Column(say("jobs.column.job"), 10, 0, grow=1),
            Column(say("jobs.column.when"), 12, 3, grow=2),
            Column(say("jobs.column.state"), 7, 0),
            Column(say("jobs.column.due"), 7, 1, right=True),
            Column(say("jobs.column.last"), 9, 2, grow=1),
        ],
        [_cells(row, frame, look) for row in frame.jobs],
        [row.name for row in frame.jobs],
        empty=say("jobs.none"),
        stale=freshness.account_age(frame, look.lag),
    )


def _cells(row: JobRow, frame: Frame, look: Look) -> list[Segment]:
    when = " + ".join(filter(None, (row.cron, row.triggers)))
    due = figures.span(max(0, row.due - frame.wall - look.lag)) if row.due else "-"
    last = ""
    if row.last:
        ago = figures.span(max(0, frame.wall + look.lag - row.last))
        last = f"{look.say('jobs.outcome.' + row.outcome)} {ago}"
    return [
        (safe_text(row.name), "text"),
        (safe_text(when), "muted"),
        (look.say(f"jobs.state.{row.state}"), STYLES.get(row.state, "text")),
        (due, "muted"),
        (last, OUTCOMES.get(row.outcome, "danger") if row.outcome else "faint"),
    ]
