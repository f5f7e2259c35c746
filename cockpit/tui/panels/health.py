"""How the machine itself feels: loop, queue, journal, memory, and what it was told by whom."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, fit
from cockpit.tui.picture import Look, Picture

SLOW_LOOP_MS = 50.0
FULL_QUEUE = 5_000
FULL_MACHINE = 85.0


def _mode(frame: Frame) -> str:
    """What is traded, and where: the practice market is its own venue."""
    same = frame.venue.casefold() == frame.mode.casefold()
    return frame.mode if same else f"{frame.mode} {safe_text(frame.venue)}"


@panel("health", rate=1)
def paint(frame: Frame, look: Look) -> Picture:
    """Names and numbers; what is out of order stands out."""
    health = frame.health
    rows = [
        ("health.mode", _mode(frame), "text"),
        ("health.posture", look.word(frame.posture), "good" if frame.posture == "NORMAL" else "danger bold"),
        (
            "health.agreed",
            look.word("yes" if frame.reconciled else "no"),
            "good" if frame.reconciled else "warn",
        ),
        ("health.loop", f"{health.loop_ms:.1f} ms", "warn bold" if health.loop_ms > SLOW_LOOP_MS else "text"),
        ("health.step", f"{health.step_us:.0f} µs", "text"),
        ("health.rate", f"{health.rate:,.0f}/s", "text"),
        ("health.queue", f"{health.queue:,}", "warn" if health.queue > FULL_QUEUE else "text"),
        ("health.conflated", f"{health.conflated:,}", "text"),
        ("health.journal", f"{health.journal_rows:,}", "text"),
        ("health.commit", f"{health.journal_ms:.1f} ms", "text"),
        ("health.memory", f"{health.rss_mb:,.0f} MB", "text"),
        (
            "health.machine",
            f"{health.machine:.0f} %" if health.machine else "-",
            "danger bold" if health.machine >= FULL_MACHINE else "text",
        ),
        ("health.uptime", figures.span(health.uptime_ms), "text"),
        ("health.facts", f"{frame.seq:,}", "muted"),
    ]
    name = min(24, max(12, look.width - 16))
    lines: list[Row] = [
        ((fit(look.say(message), name), "muted"), (" ", ""), (fit(value, look.width - name - 1), style))
        for message, value, style in rows
    ]
    return Picture(
        title=look.say("panel.health"),
        rows=tuple(lines[: look.height]),
        note=look.say("panel.more", count=len(lines) - look.height) if len(lines) > look.height else "",
        stale=freshness.account_age(frame, look.lag),
    )
