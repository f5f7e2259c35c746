"""Text measured in terminal cells. A Chinese character takes two: ``len`` and ``ljust`` lay out no row."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

Segment = tuple[str, str]
"""Text and the style key it is drawn in (``"up bold"``)."""
Row = tuple[Segment, ...]


WIDE = r"\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
MEANING = 3
"""Cells of a name's beginning without which its end says nothing."""
CLOSING = "，。；：？！、）】”’"
PIECE = re.compile(rf"(?:[{WIDE}]|[^{WIDE}]+)[{CLOSING}]*")
"""What may stand at the end of a line: a wide character or a run of narrow ones, with the marks after it."""


def width_of(text: str) -> int:
    """Cells ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def trim(text: str, width: int, more: str = "…") -> str:
    """``text`` in at most ``width`` cells; what is cut off is marked with ``more``."""
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text
    mark = width_of(more)
    if mark >= width:
        return set_cell_size(text, width).rstrip()
    return set_cell_size(text, width - mark).rstrip() + more


def squeezed(text: str, width: int, tail: str, more: str = "…") -> str:
    """``text`` in at most ``width`` cells, cut before its last ``tail``: ``market…@1`` keeps its version."""
    head, mark, end = text.rpartition(tail)
    room = width - width_of(mark + end)
    if not head or width_of(text) <= width or room < MEANING:
        return trim(text, width, more)
    return trim(head, room, more) + mark + end


def fit(text: str, width: int, right: bool = False, more: str = "…") -> str:
    """``text`` in exactly ``width`` cells, padded on the right, or on the left for numbers (``right``)."""
    text = trim(text, width, more)
    gap = " " * (width - width_of(text))
    return gap + text if right else text + gap


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken at blanks and between wide characters.

    No line begins with a mark that closes a sentence, and a word is cut only when it fills a line alone.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        gap = " " if line else ""
        for piece in PIECE.findall(word) if not word.isascii() else [word]:
            joined = f"{line}{gap}{piece}"
            gap = ""
            if width_of(joined) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            line = piece
            while width_of(line) > width:
                head = set_cell_size(line, width).rstrip()
                lines.append(head)
                line = line[len(head) :]
    return [*lines, line] if line or not lines else lines


def row_width(row: Row) -> int:
    """Cells a row takes."""
    return sum(width_of(text) for text, _ in row)


def clip_row(row: Row, width: int) -> Row:
    """``row`` in exactly ``width`` cells: padded with blanks, or cut."""
    out: list[Segment] = []
    left = width
    for text, style in row:
        size = width_of(text)
        if size > left:
            out.append((set_cell_size(text, left), style))
            left = 0
            break
        if size:
            out.append((text, style))
            left -= size
    if left:
        out.append((" " * left, ""))
    return tuple(out)


def restyle(row: Row, style: str) -> Row:
    """``row`` in one style, whatever it was."""
    return (("".join(text for text, _ in row), style),)


def add_style(row: Row, style: str) -> Row:
    """``row`` with ``style`` added to each of its segments."""
    return tuple((text, f"{key} {style}" if key else style) for text, key in row)


def plain(row: Row) -> str:
    """The words of a row."""
    return "".join(text for text, _ in row)
