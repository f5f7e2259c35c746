"""What a painter is given and what it gives back. Pure values: a panel can be tested without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from cockpit.core.frames import Frame
from cockpit.text import DEFAULT, because, known, safe_text, say, tr
from cockpit.tui import figures
from cockpit.tui.aside import NOTHING_ASIDE, Aside
from cockpit.tui.cells import Row, Segment, fit, plain, squeezed, width_of, wrapped
from cockpit.tui.glyphs import UNICODE, Glyphs
from cockpit.tui.overlays import Overlay


class Look(msgspec.Struct, frozen=True):
    """How the person wants to see it, and in how much room."""

    width: int
    height: int
    """Cells inside the panel's frame."""
    symbol: str = ""
    """The market the book, the tape and the chart show."""
    lang: str = "en"
    glyphs: Glyphs = UNICODE
    private: bool = False
    """Own money and sizes are hidden."""
    focused: bool = False
    cursor: str = ""
    """Key of the row under the cursor: rows move, keys do not."""
    needle: str = ""
    """Only rows that contain this are shown."""
    letter: str = ""
    """What jumps to this panel now."""
    timeframe: int = 0
    """Candle length in ms; 0 = as delivered."""
    step: int = 1
    """Cells per candle."""
    lag: int = 0
    """ms since the engine last sent a picture."""
    mono: bool = False
    """Shapes alone must tell up from down."""
    candidate: str = ""
    """The market under the hotlist's cursor."""
    sleeve: str = ""
    """The strategy whose card is shown."""
    unit: str = "bp"
    """Of the heat map: ``bp`` of equity, ``money``, or ``r``, what was risked."""
    span: str = "hour"
    """Of its columns: ``hour | day | week``."""
    back: int = 0
    """Its column under the cursor, counted from the running one at the right."""
    cross: int = 0
    """Open time (UTC ms) of the candle under the chart's crosshair; 0 = there is none."""
    level: float = 0.0
    """Its price; 0 = the close of that candle."""
    overlays: tuple[Overlay, ...] = ()
    """Indicators over the chart."""
    aside: Aside = NOTHING_ASIDE
    """What this screen has asked for besides the pictures."""
    places: int = figures.CENTS
    """Decimals of the account's money."""

    def money(self, value: float) -> str:
        """An amount of the account's, hidden where it is to be."""
        return self.amount(figures.money(value, self.places))

    def change(self, value: float) -> str:
        """The same with its sign."""
        return self.amount(figures.signed(value, self.places))

    def say(self, message_id: str, /, **args: object) -> str:
        """The catalogue's sentence in the person's language."""
        return tr(message_id, self.lang, **args)

    def news(self, message_id: str, args: dict[str, str]) -> str:
        """A line of the event log in the person's language."""
        symbol = args.get("symbol")
        return say(message_id, args | {"symbol": figures.short(symbol)} if symbol else args, self.lang)

    def because(self, why: str) -> str:
        """Why something is not done (``rule: reason``), in the person's language."""
        head, colon, reason = why.partition(": ")
        rule = f"word.{head.lower()}"
        if colon and self.lang != DEFAULT and known(rule):
            return f"{tr(rule, self.lang)}: {because(reason, self.lang)}"
        return because(why, self.lang)

    def word(self, value: str) -> str:
        """One of the machine's own words (``buy``, ``paper``) in the person's language."""
        key = f"word.{value.lower()}"
        return tr(key, self.lang) if known(key) else safe_text(value)

    def amount(self, text: str) -> str:
        """Own money or size, or dots when the person wants it hidden."""
        return self.glyphs.hidden * 3 if self.private else text


def _nothing(_place: int) -> str:
    """A picture without rows to copy."""
    return ""


class Picture(msgspec.Struct, frozen=True):
    """One panel, painted: its title, its rows and how old what it shows is."""

    title: str
    rows: tuple[Row, ...] = ()
    note: str = ""
    """Shown at the lower edge: legend, counts."""
    stale: int = 0
    """Age in ms when it is too old to act on; 0 = fresh."""
    dim: bool = True
    """Are all rows as old as ``stale`` says? False: the painter has marked the old ones itself."""
    alarm: str = ""
    """A word beside the title that must not be missed (``BROKEN``)."""
    keys: tuple[str, ...] = ()
    """Identities of all rows a cursor may visit, in order."""
    copy: Callable[[int], str] = _nothing
    """What copying the row of such a key copies, by its place in ``keys``."""


