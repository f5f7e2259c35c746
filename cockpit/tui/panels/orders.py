"""Our orders that are not proven dead. An unknown one is as alive as any, and looks worse."""

from __future__ import annotations

from cockpit.core.frames import Frame, OrderRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Segment
from cockpit.tui.picture import STRATEGY, SYMBOL, Column, Look, Picture, listing

STYLES = {"unknown": "danger bold", "pending": "muted", "sent": "warn", "partial": "accent"}
"""Style of an order's state; LIVE is the normal case and stays quiet."""


@panel("orders", rate=4, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Open orders, the ones nobody can vouch for first, then the youngest."""
    rows = sorted(frame.orders, key=lambda row: (row.state != "unknown", -row.created, row.cid))
    unknown = sum(row.state == "unknown" for row in rows)
    return listing(
        look,
        look.say("panel.orders"),
        _columns(frame, look),
        [_cells(row, frame, look) for row in rows],
        [row.cid for row in rows],
        empty=look.say("orders.none"),
        note=look.say("orders.count", count=len(rows)) if rows else "",
        stale=freshness.account_age(frame, look.lag),
        alarm=look.say("orders.unknown", count=unknown) if unknown else "",
    )


def _columns(frame: Frame, look: Look) -> list[Column]:
    say = look.say
    return [
        Column(say("column.symbol"), SYMBOL, 1, grow=2),
        Column(say("column.side"), 6, 0),
        Column(say("column.kind"), 9, 6),
        Column(say("column.price"), 8, 0, right=True),
        Column(say("column.watch"), 5, 7),
        Column(say("column.qty"), 5, 0, right=True),
        sizes.column(frame, (row.symbol for row in frame.orders), look, 2),
        Column(say("column.filled"), 7, 4, right=True),
        Column(say("column.state"), 9, 2),
        Column(say("column.role"), 7, 7),
        Column(say("column.age"), 6, 3, right=True),
        Column(say("column.strategy"), STRATEGY, 5, grow=1, tail="@"),
        Column(say("column.tag"), 12, 8, grow=1),
        Column("cid", 12, 9, grow=1),
    ]


def _cells(row: OrderRow, frame: Frame, look: Look) -> list[Segment]:
    buy = row.side == "buy"
    way = "up" if buy else "down"
    book = freshness.book_of(frame, row.symbol)
    tick = book.tick if book else 0.0
    shape = look.glyphs.up if buy else look.glyphs.down
    state = "cancelling" if row.cancelling else row.state
    kind = look.word(row.kind) if row.kind else "-"
    return [
        (safe_text(figures.short(row.symbol)), "strong"),
        (f"{shape} {look.word(row.side)}", way),
        (kind, "text"),
        (figures.price(figures.first_price(row.price, row.trigger), tick), "text"),
        (look.word(row.watch) if row.watch else "-", "muted"),
        (look.amount(figures.quantity(row.qty)), "text"),
        sizes.cell(frame, row.symbol, look),
        (look.amount(figures.quantity(row.filled)), "muted"),
        (look.word(state), "warn" if row.cancelling else STYLES.get(row.state, "text")),
        (look.word(row.role) if row.role else "-", "muted"),
        (figures.span(max(0, frame.ts - row.created)) if row.created else "-", "muted"),
        (safe_text(row.sleeve.partition("/")[0]) or look.say("stranger.name"), "text"),
        (safe_text(row.tag), "muted"),
        (safe_text(row.cid), "faint"),
    ]
