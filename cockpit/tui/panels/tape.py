"""Public trades, newest first. The taker's side is a shape before it is a colour; large prints stand out."""

from __future__ import annotations

from cockpit.core.frames import Frame, TradeRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Row, Segment, fit
from cockpit.tui.picture import Look, Picture, note_of

LARGE = 4.0
"""A print this many times the median is large."""


@panel("tape", rate=4)
def paint(frame: Frame, look: Look) -> Picture:
    """The trades of the selected market."""
    title = look.say("panel.tape")
    symbol = safe_text(figures.short(look.symbol))
    trades = newest_first([trade for trade in frame.trades if trade.symbol == look.symbol])[: look.height]
    if not trades:
        return Picture(
            title=title, rows=((("", ""),), ((f" {look.say('tape.none')}", "muted"),)), note=symbol
        )
    book = freshness.book_of(frame, look.symbol)
    tick = book.tick if book else 0.0
    amounts = sorted(trade.qty for trade in trades)
    large = amounts[len(amounts) // 2] * LARGE
    places = figures.depth_places(amounts)
    prices = max(len(figures.price(trade.price, tick)) for trade in trades)
    clocked = look.width >= prices + 17
    rows = tuple(_row(trade, look, tick, prices, places, large, clocked) for trade in trades)
    age = look.lag + max(0, frame.ts - trades[0].ts)
    one, sep = sizes.told(frame, look.symbol, look), f" {look.glyphs.sep} "
    last = look.say("tape.last", age=figures.span(age))
    ways = ((last, one, symbol), (last, one), (last,))
    return Picture(
        title=title,
        rows=rows,
        note=note_of(look, *(sep.join(filter(None, parts)) for parts in ways)),
        stale=freshness.market_age(frame, look.symbol, look.lag),
    )


def _row(
    trade: TradeRow, look: Look, tick: float, prices: int, places: int, large: float, clocked: bool
) -> Row:
    way = "up" if trade.side == "buy" else "down"
    shape = look.glyphs.up if trade.side == "buy" else look.glyphs.down
    style = f"{way} bold" if trade.qty >= large else way
    out: list[Segment] = [(f"{figures.clock(trade.ts)} ", "muted")] if clocked else []
    out.append((f"{shape} ", way))
    out.append((fit(figures.price(trade.price, tick), prices, right=True), style))
    size = "strong bold" if trade.qty >= large else "text"
    room = look.width - sum(len(text) for text, _ in out)
    out.append((fit(figures.depth(trade.qty, places), min(room, 11), right=True), size))
    return tuple(out)


def newest_first(trades: list[TradeRow]) -> list[TradeRow]:
    """Trades by time, the newest first, whichever way the frame lists them."""
    if len(trades) > 1 and trades[0].ts < trades[-1].ts:
        return trades[::-1]
    return trades