Painter = Callable[[Frame, Look], Picture]


class Column(NamedTuple):
    """A column of a table. The ones with the highest ``rank`` go first when room is short."""

    head: str
    least: int
    rank: int = 0
    right: bool = False
    grow: int = 0
    """Share of the room that is left over."""
    tail: str = ""
    """Where its text is cut, the end from here on stays."""


Cells = Sequence[Segment]


SYMBOL = 13
"""Cells of a market's name that tell it from all others: ``BTC-USDT-SWAP``."""
STRATEGY = 9
"""Cells of a strategy's name with its version: ``market…@1``."""
AIR = 12
"""Cells that a column may grow beyond what it holds: further apart the eye loses the row."""
EXTRA = 8
"""Columns of this rank and above come only when the others show their contents whole."""
WHOLE = 48
"""Cells after which a text counts as shown well enough."""


def chosen(columns: Sequence[Column], wanted: Sequence[int], width: int) -> list[int]:
    """Indexes of the columns that fit into ``width`` with one cell between them: whole columns or none."""
    keep = [i for i, column in enumerate(columns) if column.rank < EXTRA]
    while len(keep) > 1 and sum(columns[i].least for i in keep) + len(keep) - 1 > width:
        keep.remove(max(keep, key=lambda i: (columns[i].rank, i)))
    if all(i in keep for i, column in enumerate(columns) if column.rank < EXTRA):
        room = width - sum(max(columns[i].least, min(wanted[i], WHOLE)) + 1 for i in keep) + 1
        for i in sorted(range(len(columns)), key=lambda i: columns[i].rank):
            if columns[i].rank >= EXTRA and columns[i].least + 1 <= room:
                keep.append(i)
                room -= columns[i].least + 1
    return sorted(keep)


def table(
    columns: Sequence[Column], body: Sequence[Cells], width: int, more: str = "…"
) -> tuple[Row, list[Row]]:
    """Header row and body rows of ``width`` cells."""
    line = ruled(columns, body, width, more)
    return line(headed(columns)), [line(cells) for cells in body]


def headed(columns: Sequence[Column]) -> Cells:
    """The header, as cells."""
    return [(column.head, "muted") for column in columns]


def ruled(
    columns: Sequence[Column], body: Sequence[Cells], width: int, more: str = "…"
) -> Callable[[Cells], Row]:
    """What makes a row of ``width`` cells of the cells of one line, all of ``body`` in the same columns.

    ``body`` has a cell for every column, shown or not. A number is never cut: a column of numbers is as wide
    as its widest, or not there at all.
    """
    wanted = [
        max(width_of(column.head), column.least, *(width_of(cells[i][0]) for cells in body))
        for i, column in enumerate(columns)
    ]
    sized = [
        column._replace(least=wanted[i] if column.right else max(column.least, width_of(column.head)))
        for i, column in enumerate(columns)
    ]
    keep = chosen(sized, wanted, width)
    widths = _widths(sized, wanted, keep, width)
    filled = sum(widths.values()) + len(keep) - 1

    def line(cells: Cells) -> Row:
        out: list[Segment] = []
        for place, i in enumerate(keep):
            if place:
                out.append((" ", ""))
            text, style = cells[i]
            if sized[i].tail:
                text = squeezed(text, widths[i], sized[i].tail, more)
            out.append((fit(text, widths[i], sized[i].right, more), style))
        if filled < width:
            out.append((" " * (width - filled), ""))
        return tuple(out)

    return line


