"""What we hold: size, entry, mark, profit, what closing now would leave, and which stops really stand.

A position whose stop is missing goes to the top: it is the one line on the screen that cannot wait. Below it
the rows stand by what leaving would cost (MS-06).
"""

from __future__ import annotations

from math import log2

from cockpit.core.frames import Frame, PositionRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Segment
from cockpit.tui.picture import STRATEGY, SYMBOL, Column, Look, Picture, gain, listing, note_of

LAYERS = "HSTP"
"""Hard at the venue, soft or trailing, time, portfolio."""


@panel("positions", rate=4, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """All open positions: those without their stop first, then the dearest to leave."""
    rows = sorted(frame.positions, key=lambda row: (not missing(row), -dear(row)))
    ages = [freshness.price_age(frame, row.symbol, row.age, look.lag) for row in rows]
    title = look.say("panel.positions")
    return listing(
        look,
        title,
        _columns(frame, look),
        [_cells(row, age, frame, look) for row, age in zip(rows, ages, strict=True)],
        [f"{row.sleeve}|{row.symbol}" for row in rows],
        empty=look.say("positions.none"),
        note=_note(look),
        stale=max(ages, default=0),
        dim=bool(ages) and min(ages) > 0,
        alarm=look.say("positions.stop_missing") if any(missing(row) for row in rows) else "",
    )


def dear(row: PositionRow) -> int:
    """What leaving now would cost beyond the mark (MS-06), in doublings, so that rows do not dance."""
    cost = row.pnl - row.exit_pnl
    return round(log2(cost)) if cost > 0 else -99


def missing(row: PositionRow) -> bool:
    """Should a stop exist that does not?"""
    return any(layer.state == "missing" for layer in row.layers)


def letters(row: PositionRow) -> str:
    """``H!TP``: at work (capital), only local (lower case), missing (``!``), not used (``-``)."""
    return "".join(_letter(row, letter) for letter in LAYERS)


def _letter(row: PositionRow, letter: str) -> str:
    states = {layer.state for layer in row.layers if layer.letter.upper() == letter}
    if "missing" in states:
        return "!"
    if "local" in states:
        return letter.lower()
    return letter if states - {"unused"} else "-"


def _note(look: Look) -> str:
    return note_of(look, look.say("positions.legend"), look.say("positions.legend_short"))


def _columns(frame: Frame, look: Look) -> list[Column]:
    say = look.say
    return [
        Column(say("column.symbol"), SYMBOL, 0, grow=2),
        Column(say("column.side"), 5, 4),
        Column(say("column.qty"), 7, 2, right=True),
        sizes.column(frame, (row.symbol for row in frame.positions), look, 2),
        Column(say("column.entry"), 9, 5, right=True),
        Column(say("column.mark"), 9, 6, right=True),
        Column(sizes.money_head("column.pnl", frame, look), 11, 0, right=True),
        Column(say("column.exit_pnl"), 10, 7, right=True),
        Column(say("column.stops"), 5, 1),
        Column(say("column.distance"), 7, 3, right=True),
        Column(say("column.liquidation"), 9, 9, right=True),
        Column(say("column.funding"), 8, 11, right=True),
        Column(say("column.fees"), 8, 12, right=True),
        Column(say("column.strategy"), STRATEGY, 8, grow=1, tail="@"),
        Column(say("column.held"), 6, 10, right=True),
        Column(say("column.tag"), 14, 13, grow=2),
    ]


def _cells(row: PositionRow, age: int, frame: Frame, look: Look) -> list[Segment]:
    long = row.qty > 0
    way = "up" if long else "down"
    distances = [layer.distance for layer in row.layers if layer.price and (layer.first or not layer.name)]
    distances = distances or [
        x.distance for x in row.layers if x.state in ("armed", "local") and x.price and x.letter in LAYERS
    ]
    nearest = min(distances, default=None)
    book = freshness.book_of(frame, row.symbol)
    tick = book.tick if book else 0.0
    stops = letters(row)
    cells: list[Segment] = [
        (safe_text(figures.short(row.symbol)), "strong bold"),
        (look.word("long" if long else "short"), way),
        (look.amount(figures.quantity(row.qty)), "text"),
        sizes.cell(frame, row.symbol, look),
        (figures.price(row.entry, tick), "muted"),
        (figures.price(row.mark, tick), "text"),
        gain(row.pnl, look),
        gain(row.exit_pnl, look),
        (stops, "danger bold" if "!" in stops else "warn" if any(c.islower() for c in stops) else "text"),
        ("-" if nearest is None else figures.away(nearest), _near(nearest)),
        (figures.price(row.liquidation, tick), "muted"),
        (look.change(row.funding), "muted"),
        (look.money(row.fees), "muted"),
        (safe_text(row.sleeve.partition("/")[0]) or look.say("stranger.name"), "text"),
        (figures.span(max(0, frame.ts - row.opened)) if row.opened else "-", "muted"),
        (safe_text(row.tag), "muted"),
    ]
    if missing(row):
        cells[0] = (cells[0][0], "danger bold")
    return [(text, "stale") for text, _ in cells] if age else cells


def _near(distance: float | None) -> str:
    """A stop within half a percent is about to go off."""
    return "warn" if distance is not None and distance < 0.005 else "text"
