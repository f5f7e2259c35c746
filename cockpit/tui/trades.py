"""What is behind a cell of the heat map: the trades that were closed then, asked for from the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from cockpit.core.frames import Answer, SleeveRow
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.box import STRUCTURE
from cockpit.tui.cells import Row, Segment
from cockpit.tui.panels.heatmap import columns, stretch
from cockpit.tui.picture import Column, Look, gain, table
from cockpit.tui.widgets import Painted

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


class Trades(ModalScreen[None]):
    """A table to scroll through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "scroll(10)", show=False),
        Binding("pageup,ctrl+u", "scroll(-10)", show=False),
        Binding("g,home", "scroll(-1000000)", show=False),
        Binding("G,end", "scroll(1000000)", show=False),
    ]

    def __init__(self, look: Look, title: str, payload: dict[str, Any], tick: float = 0.0) -> None:
        super().__init__()
        self.look = look
        self.heading = title
        self.rows: list[dict[str, Any]] = payload["rows"]
        self.count = int(payload["count"])
        self.tick = tick
        self.top = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="trades"):
            yield Static(self.heading, markup=False, id="heading")
            entries = Painted(id="entries")
            entries.styles.height = len(self.rows) + 1
            yield entries
            yield Static(summed(self.rows, self.count, self.look), markup=False, id="hint")

    def on_mount(self) -> None:
        self.call_after_refresh(self._paint)

    def on_resize(self) -> None:
        self.call_after_refresh(self._paint)

    def action_scroll(self, step: int) -> None:
        self.top += step
        self._paint()

    def action_close(self) -> None:
        self.dismiss(None)

    def _paint(self) -> None:
        view = self.query_one("#entries", Painted)
        head, body = lines(self.rows, self.look, max(1, view.size.width), self.tick)
        room = max(1, view.size.height - 1)
        self.top = max(0, min(self.top, len(body) - room))
        shown = body[self.top : self.top + room]
        view.put([head, *shown, *[((("", ""),))] * (room - len(shown))])


def lines(rows: list[dict[str, Any]], look: Look, width: int, tick: float = 0.0) -> tuple[Row, list[Row]]:
    """Header and one row a trade. Pure."""
    say = look.say
    heads = [
        Column(say("trades.closed"), 14, 0),
        Column(say("column.side"), 5, 1),
        Column(say("column.qty"), 6, 4, right=True),
        Column(say("column.entry"), 8, 3, right=True),
        Column(say("trades.exit"), 8, 3, right=True),
        Column(f"{say('trades.net')} {rows[0]['settle']}" if rows else "", 8, 0, right=True),
        Column("R", 6, 0, right=True),
        Column(say("column.held"), 5, 5, right=True),
        Column(say("trades.why"), 14, 2, grow=1),
    ]
    if not rows:
        return ((say("trades.none"), "muted"),), []
    return table(heads, [_cells(row, look, tick) for row in rows], width, look.glyphs.more)


def _cells(row: dict[str, Any], look: Look, tick: float) -> list[Segment]:
    long = row["side"] == "long"
    closed, opened = int(row["closed"]), int(row["opened"])
    r = row["r"]
    return [
        (f"{figures.date(closed)[5:]} {figures.clock(closed)}", "muted"),
        (look.word(str(row["side"])), "up" if long else "down"),
        (look.amount(figures.quantity(float(row["qty"]))), "text"),
        (figures.price(float(row["entry"]), tick), "muted"),
        (figures.price(float(row["exit"]), tick), "text"),
        gain(float(row["net"]), look),
        (figures.UNKNOWN if r is None else f"{r:+.2f}", "muted" if r is None else "up" if r > 0 else "down"),
        (figures.span(closed - opened), "muted"),
        (safe_text(f"{row['why_in']} {look.glyphs.cursor} {row['why_out']}"), "text"),
    ]


def summed(rows: list[dict[str, Any]], count: int, look: Look) -> str:
    """What they brought together; a trade without a stop has no R."""
    if not rows:
        return look.say("help.close")
    known = [row["r"] for row in rows if row["r"] is not None]
    words = look.say(
        "trades.sum",
        shown=len(rows),
        count=count,
        won=sum(float(row["net"]) > 0 for row in rows),
        net=look.change(sum(float(row["net"]) for row in rows)),
        r=f"{sum(known):+.2f}" if known else figures.UNKNOWN,
    )
    return f"{words}   {look.say('help.close')}"


def open_trades(app: CockpitApp) -> None:
    """The trades of the cell under the cursor, or all of the strategy under it."""
    frame = app.frame
    view = app.desk.focused_view
    look = app.look()
    row = next((one for one in frame.sleeves if one.sleeve == look.sleeve), None) if frame else None
    if frame is None or row is None:
        app.tell("sleeves.choose")
        return
    since = until = 0
    if view.panel == "heatmap":
        back = min(look.back, columns(view.size.width - STRUCTURE, look.span, frame) - 1)
        since, until = stretch(frame, look.span, back)
    args = {"sleeve": row.sleeve, "since": str(since), "until": str(until)}
    title = _title(row, since, until, look)
    book = freshness.book_of(frame, row.symbol)
    tick = book.tick if book else 0.0

    def show(answer: Answer) -> None:
        if answer.ok and answer.payload is not None:
            app.push_screen(Trades(look, title, answer.payload, tick))
        else:
            app.warn(look.news(answer.message_id, answer.args))

    app.controls.planned[app.controls.send("trades", args)] = show


def _title(row: SleeveRow, since: int, until: int, look: Look) -> str:
    name = safe_text(f"{row.strategy}@{row.version} {figures.short(row.symbol)}")
    if not since:
        return look.say("trades.title.all", name=name)
    times = [f"{figures.date(ts)} {figures.clock(ts)[:5]}Z" for ts in (since, until)]
    return look.say("trades.title", name=name, since=times[0], until=times[1])