def _widths(sized: list[Column], wanted: list[int], keep: list[int], width: int) -> dict[int, int]:
    """Cells of each kept column: what it needs first, in order of rank; the rest to those that grow."""
    widths = {i: sized[i].least for i in keep}
    if len(keep) == 1:
        return {keep[0]: min(widths[keep[0]], width)}
    spare = max(0, width - sum(widths.values()) - len(keep) + 1)
    for i in sorted(keep, key=lambda i: sized[i].rank):
        extra = min(spare, wanted[i] - widths[i])
        widths[i] += extra
        spare -= extra
    shares = sum(sized[i].grow for i in keep)
    for i in keep:
        if shares and sized[i].grow:
            extra = spare * sized[i].grow // shares
            widths[i] += min(extra, AIR)
            spare -= extra
            shares -= sized[i].grow
    return widths


def window(count: int, at: int, height: int) -> range:
    """Which of ``count`` rows to show in ``height`` lines so that row ``at`` is among them."""
    top = 0 if at < height else min(at - height // 2, count - height)
    return range(max(0, top), min(count, max(0, top) + height))


def matching(rows: Sequence[Row], needle: str) -> list[int]:
    """Indexes of the rows that contain ``needle``, in any letter case."""
    if not needle:
        return list(range(len(rows)))
    wanted = needle.casefold()
    return [index for index, row in enumerate(rows) if wanted in plain(row).casefold()]


def listing(
    look: Look,
    title: str,
    columns: Sequence[Column],
    body: Sequence[Cells],
    keys: Sequence[str],
    *,
    empty: str,
    note: str = "",
    stale: int = 0,
    dim: bool = True,
    alarm: str = "",
    foot: Sequence[Row] = (),
    legend: str = "",
    log: bool = False,
) -> Picture:
    """A panel that is a table: header, the rows around the cursor, and lines at its foot.

    ``legend`` explains the foot, and stands at the lower edge only where there is one. Of a ``log``, which is
    long and seldom read to its end, only what is in sight is asked for and measured.
    """
    width, more = max(look.width, 1), look.glyphs.more
    if not body:
        said = wrapped(empty, max(1, look.width - 2))
        rest: list[Row] = [((f" {words}", "muted"),) for words in said]
        return Picture(title=title, rows=((("", ""),), *rest), note=note, stale=stale)
    seen: Sequence[int] = range(len(body))
    if look.needle:
        seen = matching(table(columns, body, width, more)[1], look.needle)
    names = [keys[index] for index in seen]
    at = names.index(look.cursor) if look.cursor in names else 0
    height = look.height - 1
    foot = foot if height - len(foot) >= min(len(seen), 3) else ()
    note = note or (legend if foot else "")
    shown = window(len(seen), at, max(1, height - len(foot)))
    sight = [body[seen[place]] for place in shown]
    line = ruled(columns, sight if log else body, width, more)
    lines: list[Row] = [line(headed(columns))]
    for place, cells in zip(shown, sight, strict=True):
        row = line(cells)
        if look.focused and place == at:
            row = tuple((text, f"{style} cursor".strip()) for text, style in row)
        lines.append(row)
    if not seen:
        lines.append(((look.say("panel.nothing_matches", needle=look.needle), "muted"),))
    if foot:
        lines.extend([((("", ""),))] * (height - len(foot) - len(lines) + 1))
        lines.extend(foot)
    hidden = len(seen) - len(shown)
    count = look.say("panel.more", count=hidden) if hidden > 0 else ""
    return Picture(
        title=title,
        rows=tuple(lines),
        note=f" {look.glyphs.sep} ".join(filter(None, (count, note))),
        stale=stale,
        dim=dim,
        alarm=alarm,
        keys=tuple(names),
        copy=lambda place: "  ".join(text.strip() for text, _ in line(body[seen[place]]) if text.strip()),
    )


def note_of(look: Look, *notes: str) -> str:
    """The first of them that the lower edge has room for; half a legend is none."""
    return next((note for note in notes if width_of(note) <= look.width - 4), "")


def gain(value: float, look: Look) -> Segment:
    """Money won or lost: shape, sign and colour."""
    text = figures.signed(value, look.places)
    if text == figures.UNKNOWN:
        return (text, "muted")
    if look.private:
        return (look.amount(text), "muted")
    if value > 0:
        return (f"{look.glyphs.up}{text}", "up")
    if value < 0:
        return (f"{look.glyphs.down}{text}", "down")
    return (text, "muted")
