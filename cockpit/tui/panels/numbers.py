"""The numbers of what is under the lab's cursor, and what they are uncertain by; of two, side by side."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui.aside import LabDetail, Strip
from cockpit.tui.cells import Row, Segment, fit, width_of, wrapped
from cockpit.tui.picture import Look, Picture, window
from cockpit.tui.untried import nothing

BAR = 8


@panel("numbers", rate=2, cursor=True, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Scrolls with the cursor."""
    sheet = look.aside.lab
    found = sheet.details.get(sheet.cursor)
    other = sheet.details.get(sheet.marked) if sheet.marked != sheet.cursor else None
    title = look.say("panel.numbers")
    if found is None or not (found.numbers or found.warnings or found.strips):
        return Picture(title=title, rows=nothing(found, look))
    lines = [*_warnings(found, look), *_pairs(found, other, look), *_strips(found.strips, look)]
    keys = [str(n) for n in range(len(lines))]
    at = keys.index(look.cursor) if look.cursor in keys else 0
    shown = window(len(lines), at, look.height)
    rows: list[Row] = []
    for place in shown:
        row = lines[place]
        if look.focused and place == at:
            row = tuple((text, f"{style} cursor".strip()) for text, style in row)
        rows.append(row)
    hidden = len(lines) - len(shown)
    return Picture(
        title=title,
        rows=tuple(rows),
        note=look.say("panel.more", count=hidden) if hidden > 0 else "",
        keys=tuple(keys),
        copy=tuple("".join(text for text, _ in line).strip() for line in lines).__getitem__,
    )


def _pairs(found: LabDetail, other: LabDetail | None, look: Look) -> list[Row]:
    """Name and value; beside them, where two are compared, the value of the marked one."""
    theirs = dict(other.numbers) if other is not None else {}
    heads = (look.say("numbers.this"), look.say("numbers.marked"))
    widest = max((width_of(label) for label, _ in found.numbers), default=0) + 1
    name = min(look.width * (2 if theirs else 3) // 6, widest)
    values = [
        max(map(width_of, (head, *column))) + 2
        for head, column in zip(heads, _columns(found, theirs), strict=True)
    ]
    first = min(values[0], (look.width - name) // 2) if theirs else look.width - name
    second = max(0, min(values[1], look.width - name - first))
    rows: list[Row] = []
    if theirs:
        rows.append(
            ((" " * name, ""), (fit(heads[0], first), "accent bold"), (fit(heads[1], second), "own bold"))
        )
    for label, value in found.numbers:
        row: Row = (_cell(label, name, "muted", look), _cell(value, first, "text", look))
        rows.append((*row, _cell(theirs.get(label, "-"), second, "own", look)) if theirs else row)
    return rows


def _columns(found: LabDetail, theirs: dict[str, str]) -> tuple[list[str], list[str]]:
    return [value for _, value in found.numbers], list(theirs.values())


def _cell(text: str, width: int, style: str, look: Look) -> Segment:
    """At most ``width`` cells, the last of them blank."""
    return (fit(f"{fit(safe_text(text), max(1, width - 1), False, look.glyphs.more)} ", width), style)


def _warnings(found: LabDetail, look: Look) -> list[Row]:
    return [
        ((line, "warn"),)
        for warning in found.warnings
        for line in wrapped(f"! {safe_text(warning)}", max(1, look.width))
    ]


def _strips(strips: tuple[Strip, ...], look: Look) -> list[Row]:
    """Which parameter matters, and where the good tenth of the trials lies."""
    if not strips:
        return []
    rows: list[Row] = [((look.say("numbers.matters"), "strong bold"),)]
    name = min(16, max(width_of(strip.name) for strip in strips) + 1)
    for strip in strips:
        share = 0.0 if strip.influence is None else strip.influence
        filled = round(share * BAR)
        bar = look.glyphs.gauge_on * filled + look.glyphs.gauge_off * (BAR - filled)
        value = "  ?" if strip.influence is None else f"{share:3.0%}"
        good = f"{strip.low}..{strip.high}" if strip.low else ""
        rows.append(
            (
                (fit(safe_text(strip.name), name, False, look.glyphs.more), "text"),
                (f"{bar} {value} ", "accent"),
                (f"{_shape(strip, look)} ", "text"),
                (safe_text(good), "muted"),
            )
        )
    return rows


def _shape(strip: Strip, look: Look) -> str:
    """Mean score along the parameter."""
    known = [mean for mean in strip.means if mean is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    shades = look.glyphs.column
    span = (len(shades) - 1) / (high - low) if high > low else 0.0
    return "".join(" " if mean is None else shades[round((mean - low) * span)] for mean in strip.means)
