"""Backtests and studies: those that run first, then the newest; what the number is uncertain by beside it."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import known, safe_text
from cockpit.tui import figures
from cockpit.tui.aside import LabRow
from cockpit.tui.cells import Row, Segment, wrapped
from cockpit.tui.picture import Column, Look, Picture, listing

STATES = {"failed": "danger bold", "stopped": "warn", "done": "good"}
BAR = 8


@panel("runs", rate=2, cursor=True, keeps=True, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """One line each. Without any it says how to get one."""
    sheet = look.aside.lab
    say = look.say
    if sheet.fault or not sheet.rows:
        return Picture(title=say("panel.runs"), rows=_empty(look))
    return listing(
        look,
        say("panel.runs"),
        [
            Column("", 1, 0),
            Column(say("column.state"), BAR + 5, 0),
            Column(say("column.kind"), 9, 1),
            Column(say("column.strategies"), 14, 0, grow=3),
            Column(say("column.return"), 8, 0, right=True),
            Column("Sharpe", 6, 2, right=True),
            Column(say("column.drawdown"), 7, 3, right=True),
            Column(say("column.count"), 5, 5, right=True),
            Column(say("column.tape"), 10, 6, grow=2),
            Column(say("column.when"), 11, 4),
        ],
        [_cells(row, look) for row in sheet.rows],
        [row.key for row in sheet.rows],
        empty="",
        note=say("lab.compared") if sheet.marked else say("lab.count", count=len(sheet.rows)),
    )


def _empty(look: Look) -> tuple[Row, ...]:
    sheet = look.aside.lab
    message = sheet.fault or ("lab.none" if sheet.read else "lab.reading")
    words = safe_text(message)
    if known(message):
        keys = look.aside.keys
        page, key = keys.get("page.strategies", ""), keys.get("lab.backtest", "")
        words = look.say(message, page=page, key=key)
    return tuple(((line, "muted"),) for line in ["", *wrapped(words, max(1, look.width))])


def _cells(row: LabRow, look: Look) -> list[Segment]:
    marked = row.key == look.aside.lab.marked
    sharpe = "-" if row.sharpe is None else f"{row.sharpe:.2f}"
    if row.sharpe is not None and row.error is not None:
        sharpe = f"{sharpe} ±{row.error:.2f}"
    return [
        (look.glyphs.own if marked else " ", "own bold"),
        progress(row, look),
        (look.say(f"lab.kind.{row.kind}"), "muted"),
        (safe_text(row.what), "strong"),
        change(row.total),
        (sharpe, "text"),
        ("-" if row.mdd is None else f"{row.mdd:.1%}", "text"),
        ("-" if row.trades is None else str(row.trades), "muted"),
        (safe_text(row.why or row.tape), "danger" if row.why else "muted"),
        (f"{figures.date(row.when)[5:]} {figures.clock(row.when)[:5]}", "muted"),
    ]


def progress(row: LabRow, look: Look) -> Segment:
    """How it ended; while it runs a bar, and what is left of it."""
    if row.state != "running":
        return (look.say(f"lab.state.{row.state}"), STATES.get(row.state, "muted"))
    filled = min(BAR, round(row.done * BAR))
    bar = look.glyphs.gauge_on * filled + look.glyphs.gauge_off * (BAR - filled)
    left = "" if row.left_s is None else figures.span(int(row.left_s * 1000))
    return (f"{bar} {left or f'{row.done:.0%}'}", "accent")


def change(total: float | None) -> Segment:
    """A return as percent."""
    if total is None:
        return ("-", "muted")
    return (figures.percent(total), "up" if total > 0 else "down" if total < 0 else "muted")
