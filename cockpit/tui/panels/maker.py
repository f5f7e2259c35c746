"""A market maker at a glance: both quotes, what it holds, what the spread brings and what is taken back.

Where the quotes stand and which way they lean is a shape; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core.desk_frames import MakerRow
from cockpit.core.frames import PAPER, BookFrame, Frame, OrderRow, SleeveRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness, sizes
from cockpit.tui.cells import Row, Segment, fit, trim, width_of, wrapped
from cockpit.tui.picture import Look, Picture, gain, note_of

LABEL = 11
GAUGE, SHORT = 21, 9
"""Cells of a gauge, and where room is short: odd numbers, so that it has a middle."""
ROOMY = 48
"""Cells of room for the long one."""
BP = 10_000
FULL = 0.9
"""Of the room: from here on it can hardly buy (or sell) any more."""


@panel("maker", rate=4)
def paint(frame: Frame, look: Look) -> Picture:
    """The quoting strategy under the cursor of the lists beside it, else the first."""
    title = look.say("panel.maker")
    rows = frame.makers
    found = next((row for row in rows if row.sleeve == look.sleeve), rows[0] if rows else None)
    if found is None:
        said = wrapped(look.say("maker.none"), max(1, look.width - 2))
        return Picture(title=title, rows=((("", ""),), *(((f" {line}", "muted"),) for line in said)))
    drawn = _Maker(frame, look, found)
    at = rows.index(found) + 1
    name = safe_text(f"{found.sleeve.partition('@')[0].removeprefix(PAPER)} {figures.short(found.symbol)}")
    words = f"{title} {name}"
    return Picture(
        title=words if width_of(words) <= look.width - 4 else name,
        rows=tuple(drawn.rows()[: look.height]),
        note=_which(at, len(rows), look) if len(rows) > 1 else "",
        stale=freshness.market_age(frame, found.symbol, look.lag) or freshness.account_age(frame, look.lag),
    )


def _which(at: int, count: int, look: Look) -> str:
    return note_of(look, look.say("maker.of", at=at, count=count), f"{at} / {count}")


class _Maker:
    def __init__(self, frame: Frame, look: Look, row: MakerRow) -> None:
        self.frame = frame
        self.look = look
        self.row = row
        self.sleeve = next((one for one in frame.sleeves if one.sleeve == row.sleeve), None)
        self.elsewhere = row.sleeve.startswith(PAPER)
        """Its orders are those of another machine: they are not in the picture."""
        book = freshness.book_of(frame, row.symbol)
        good = book is not None and book.ok and book.bids and book.asks and not self.elsewhere
        self.book: BookFrame | None = book if good else None
        self.mid = (book.bids[0][0] + book.asks[0][0]) / 2 if good and book is not None else float("nan")
        self.room = max(1, look.width - LABEL - 1)
        self.gauge = GAUGE if self.room >= ROOMY else SHORT
        self.quotes = {side: self._quote(side) for side in ("buy", "sell")}

    def rows(self) -> list[Row]:
        """The most urgent first: short panels end early."""
        lines = [self._side("buy"), self._side("sell"), self._inventory(), self._earned(), self._left()]
        lines += [self._fees(), self._lean(), self._fills(), *self._money(), *self._why()]
        return lines

    def _line(self, label: str, *values: Segment) -> Row:
        """A label and parts two cells apart; those that do not fit whole are left out, from the right."""
        shown = _spaced(values, self.room, self.look.glyphs.more)
        return ((fit(self.look.say(label), LABEL), "muted"), (" ", ""), *shown)

    def _quote(self, side: str) -> OrderRow | None:
        """The own quote of a side that is nearest to the other one."""
        mine = [row for row in self.frame.orders if row.sleeve == self.row.sleeve and row.side == side]
        mine = [row for row in mine if row.kind == "post_only" and row.price > 0]
        best = max if side == "buy" else min
        return best(mine, key=lambda row: row.price, default=None)

    def _side(self, side: str) -> Row:
        """Price, size, distance to the middle, what is in front at most, age; a state that is unusual."""
        look, say = self.look, self.look.say
        label = f"maker.{side}"
        quote = self.quotes[side]
        if quote is None:
            words = "maker.elsewhere" if self.elsewhere else "maker.no_quote"
            return self._line(label, (say(words), "faint"))
        way, shape = ("up", look.glyphs.up) if side == "buy" else ("down", look.glyphs.down)
        tick = self.book.tick if self.book else 0.0
        parts: list[Segment] = [
            (f"{shape}{figures.price(quote.price, tick)}", f"{way} bold"),
        ]
        if self.book is not None:
            parts.append((say("maker.off", bp=f"{abs(quote.price / self.mid - 1) * BP:.1f}"), "muted"))
        parts.append((look.amount(figures.quantity(quote.qty - quote.filled)), "text"))
        if quote.state != "live" or quote.cancelling:
            state = "cancelling" if quote.cancelling else quote.state
            parts.append((look.word(state), "danger bold" if state == "unknown" else "warn"))
        if self.book is not None:
            parts.append((self._front(quote), "muted"))
        if quote.created:
            parts.append((figures.span(max(0, self.frame.ts - quote.created)), "faint"))
        return self._line(label, *parts)

    def _front(self, quote: OrderRow) -> str:
        """How much others show at that price: no venue says who came first, so it is a bound."""
        assert self.book is not None
        levels = self.book.bids if quote.side == "buy" else self.book.asks
        better = sum(
            size
            for price, size in levels
            if (price > quote.price if quote.side == "buy" else price < quote.price)
        )
        here = next((size for price, size in levels if abs(price - quote.price) <= 1e-9 * price), 0.0)
        if better:
            return self.look.say("maker.behind", qty=figures.quantity(better))
        return self.look.say("maker.front", qty=figures.quantity(here))

    def _lean(self) -> Row:
        """Where both quotes stand about the middle, as a picture and in basis points."""
        look = self.look
        buy, sell = self.quotes["buy"], self.quotes["sell"]
        if self.book is None or buy is None or sell is None:
            return self._line("maker.lean", (figures.UNKNOWN, "faint"))
        lean = ((buy.price + sell.price) / 2 / self.mid - 1) * BP
        far = max(abs(buy.price / self.mid - 1), abs(sell.price / self.mid - 1)) or 1.0
        half = self.gauge // 2
        cells = [look.glyphs.line] * self.gauge
        cells[half] = look.glyphs.wick
        cells[max(0, half + round((buy.price / self.mid - 1) / far * half))] = look.glyphs.up
        cells[min(self.gauge - 1, half + round((sell.price / self.mid - 1) / far * half))] = look.glyphs.down
        words = "maker.even" if abs(lean) < 0.05 else "maker.leans_up" if lean > 0 else "maker.leans_down"
        said = look.say(words, bp=f"{abs(lean):.1f}")
        return self._line("maker.lean", ("".join(cells), "own"), (said, "text"))

    def _inventory(self) -> Row:
        """Short to the left, long to the right, full at the most that it may hold."""
        look, row = self.look, self.row
        position = self.sleeve.position if self.sleeve is not None else 0.0
        share = row.held / row.room if row.room > 0 else float("nan")
        known = share == share and not look.private
        style = "warn bold" if known and abs(share) >= FULL else "text"
        parts: list[Segment] = [(_balance(share, self.gauge, look), "own")] if known else []
        unit = sizes.unit(self.frame, row.symbol, look)
        parts.append((f"{look.amount(figures.quantity(position))} {unit}".rstrip(), style))
        if row.room > 0:
            worth, room = look.money(row.held), look.money(row.room)
            words = look.say("maker.of_room", held=worth, room=room, ccy=safe_text(self.frame.currency))
            parts.append((words, "muted"))
        return self._line("maker.inventory", *parts)

    def _earned(self) -> Row:
        """Half spreads of resting fills, against the middle of the book when they came."""
        row = self.row
        if not row.edged:
            return self._line("maker.earned", (self._nothing(), "faint"))
        bp = row.edge / row.edged * BP
        return self._line(
            "maker.earned", (f"{bp:+.2f} bp", "text"), gain(row.edge, self.look), (self._of_fills(), "muted")
        )

    def _left(self) -> Row:
        """The same some seconds later, the last word first; and how much was taken back by then."""
        row, look = self.row, self.look
        known = [(ms, left, count) for ms, left, count in row.marks if count and left == left]
        if not known or not row.edged:
            return self._line("maker.left", (self._nothing(), "faint"))
        parts: list[Segment] = []
        for ms, left, _ in reversed(known):
            shape = look.glyphs.up if left >= 0 else look.glyphs.down
            parts.append((f"{ms // 1000}s {shape}{left * BP:+.2f} bp", "up" if left >= 0 else "down"))
        ms, left, count = known[-1]
        back = row.edge / row.edged - left
        style = "warn bold" if left < 0 else "muted"
        parts.append((look.say("maker.back", bp=f"{back * BP:.2f}", count=count), style))
        return self._line("maker.left", *parts)

    def _nothing(self) -> str:
        return self.look.say("maker.no_fills" if not self.row.fills else "maker.unmeasured")

    def _of_fills(self) -> str:
        return self.look.say("maker.of_fills", count=self.row.makers)

    def _fees(self) -> Row:
        """Does the spread that stands now pay a round trip?"""
        look, both = self.look, 2 * self.row.maker_fee * BP
        if self.book is None:
            return self._line("maker.check", (look.say("maker.fees_only", both=f"{both:.2f}"), "muted"))
        spread = (self.book.asks[0][0] / self.book.bids[0][0] - 1) * BP
        pays = spread > both
        shape, style = (look.glyphs.dot, "text") if pays else (look.glyphs.alarm, "warn bold")
        words = look.say(
            "maker.pays" if pays else "maker.pays_not", spread=f"{spread:.2f}", both=f"{both:.2f}"
        )
        return self._line("maker.check", (f"{shape} {words}", style))

    def _fills(self) -> Row:
        row, look = self.row, self.look
        if not row.fills:
            return self._line("maker.fills", (look.say("maker.no_fills"), "faint"))
        share = row.makers / row.fills
        since = f"{figures.date(row.since)[5:]} {figures.clock(row.since)[:5]}Z"
        parts: list[Segment] = [
            (f"{look.glyphs.up}{row.buys}", "up"),
            (look.amount(figures.quantity(row.bought)), "muted"),
            (f"{look.glyphs.down}{row.sells}", "down"),
            (look.amount(figures.quantity(row.sold)), "muted"),
            (look.say("maker.rested", share=f"{share:.0%}"), "text"),
            (
                look.say("maker.since", at=since),
                "faint",
            ),
        ]
        return self._line("maker.fills", *parts)

    def _money(self) -> list[Row]:
        row, look = self.row, self.look
        lines: list[Row] = []
        if self.sleeve is not None:
            lines.append(self._line("maker.pnl", gain(self.sleeve.pnl, look), *self._paid()))
        if row.pool:
            words = look.say(
                "maker.pool",
                pool=safe_text(row.pool),
                held=look.money(row.pool_held),
                room=look.money(row.room),
                ccy=safe_text(self.frame.currency),
            )
            lines.append(self._line("maker.pool_label", (words, "text")))
        return lines

    def _paid(self) -> tuple[Segment, ...]:
        row = self.row
        if not row.turnover:
            return ()
        fees = self.look.change(-row.fees)
        words = self.look.say("maker.paid", fees=fees, bp=f"{row.fees / row.turnover * BP:.2f}")
        return ((words, "muted"),)

    def _why(self) -> list[Row]:
        row: SleeveRow | None = self.sleeve
        if row is None:
            return []
        words = self.look.because(row.why) or safe_text(row.tag)
        lines = wrapped(words, max(1, self.look.width - LABEL - 1)) if words else [figures.UNKNOWN]
        style = "warn" if row.why else "text"
        first = self._line("column.why" if row.why else "column.tag", (lines[0], style))
        return [first, *(((" " * (LABEL + 1), ""), (line, style)) for line in lines[1:])]


def _balance(share: float, width: int, look: Look) -> str:
    """A gauge from -1 to 1 with its zero in the middle."""
    half = width // 2
    filled = round(min(1.0, abs(share)) * half) or (1 if share else 0)
    on, off = look.glyphs.gauge_on, look.glyphs.gauge_off
    empty, full = off * half, off * (half - filled)
    left = full + on * filled if share < 0 else empty
    right = on * filled + full if share > 0 else empty
    return f"{left}{look.glyphs.wick}{right}"


def _spaced(parts: Sequence[Segment], room: int, more: str) -> list[Segment]:
    out: list[Segment] = []
    used = 0
    for text, style in parts:
        size = width_of(text) + (2 if out else 0)
        if used + size > room:
            return out or [(trim(text, room, more), style)]
        if out:
            out.append(("  ", ""))
        out.append((text, style))
        used += size
    return out
