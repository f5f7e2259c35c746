"""The card of one strategy version: how far it is trusted, what its closed trades say, why it is still."""

from __future__ import annotations

from cockpit.core.frames import Frame, Record, SleeveRow
from cockpit.core.registry import panel
from cockpit.core.release.records import LADDER
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Row, fit, trim, width_of, wrapped
from cockpit.tui.picture import Look, Picture, gain, note_of

LABEL = 15
STAGES = tuple(stage.value for stage in LADDER)


@panel("card", rate=2)
def paint(frame: Frame, look: Look) -> Picture:
    """The strategy under the cursor of the heat map or the list."""
    title = look.say("panel.card")
    row = next((one for one in frame.sleeves if one.sleeve == look.sleeve), None)
    row = row or (frame.sleeves[0] if frame.sleeves else None)
    if row is None:
        return Picture(title=title, rows=((("", ""),), ((f" {look.say('sleeves.none')}", "muted"),)))
    lines = [
        _head(row, look),
        _stage(row, look),
        *_held(row, frame, look),
        *(_why(row, look) if row.why else ()),
        *_record(row.record, look),
        *(() if row.why else _why(row, look)),
    ]
    return Picture(
        title=title,
        rows=tuple(lines[: look.height]),
        note=note_of(look, look.say("card.trades"), look.say("card.trades_short")),
        stale=freshness.account_age(frame, look.lag),
    )


def _head(row: SleeveRow, look: Look) -> Row:
    bars = f" {figures.timeframe(row.timeframe)}" if row.timeframe else ""
    name, market = safe_text(f"{row.strategy}@{row.version}"), safe_text(figures.short(row.symbol))
    state = look.word(row.state)
    room = look.width - width_of(name) - width_of(state) - 4
    where = market if width_of(market + bars) > room else market + bars
    where = trim(where, room, look.glyphs.more)
    return (
        (trim(name, look.width - width_of(state) - 2, look.glyphs.more), "strong bold"),
        (f"  {where}  " if where else "  ", "text"),
        (state, "good" if row.state == "on" else "muted"),
    )


def _stage(row: SleeveRow, look: Look) -> Row:
    """The whole way with the place on it; where orders reach an exchange the place is the mode itself."""
    label = (fit(look.say("column.stage"), LABEL), "muted")
    if row.stage not in STAGES:
        return (label, (f"[{look.word(row.stage)}]", "warn bold"))
    words = [f"[{look.word(one)}]" if one == row.stage else look.word(one) for one in STAGES]
    way = f" {look.glyphs.sep} ".join(words)
    if width_of(way) > look.width - LABEL:
        way = f"[{look.word(row.stage)}] {STAGES.index(row.stage) + 1}/{len(STAGES)}"
    return (label, (way, "text"))


def _held(row: SleeveRow, frame: Frame, look: Look) -> list[Row]:
    return [
        (
            (fit(look.say("column.position"), LABEL), "muted"),
            (look.amount(figures.quantity(row.position)), "text"),
            (f" {sizes.told(frame, row.symbol, look)}", "muted"),
        ),
        (
            (fit(look.say("column.pnl"), LABEL), "muted"),
            gain(row.pnl, look),
            (f" {safe_text(frame.currency)}", "muted"),
        ),
    ]


def _record(record: Record, look: Look) -> list[Row]:
    if not record.trades:
        return [((fit(look.say("card.closed"), LABEL), "muted"), (look.say("card.none"), "muted"))]
    each = (record.gained - record.lost) / record.trades
    factor = f"{record.gained / record.lost:.2f}" if record.lost else figures.UNKNOWN
    r = f"{record.r / record.with_r:+.2f} R" if record.with_r else figures.UNKNOWN
    won = f"{record.wins} / {record.trades}  ({record.wins / record.trades:.0%})"
    rows: list[tuple[str, tuple[tuple[str, str], ...]]] = [
        ("card.won", ((won, "text"),)),
        ("card.each", (gain(each, look), (f"  {r}", "text"))),
        ("card.factor", ((factor, "text"),)),
        ("card.best", (gain(record.best, look), ("  ", ""), gain(record.worst, look))),
        ("card.held", ((figures.span(record.held_ms // record.trades), "text"),)),
        ("card.since", ((f"{figures.date(record.since)} {figures.clock(record.since)[:5]}Z", "muted"),)),
    ]
    return [((fit(look.say(message), LABEL), "muted"), *values) for message, values in rows]


def _why(row: SleeveRow, look: Look) -> list[Row]:
    words = look.because(row.why)
    if not words:
        return [
            ((fit(look.say("column.tag"), LABEL), "muted"), (safe_text(row.tag) or figures.UNKNOWN, "text"))
        ]
    lines = wrapped(words, max(1, look.width - LABEL))
    heads = [look.say("column.why"), *[""] * (len(lines) - 1)]
    return [((fit(head, LABEL), "muted"), (line, "warn")) for head, line in zip(heads, lines, strict=True)]
