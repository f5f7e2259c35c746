"""The frame around a panel: title above, note below, and the truth about its age. Pure."""

from __future__ import annotations

from cockpit.tui.cells import Row, Segment, clip_row, restyle, trim, width_of
from cockpit.tui.figures import span
from cockpit.tui.picture import Look, Picture

STRUCTURE = 2
"""Cells and lines the frame takes in each direction."""


def boxed(picture: Picture, look: Look) -> list[Row]:
    """The whole panel as rows of equal width, frame included. What is stale is dimmed and says so."""
    glyphs = look.glyphs
    corners = glyphs.box_focus if look.focused else glyphs.box
    edge = "frame_on" if look.focused else "frame"
    width = look.width + STRUCTURE
    side = corners[5]
    rows = [_top(picture, look, corners, edge, width)]
    for index in range(look.height):
        row: Row = picture.rows[index] if index < len(picture.rows) else ()
        if picture.stale and picture.dim:
            row = restyle(row, "stale")
        row = clip_row(row, look.width)
        rows.append(((side, edge), *(bare_padding(row) if look.mono else row), (side, edge)))
    rows.append(_bottom(picture, look, corners, edge, width))
    return rows


def bare_padding(row: Row) -> Row:
    """``row`` with the blanks around words bare but for the cursor: underlined ones look like something."""
    out: list[Segment] = []
    for text, style in row:
        words = text.strip(" ")
        blank = "cursor" if "cursor" in style else ""
        if not style or words == text or style == blank or not (words or blank):
            out.append((text, style))
            continue
        start = len(text) - len(text.lstrip(" ")) if words else 0
        end = start + len(words)
        out += [part for part in ((text[:start], blank), (words, style), (text[end:], blank)) if part[0]]
    return tuple(out)


def _top(picture: Picture, look: Look, corners: str, edge: str, width: int) -> Row:
    parts: list[Segment] = [(picture.title, "title_on" if look.focused else "title")]
    if look.needle:
        parts.append((f" /{look.needle}", "accent bold"))
    if picture.alarm:
        parts.append((f" {picture.alarm}", "danger bold"))
    if picture.stale:
        parts.append((f" {look.say('panel.stale', age=span(picture.stale))}", "warn bold"))
    left = f"{corners[0]}{corners[4]}"
    room = width - width_of(left) - 4
    out: list[Segment] = [(f"{left} ", edge)]
    if look.letter:
        parts.insert(0, (f" {look.letter} ", "last"))
        parts.insert(1, (" ", ""))
    for text, style in parts:
        text = trim(text, room, look.glyphs.more)
        room -= width_of(text)
        if text:
            out.append((text, style))
    out.append((f" {corners[4] * (room + 1)}{corners[1]}", edge))
    return clip_row(tuple(out), width)


def _bottom(picture: Picture, look: Look, corners: str, edge: str, width: int) -> Row:
    note = trim(picture.note, width - 6, look.glyphs.more)
    if not note:
        return clip_row(((f"{corners[2]}{corners[4] * (width - 2)}{corners[3]}", edge),), width)
    run = max(1, width - width_of(note) - 5)
    return clip_row(
        (
            (f"{corners[2]}{corners[4] * run} ", edge),
            (note, "muted"),
            (f" {corners[4]}{corners[3]}", edge),
        ),
        width,
    )
