"""The order book: asks above, bids below, the spread between; own orders marked; broken books say so."""

from __future__ import annotations

from cockpit.core.frames import BookFrame, Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Row, fit, restyle, width_of
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.picture import Look, Picture, note_of

Level = tuple[float, float, float]
"""Price, size, own size."""


@panel("book", rate=10)
def paint(frame: Frame, look: Look) -> Picture:
    """The visible ladder of the selected market with depth bars."""
    symbol = safe_text(figures.short(look.symbol))
    title = look.say("panel.book")
    book = freshness.book_of(frame, look.symbol)
    if book is None or not (book.bids or book.asks):
        reason = look.say("book.none" if book is None else "book.empty")
        return Picture(title=title, rows=((("", ""),), ((f" {reason}", "muted"),)), note=symbol)
    above = max(1, (look.height - 1) // 2)
    below = max(1, look.height - 1 - above)
    asks = _levels(book, "sell", above)
    bids = _levels(book, "buy", below)
    ladder = _Ladder(look, book, [*asks, *bids])
    rows: list[Row] = [(("", ""),)] * (above - len(asks))
    rows += [ladder.row(level, "down") for level in reversed(asks)]
    rows.append(ladder.spread(frame))
    rows += [ladder.row(level, "up") for level in bids]
    stale = 0 if frame.ended else freshness.too_old(book.age, look.lag)
    if not book.ok:
        rows = [restyle(row, "stale") for row in rows]
    return Picture(
        title=title,
        rows=tuple(rows[: look.height]),
        note=_note(frame, look, book, symbol),
        stale=stale,
        alarm="" if book.ok else look.say("book.broken"),
    )


def _note(frame: Frame, look: Look, book: BookFrame, symbol: str) -> str:
    own = f"{look.glyphs.own} {look.say('book.own', count=len(book.own))}" if book.own else ""
    one, sep = sizes.told(frame, look.symbol, look), f" {look.glyphs.sep} "
    ways = ((own, one, symbol), (own, symbol), (one, symbol), (symbol,))
    return note_of(look, *(sep.join(filter(None, parts)) for parts in ways))


def _levels(book: BookFrame, side: str, count: int) -> list[Level]:
    """The best ``count`` levels of one side; an own order at a price nobody else shows is a level too."""
    visible = book.asks if side == "sell" else book.bids
    own: dict[float, float] = {}
    for owner, price, qty in book.own:
        if owner == side:
            own[_near(price, visible)] = own.get(_near(price, visible), 0.0) + qty
    merged = dict(visible)
    for price in own:
        merged.setdefault(price, 0.0)
    best = sorted(merged, reverse=side == "buy")[:count]
    return [(price, merged[price], own.get(price, 0.0)) for price in best]


def _near(price: float, visible: tuple[tuple[float, float], ...]) -> float:
    """The visible price that equals ``price`` but for rounding, else ``price`` itself."""
    return next((level for level, _ in visible if abs(level - price) <= 1e-9 * abs(price)), price)


class _Ladder:
    """Column widths of one picture of the book, and its rows."""

    def __init__(self, look: Look, book: BookFrame, levels: list[Level]) -> None:
        self.look = look
        self.book = book
        self.places = figures.depth_places([size for _, size, _ in levels])
        self.largest = max((size for _, size, _ in levels), default=0.0)
        self.sizes = max([6, *(len(figures.depth(size, self.places)) for _, size, _ in levels)])
        self.prices = max([8, *(len(figures.price(price, book.tick)) for price, _, _ in levels)])
        self.bar = look.width - self.sizes - self.prices - 5

    def row(self, level: Level, way: str) -> Row:
        price, size, own = level
        words = figures.depth(size, self.places) if size else ""
        text = figures.price(price, self.book.tick)
        mark = self.look.glyphs.own if own else " "
        head: Row = (
            (fit(words, self.sizes + 1, right=True), "muted" if own else "text"),
            (fit(text, self.prices + 2, right=True), f"{way} bold" if own else way),
            (f"{mark} ", "own bold"),
        )
        if self.bar < 2:
            return head
        label = f" {self.look.amount(figures.quantity(own))}" if own else ""
        room = max(0, self.bar - width_of(label))
        filled = bar(size / self.largest if self.largest else 0.0, room, self.look.glyphs)
        return (*head, (filled, f"{way}_bar"), (label, "own bold"))

    def spread(self, frame: Frame) -> Row:
        """The line between the sides: last price and its direction, spread in quote units and bp."""
        bids, asks = self.book.bids, self.book.asks
        if not bids or not asks:
            return ((fit(self.look.say("book.one_sided"), self.look.width), "warn"),)
        gap = asks[0][0] - bids[0][0]
        mid = (asks[0][0] + bids[0][0]) / 2
        last = _last_price(frame, self.book.symbol) or mid
        places = max(figures.decimals_of(self.book.tick), 0)
        words = f"{gap:,.{places}f}  {_bp(gap / mid)} bp" if mid else ""
        room = self.look.width - self.sizes - self.prices - 6
        if width_of(words) > room:
            words = f"{gap:,.{places}f}"
        if room > width_of(words) + 6:
            words = f"{self.look.say('book.spread')} {words}"
        return (
            (" " * (self.sizes + 1), ""),
            (fit(figures.price(last, self.book.tick), self.prices + 2, right=True), "strong bold"),
            (f"   {words}", "muted" if gap > 0 else "danger bold"),
        )


def bar(fraction: float, width: int, glyphs: Glyphs) -> str:
    """A horizontal bar of ``width`` cells at most, in eighths of a cell where the terminal has them."""
    steps = len(glyphs.bar)
    eighths = round(max(0.0, min(1.0, fraction)) * width * steps)
    full, rest = divmod(eighths, steps)
    return glyphs.bar[-1] * full + (glyphs.bar[rest - 1] if rest else "")


def _bp(fraction: float) -> str:
    """Basis points; a tight market needs the second decimal."""
    return f"{fraction * 10_000:.2f}" if fraction < 0.0001 else f"{fraction * 10_000:.1f}"


def _last_price(frame: Frame, symbol: str) -> float:
    """Price of the newest public trade of a market; 0 when none is known."""
    newest = max((trade for trade in frame.trades if trade.symbol == symbol), key=_when, default=None)
    return newest.price if newest else 0.0


def _when(trade: object) -> int:
    return int(getattr(trade, "ts", 0))
