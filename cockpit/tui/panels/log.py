"""``cockpit.log``, the newest line first: what a person would want to read afterwards, as it is written."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui.aside import LogLine
from cockpit.tui.cells import Row, Segment, wrapped
from cockpit.tui.picture import Column, Look, Picture, listing

STYLES = {"WARNING": "warn", "ERROR": "danger bold", "CRITICAL": "danger bold", "DEBUG": "faint"}
FOOT = 3


@panel("log", rate=2, cursor=True, aside=True, follows=True)
def paint(frame: Frame, look: Look) -> Picture:
    """All lines that were read; the whole of the one under the cursor at the foot."""
    sheet, say = look.aside.log, look.say
    columns = [
        Column(say("column.time"), 8, 1),
        Column("", 1, 0),
        Column(say("log.line"), 20, 0, grow=1),
    ]
    chosen = next((line for line in sheet.lines if str(line.number) == look.cursor), None)
    note = say("log.held") if look.focused and sheet.lines and chosen is not sheet.lines[0] else ""
    if not note and sheet.lines:
        note = say("log.follows")
    return listing(
        look,
        say("panel.log"),
        columns,
        [_cells(line, look) for line in sheet.lines],
        [str(line.number) for line in sheet.lines],
        empty=sheet.fault or say("log.none"),
        note=sheet.fault or note if sheet.lines else "",
        alarm=say("log.of_now") if look.aside.past.on else "",
        foot=_whole(chosen, look) if look.focused and chosen is not None else (),
    )


def _cells(line: LogLine, look: Look) -> list[Segment]:
    shape = {"WARNING": look.glyphs.warn, "ERROR": look.glyphs.alarm, "CRITICAL": look.glyphs.alarm}
    style = STYLES.get(line.level, "text")
    return [
        (line.time[:8], "muted"),
        (shape.get(line.level, look.glyphs.flat), style if line.level in shape else "faint"),
        (safe_text(line.words), style),
    ]


def _whole(line: LogLine, look: Look) -> list[Row]:
    """The line in full, with its level as a word, when the list cannot show it."""
    words = f"{line.time} {line.level} {safe_text(line.words)}".strip()
    if len(words) <= look.width - 12:
        return []
    return [((part, "muted"),) for part in wrapped(words, max(1, look.width))[:FOOT]]
