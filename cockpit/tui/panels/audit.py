"""Decisions of the machine as they came about, the newest first: wish, rule, order, fill, command, news."""

from __future__ import annotations

import msgspec

from cockpit.core.audit import AuditRow
from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures
from cockpit.tui.cells import Row, Segment, wrapped
from cockpit.tui.picture import Column, Look, Picture, listing
from cockpit.tui.spoken import spoken

STYLES = {
    "signal": "accent",
    "gate": "warn",
    "order": "strong",
    "fill": "good bold",
    "command": "own bold",
    "boot": "own",
}


@panel("audit", rate=4, cursor=True, keeps=True, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Rows stay as they were told; the filter is asked of the journal, not of what happens to be here."""
    sheet = look.aside.audit
    say = look.say
    if sheet.fault and not sheet.rows:
        return Picture(title=say("panel.audit"), rows=_fault(look))
    return listing(
        msgspec.structs.replace(look, needle=""),
        say("panel.audit"),
        [
            Column(say("column.time"), 8, 0),
            Column(say("column.link"), 6, 0),
            Column(say("column.what"), 12, 1, grow=1),
            Column(say("column.symbol"), 13, 4, grow=1),
            Column(say("column.strategy"), 14, 6, grow=1),
            Column(say("column.words"), 30, 2, grow=5),
            Column(say("column.order_id"), 15, 8),
            Column("#", 5, 8, right=True),
        ],
        [cells(row, look) for row in sheet.rows],
        [row.key for row in sheet.rows],
        empty=say("audit.reading" if sheet.reading or not sheet.done else "audit.none"),
        note=_note(look),
    )


def _fault(look: Look) -> tuple[Row, ...]:
    lines = wrapped(safe_text(look.aside.audit.fault), max(1, look.width - 1))
    return tuple(((f" {line}", "warn"),) for line in lines)


def _note(look: Look) -> str:
    sheet = look.aside.audit
    if sheet.exporting:
        return look.say("audit.exporting", count=sheet.exporting)
    if sheet.fault:
        return sheet.fault
    words = "audit.count" if sheet.done else "audit.count_so_far"
    return look.say(words, count=len(sheet.rows)) if sheet.rows else ""


def cells(row: AuditRow, look: Look) -> list[Segment]:
    """One row of the table."""
    return [
        (figures.clock(row.ts), "muted"),
        (look.say(f"audit.kind.{row.kind}"), STYLES.get(row.kind, "muted")),
        (_what(row, look), "text"),
        (safe_text(figures.short(row.symbol)), "text"),
        (safe_text(row.sleeve.partition("/")[0]), "muted"),
        words(row, look),
        (safe_text(row.cid), "faint"),
        (str(row.seq), "faint"),
    ]


def _what(row: AuditRow, look: Look) -> str:
    return " ".join(look.word(word) for word in row.what.split(" "))


def words(row: AuditRow, look: Look) -> Segment:
    """What it says; own sizes are hidden where the person wants that."""
    if row.kind == "news":
        style = {"alarm": "danger bold", "warn": "warn", "good": "good"}.get(row.what, "muted")
        return (look.news(row.text, row.args), style)
    if look.private and row.kind not in ("boot", "command"):
        return (look.amount(row.text), "muted")
    style = row.what if row.kind == "fill" and row.what in ("buy", "sell") else "text"
    if row.kind == "gate":
        style = "warn"
    return (spoken(row.kind, row.text, look), {"buy": "up", "sell": "down"}.get(style, style))
