"""What the archive holds: from when to when, how whole, and the holes that a check has found."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures
from cockpit.tui.aside import ArchiveRow
from cockpit.tui.cells import Segment
from cockpit.tui.picture import Column, Look, Picture, listing


@panel("archive", rate=1, cursor=True, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """A row a series, those with holes first. Coverage by counting; gaps only after a check has read it."""
    sheet, say = look.aside.archive, look.say
    rows = sorted(sheet.rows, key=lambda row: (-(row.missing + row.findings), row.symbol, row.kind, row.tf))
    note = say(f"archive.doing.{sheet.busy}") if sheet.busy else ""
    if not note and rows:
        holes = sum((row.gaps or 0) + row.findings for row in rows)
        note = say("archive.holes", count=holes) if sheet.checked else say("archive.unchecked")
    empty = sheet.fault or say("archive.none" if sheet.read else "archive.reading")
    return listing(
        look,
        say("panel.archive"),
        [
            Column(say("column.symbol"), 13, 0, grow=2),
            Column(say("archive.kind"), 8, 1),
            Column(say("archive.from"), 10, 3),
            Column(say("archive.to"), 16, 1),
            Column(say("archive.age"), 5, 4, right=True),
            Column(say("archive.rows"), 7, 5, right=True),
            Column(say("archive.coverage"), 7, 2, right=True),
            Column(say("archive.gaps"), 4, 0, right=True),
            Column(say("archive.missing"), 7, 6, right=True),
            Column(say("archive.findings"), 5, 7, right=True),
        ],
        [_cells(row, frame, look) for row in rows],
        [f"{row.symbol}|{row.kind}|{row.tf}" for row in rows],
        empty=safe_text(empty),
        note=note,
    )


def _cells(row: ArchiveRow, frame: Frame, look: Look) -> list[Segment]:
    kind = f"{row.kind} {figures.timeframe(row.tf)}" if row.tf else row.kind
    share = figures.UNKNOWN if row.coverage is None else f"{row.coverage:.2%}"
    known = row.gaps is not None
    return [
        (safe_text(row.symbol), "strong"),
        (safe_text(kind), "text"),
        (figures.date(row.first), "muted"),
        (f"{figures.date(row.last)} {figures.clock(row.last)[:5]}", "text"),
        (figures.span(max(0, frame.wall - row.last)), "muted"),
        (f"{row.rows:,}", "muted"),
        (share, "text" if row.coverage is None or row.coverage > 0.9999 else "warn"),
        (f"{row.gaps}" if known else "?", "warn bold" if row.gaps else "muted"),
        (f"{row.missing:,}" if known else "?", "warn" if row.missing else "muted"),
        (f"{row.findings}" if known else "?", "warn bold" if row.findings else "muted"),
    ]
