"""Strategy versions: how far each is trusted, what it has shown there, and who is waited for."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.core.release.row import VersionRow
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import Column, Look, Picture, listing

STAGES = {"prod": "strong bold", "canary": "warn", "retired": "faint", "backtest": "muted"}


@panel("versions", rate=1, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """What trades first, what rests last; a promotion that waits for people stands out."""
    rows = frame.versions
    waiting = sum(bool(row.asked) for row in rows)
    return listing(
        look,
        look.say("panel.versions"),
        _columns(look),
        [_cells(row, look) for row in rows],
        [row.id for row in rows],
        empty=look.say("versions.none"),
        note=look.say("versions.waiting", count=waiting) if waiting else "",
        stale=freshness.account_age(frame, look.lag),
    )


def _columns(look: Look) -> list[Column]:
    say = look.say
    return [
        Column(say("versions.id"), 12, 0, grow=3),
        Column(say("versions.market"), 8, 3, grow=1),
        Column(say("column.stage"), 6, 0),
        Column(say("versions.next"), 11, 1),
        Column(say("versions.n"), 4, 4, right=True),
        Column(say("versions.annual"), 8, 5, right=True),
        Column(say("versions.fall"), 6, 2, right=True),
        Column(say("versions.trades"), 6, 7, right=True),
        Column(say("versions.slip"), 7, 6, right=True),
        Column(say("versions.against"), 9, 5, right=True),
    ]


def _cells(row: VersionRow, look: Look) -> list[Segment]:
    market = "+".join(map(figures.short, row.symbols))
    style = STAGES.get(row.stage, "text")
    faint = row.stage == "retired"
    return [
        (safe_text(row.id), "faint" if faint else "strong"),
        (safe_text(market), "muted"),
        (look.word(row.stage), style),
        (waits(row, look), "warn bold" if row.asked else "danger" if row.fault else "faint"),
        (str(row.samples), "text"),
        (f"{row.annual:+.1%}" if row.samples else "-", "text" if row.samples else "faint"),
        (f"{row.drawdown:.1%}", "text" if row.drawdown else "faint"),
        (str(row.trades), "muted"),
        (f"{row.slippage:+.1f}" if row.slippage else "-", "muted"),
        (f"{row.against:.2f}", "warn" if row.against > 2 else "muted"),
    ]


def waits(row: VersionRow, look: Look) -> str:
    """What it waits for: people, or nothing; a fault comes first."""
    if row.fault:
        return safe_text(row.fault)
    if not row.asked:
        return ""
    solo = f" {look.say('versions.solo')}" if row.asked == "prod" and row.needed == 1 else ""
    return f"{look.word(row.asked)} {len(row.approvals)}/{row.needed}{solo}"
