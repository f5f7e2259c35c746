"""Who may use how much of the equity, what the evidence proposes, what other shares would have brought."""

from __future__ import annotations

from cockpit.core.desk_frames import CapitalFrame, CapitalRow
from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, Segment, width_of, wrapped
from cockpit.tui.picture import Column, Look, Picture, listing, note_of

STYLES = {"more": "good", "less": "warn", "rest": "danger bold", "resting": "danger", "off": "faint"}
BAR = 12
NAME = 27
"""Cells of a strategy with its market."""
ROOMY = 12
"""Lines of a panel that has room for what its columns mean."""


@panel("capital", rate=1)
def paint(frame: Frame, look: Look) -> Picture:
    """A row a strategy: share now, used, where the plan goes, and why."""
    say, capital = look.say, frame.capital
    title = say("panel.capital")
    if capital is None:
        return Picture(title=title, rows=((("", ""),), ((f" {say('capital.none')}", "muted"),)))
    columns = [
        Column(say("column.strategy"), NAME if look.width >= 70 else 14, 0, grow=2),
        Column(say("capital.column.share"), 6, 0, right=True),
        Column(say("capital.column.named"), 6, 4, right=True),
        Column("", BAR, 3),
        Column(say("capital.column.used"), 6, 2, right=True),
        Column(say("capital.column.target"), 6, 1, right=True),
        Column(say("capital.column.step"), 6, 0, right=True),
        Column(say("capital.column.word"), 8, 0, grow=1),
        Column(say("capital.column.mean"), 8, 4, right=True),
        Column(say("capital.column.losing"), 8, 4, right=True),
        Column(say("capital.column.trades"), 6, 5, right=True),
    ]
    return listing(
        look,
        title,
        columns,
        [_cells(row, frame, look) for row in capital.rows],
        [row.sleeve for row in capital.rows],
        empty=say("sleeves.none"),
        note=_note(capital, frame, look),
        stale=freshness.account_age(frame, look.lag),
        foot=_foot(capital, look),
    )


def _cells(row: CapitalRow, frame: Frame, look: Look) -> list[Segment]:
    style = STYLES.get(row.word, "text")
    word = look.say(f"capital.word.{row.word}")
    if row.until:
        word = f"{word} {figures.span(max(0, row.until - frame.wall - look.lag))}"
    moved = row.step != row.share
    return [
        (name_of(row.sleeve), "text"),
        (f"{row.share:.1%}", "text"),
        (_named(row), "warn" if row.share < row.named else "faint"),
        (_bar(row, look), "accent"),
        (f"{row.used:.0%}", "muted"),
        (f"{row.target:.1%}", "muted"),
        (f"{row.step:.1%}" if moved else "=", style if moved else "faint"),
        (word, style),
        (f"{row.mean:+.3f}" if row.hours else "-", "muted"),
        (f"{row.losing:.0%}" if row.hours else "-", "warn" if row.losing >= 0.9 else "muted"),
        (str(row.trades), "muted"),
    ]


def _named(row: CapitalRow) -> str:
    return figures.UNKNOWN if row.named < 0 else "=" if row.named == row.share else f"{row.named:.1%}"


def name_of(sleeve: str) -> str:
    """``ema_trend BTC-USDT-SWAP/1h``: strategy and market."""
    strategy, _, market = sleeve.partition("/")
    return safe_text(f"{strategy.partition('@')[0]} {figures.short(market)}".strip())


def _bar(row: CapitalRow, look: Look) -> str:
    """The share as a bar, and where it would go as a mark on it."""
    on = round(min(1.0, row.share) * BAR)
    cells = [look.glyphs.gauge_on] * on + [look.glyphs.gauge_off] * (BAR - on)
    if row.target != row.share:
        cells[min(BAR - 1, round(min(1.0, row.target) * BAR))] = "|"
    return "".join(cells)


def _note(capital: CapitalFrame, frame: Frame, look: Look) -> str:
    if not capital.method:
        return look.say("capital.note.off")
    due = figures.span(max(0, capital.due - frame.wall - look.lag))
    how = look.say(f"capital.how.{capital.apply}")
    plain = look.say("capital.note.on", method=capital.method, how=how, due=due)
    if not capital.at:
        return plain
    at = f"{figures.clock(capital.at)[:5]}Z"
    return note_of(look, look.say("capital.note.of", at=at, note=plain), plain)


def _foot(capital: CapitalFrame, look: Look) -> list[Row]:
    """The regret meter, and what can be done now."""
    say = look.say
    lines: list[Row] = []
    if capital.best_name:
        best, behind = f"{capital.best:+.2%}", f"{capital.best - capital.actual:.2%}"
        name = name_of(capital.best_name)
        ours = say("capital.regret", actual=f"{capital.actual:+.2%}", equal=f"{capital.equal:+.2%}")
        alone = say("capital.best", best=best, name=name, behind=behind)
        if width_of(f"{ours}  {alone}") <= look.width:
            lines.append(((f"{ours}  {alone}", "muted"),))
        else:
            lines += [((line, "muted"),) for words in (ours, alone) for line in wrapped(words, look.width)]
    if capital.seal:
        lines.append(((say("capital.waiting"), "accent bold"),))
    elif capital.can_undo:
        lines.append(((say("capital.undoable", by=safe_text(capital.applied_by)), "muted"),))
    if look.height >= ROOMY and any(row.share < row.named for row in capital.rows):
        lines.append(((say("capital.smaller"), "faint"),))
    if not capital.seal and not capital.can_undo and not capital.method:
        lines.append(((say("capital.hint"), "muted"),))
    return lines
