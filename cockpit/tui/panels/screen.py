"""What this screen costs, against what it may cost, and the versions of what runs."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui.cells import Row, fit
from cockpit.tui.governor import LATE_LIMIT, PAINT_LIMIT
from cockpit.tui.picture import Look, Picture

GAUGE = 8


@panel("screen", rate=1, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Names and numbers: a round of painting, the timer, the terminal, memory, versions."""
    sheet, say = look.aside.screen, look.say
    title = say("panel.screen")
    if sheet is None:
        return Picture(title=title, rows=((("", ""),), ((f" {say('screen.none')}", "muted"),)))
    name = min(18, max(14, look.width // 3))

    def line(message: str, value: str, style: str = "text") -> Row:
        room = max(1, look.width - name - 1)
        return ((fit(say(message), name), "muted"), (" ", ""), (fit(value, room), style))

    lines = [
        line("screen.paint", _against(sheet.paint_ms, PAINT_LIMIT * 1_000, look), _style(sheet.slow)),
        line("screen.worst", f"{sheet.worst_ms:.1f} ms"),
        line("screen.late", _against(sheet.late_ms, LATE_LIMIT * 1_000, look), _style(sheet.slow)),
        line("screen.dropped", f"{sheet.dropped:,}", "warn" if sheet.dropped else "text"),
        line("screen.memory", f"{sheet.memory_mb:,.0f} MB" if sheet.memory_mb else "-"),
        *(_version(what, which, name, look) for what, which in sheet.versions),
    ]
    hidden = len(lines) - look.height
    return Picture(
        title=title,
        rows=tuple(lines[: look.height]),
        note=say("panel.more", count=hidden) if hidden > 0 else "",
        alarm=say("screen.slow") if sheet.slow else "",
    )


def _against(value: float, limit: float, look: Look) -> str:
    """A number, and how much of what it may be it is."""
    filled = min(GAUGE, round(value / limit * GAUGE))
    bar = look.glyphs.gauge_on * filled + look.glyphs.gauge_off * (GAUGE - filled)
    return f"{look.say('screen.of', value=f'{value:.1f}', limit=f'{limit:.0f}')}  {bar}"


def _style(slow: bool) -> str:
    return "warn bold" if slow else "text"


def _version(what: str, which: str, name: int, look: Look) -> Row:
    return (
        (fit(safe_text(what), name), "muted"),
        (" ", ""),
        (fit(safe_text(which), max(1, look.width - name - 1)), "text"),
    )
