"""Strategies on their markets: how far trusted, what they hold and earn, and why they did not trade."""

from __future__ import annotations

from cockpit.core.frames import Frame, SleeveRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Row, Segment, fit
from cockpit.tui.picture import STRATEGY, SYMBOL, Column, Look, Picture, gain, listing
from cockpit.tui.silence import silence

STATES = {"benched": "danger bold", "off": "muted", "warming": "accent", "waiting": "accent"}
STAGES = {"prod": "strong bold", "canary": "warn"}
HOURS = 24
ROOMY = 60
"""Cells in which names stand whole."""


@panel("sleeves", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """One line per strategy version and market; the full reason of the one under the cursor at the foot."""
    rows = frame.sleeves
    keys = [row.sleeve for row in rows]
    selected = next((row for row in rows if row.sleeve == look.cursor), rows[0] if rows else None)
    return listing(
        look,
        look.say("panel.sleeves"),
        _columns(frame, look),
        [_cells(row, frame, look) for row in rows],
        keys,
        empty=look.say("sleeves.none"),
        note=_note(rows, look),
        stale=freshness.account_age(frame, look.lag),
        foot=[_why(selected, look)] if selected is not None and look.focused else (),
    )


def _note(rows: tuple[SleeveRow, ...], look: Look) -> str:
    running = sum(row.state not in ("off", "benched") for row in rows)
    return look.say("sleeves.count", on=running, count=len(rows)) if rows else ""


def _columns(frame: Frame, look: Look) -> list[Column]:
    say = look.say
    return [
        Column(say("column.strategy"), 15 if look.width >= ROOMY else STRATEGY, 0, grow=1, tail="@"),
        # Two sleeves of one strategy must be told apart, and BTC-USDT from BTC-USDT-SWAP: the market comes
        # before all but the money, and whole.
        Column(say("column.symbol"), SYMBOL, 1, grow=1),
        Column(say("column.stage"), 6, 7),
        Column(say("column.state"), 7, 2),
        Column(say("column.position"), 7, 6, right=True),
        sizes.column(frame, (row.symbol for row in frame.sleeves), look, 6),
        Column(sizes.money_head("column.pnl", frame, look), 7, 0, right=True),
        Column(say("column.trades"), 6, 7, right=True),
        Column(say("column.hours"), HOURS, 8),
        Column(say("column.why"), 10, 4, grow=4),
        Column(say("column.tag"), 14, 9, grow=2),
    ]


def _cells(row: SleeveRow, frame: Frame, look: Look) -> list[Segment]:
    why = look.because(row.why)
    return [
        (safe_text(f"{row.strategy}@{row.version}"), "strong bold"),
        (safe_text(figures.short(row.symbol)), "text"),
        (look.word(row.stage), STAGES.get(row.stage, "muted")),
        (look.word(row.state), STATES.get(row.state, "good")),
        (look.amount(figures.quantity(row.position)), "text" if row.position else "faint"),
        sizes.cell(frame, row.symbol, look),
        gain(row.pnl, look),
        (str(row.trades), "muted"),
        (heat(row.heat, look), "text"),
        (why or silence(row, look), "warn" if why else "faint"),
        (safe_text(row.tag), "muted"),
    ]


def heat(hours: tuple[float, ...], look: Look) -> str:
    """The running total of the last 24 hours as one line of columns: its slope is what matters."""
    if not hours or look.private:
        return look.glyphs.flat * min(len(hours), HOURS)
    total, path = 0.0, []
    for hour in hours[-HOURS:]:
        total += hour
        path.append(total)
    low, high = min(path), max(path)
    shades = look.glyphs.column
    if high == low:
        return look.glyphs.flat * len(path)
    return "".join(shades[round((value - low) / (high - low) * (len(shades) - 1))] for value in path)


def _why(row: SleeveRow, look: Look) -> Row:
    name = safe_text(f"{row.strategy}@{row.version} ")
    why = look.because(row.why) or silence(row, look)
    tag = f"  {look.say('sleeves.wants', tag=row.tag)}" if row.tag and (row.why or not row.idle) else ""
    return (
        (name, "strong"),
        (fit(f"{why}{tag}", max(1, look.width - len(name))), "warn" if row.why else "muted"),
    )
