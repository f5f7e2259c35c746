"""What the lab's panels say while there is nothing to draw."""

from __future__ import annotations

from cockpit.tui.aside import LabDetail
from cockpit.tui.cells import Row, wrapped
from cockpit.tui.picture import Look


def nothing(found: LabDetail | None, look: Look) -> tuple[Row, ...]:
    """Why there is nothing to see, in words: nothing was tried, it is being read, or it brought nothing."""
    sheet = look.aside.lab
    if sheet.fault or not sheet.rows:
        words = "curve.later"
    elif found is not None:
        words = "curve.without"
    else:
        words = "curve.reading" if sheet.cursor else "curve.none"
    lines = ["", *wrapped(look.say(words), max(1, look.width - 1))]
    return tuple(((f" {line}" if line else "", "muted"),) for line in lines)
