"""What was really bought and sold, newest first: price, fee, maker or taker, and whose order it was."""

from __future__ import annotations

from cockpit.core.frames import FillRow, Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Segment
from cockpit.tui.picture import STRATEGY, SYMBOL, Column, Look, Picture, listing


@panel("fills", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """The last fills."""
    rows = frame.fills[::-1]
    say = look.say
    return listing(
        look,
        say("panel.fills"),
        [
            Column(say("column.time"), 8, 3),
            Column(say("column.symbol"), SYMBOL, 0, grow=2),
            Column(say("column.side"), 6, 0),
            Column(say("column.qty"), 4, 1, right=True),
            sizes.column(frame, (row.symbol for row in rows), look, 2),
            Column(say("column.price"), 8, 0, right=True),
            Column(say("column.fee"), 7, 4, right=True),
            Column(say("column.maker"), 6, 6),
            Column(say("column.strategy"), STRATEGY, 5, grow=1, tail="@"),
            Column(say("column.order"), 14, 7),
            Column(say("column.note"), 12, 9, grow=2),
        ],
        [_cells(row, frame, look) for row in rows],
        [f"{row.ts}|{row.cid}|{index}" for index, row in enumerate(rows)],
        empty=say("fills.none"),
        stale=freshness.account_age(frame, look.lag),
    )


def _cells(row: FillRow, frame: Frame, look: Look) -> list[Segment]:
    book = freshness.book_of(frame, row.symbol)
    buy = row.side == "buy"
    shape = look.glyphs.up if buy else look.glyphs.down
    return [
        (figures.clock(row.ts), "muted"),
        (safe_text(figures.short(row.symbol)), "strong"),
        (f"{shape} {look.word(row.side)}", "up" if buy else "down"),
        (look.amount(figures.quantity(row.qty)), "text"),
        sizes.cell(frame, row.symbol, look),
        (figures.price(row.price, book.tick if book else 0.0), "text"),
        (look.amount(_fee(row, frame)), "muted"),
        (look.word("maker" if row.maker else "taker"), "muted"),
        (safe_text(row.sleeve.partition("/")[0]) or look.say("stranger.name"), "text"),
        (safe_text(row.cid), "faint"),
        (safe_text(row.note), "muted"),
    ]


def _fee(row: FillRow, frame: Frame) -> str:
    """With its currency where that is another one than the account's: 0.0001 BTC is no small change."""
    if not row.fee_ccy or row.fee_ccy == frame.currency:
        return figures.money(row.fee, figures.places_of(frame.currency))
    return f"{figures.quantity(row.fee)} {safe_text(row.fee_ccy)}"
