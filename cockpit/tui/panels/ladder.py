"""The stop ladder: every way out of every position, which fires first, and what leaving there would bring.

The axis at the foot belongs to the position under the cursor: market, entry and every level in one line.
"""

from __future__ import annotations

from math import isfinite

from cockpit.core.frames import Frame, PositionRow, StopLayer
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, Segment
from cockpit.tui.picture import STRATEGY, Column, Look, Picture, gain, listing

VENUE = "venue"
"""The row that says what really rests; the layer that it belongs to is a row of its own."""
FAR, FURTHER = "PL", 4.0
"""Stops of the account and the liquidation leave the axis when they are so much further than the rest."""
STYLES = {"armed": "good", "local": "warn", "missing": "danger bold", "behind": "muted", "watching": "accent"}


@panel("ladder", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """One line per layer, position after position, nearest first."""
    say, pairs = look.say, _pairs(frame)
    keys = [f"{row.sleeve}|{row.symbol}|{place}" for row, place, _ in pairs]
    at = keys.index(look.cursor) if look.cursor in keys else 0
    foot = axis(pairs[at][0], frame, look) if pairs else ()
    ages = [freshness.price_age(frame, row.symbol, row.age, look.lag) for row, _, _ in pairs]
    return listing(
        look,
        say("panel.ladder"),
        [
            Column(say("column.symbol"), 9, 0, grow=2),
            Column(say("column.first"), 5, 1),
            Column(say("column.layer"), 12, 0, grow=1),
            Column(say("column.state"), 8, 2),
            Column(say("column.price"), 9, 0, right=True),
            Column(say("column.distance"), 7, 3, right=True),
            Column(say("column.cash"), 10, 1, right=True),
            Column(say("column.condition"), 16, 5, grow=3),
            Column(say("column.strategy"), STRATEGY, 6, grow=1, tail="@"),
        ],
        [_cells(row, layer, place == 0, frame, look) for row, place, layer in pairs],
        keys,
        empty=say("positions.none"),
        legend=say("ladder.legend"),
        stale=max(ages, default=0),
        dim=bool(ages) and min(ages) > 0,
        alarm=say("positions.stop_missing") if any(x.state == "missing" for _, _, x in pairs) else "",
        foot=[foot] if foot else (),
    )


def _pairs(frame: Frame) -> list[tuple[PositionRow, int, StopLayer]]:
    found = []
    for row in frame.positions:
        shown = [layer for layer in row.layers if layer.state != "unused" and layer.name not in ("", VENUE)]
        ordered = sorted(shown, key=lambda x: (not x.first, x.price == 0.0, x.distance))
        found += [(row, place, layer) for place, layer in enumerate(ordered)]
    return found


def _cells(row: PositionRow, layer: StopLayer, head: bool, frame: Frame, look: Look) -> list[Segment]:
    book = freshness.book_of(frame, row.symbol)
    tick = book.tick if book else 0.0
    side = look.word("long" if row.qty > 0 else "short")
    name = f"{figures.short(row.symbol)} {side}" if head else ""
    when = f"{figures.clock(layer.at)}Z " if layer.at else ""
    known = layer.price > 0
    cells: list[Segment] = [
        (safe_text(name), "strong bold"),
        (look.glyphs.cursor if layer.first else "", "warn bold"),
        (f"{layer.letter} {safe_text(look.word(layer.name))}", "text"),
        (look.word(layer.state), STYLES.get(layer.state, "muted")),
        (figures.price(layer.price, tick) if known else "-", "text" if known else "faint"),
        (figures.away(layer.distance) if known else "-", "muted"),
        gain(layer.cash, look) if known else ("-", "faint"),
        (when + (safe_text(layer.say) or _watched(layer, look)), "muted"),
        (safe_text(row.sleeve.partition("/")[0]), "muted"),
    ]
    age = freshness.price_age(frame, row.symbol, row.age, look.lag)
    return [(text, "stale") for text, _ in cells] if age else cells


def _watched(layer: StopLayer, look: Look) -> str:
    """Which price sets off what rests at the venue."""
    return look.say("ladder.watched", what=look.word(layer.watch)) if layer.watch else ""


Mark = tuple[float, str]
"""A price and its letter."""


def _near(marks: list[Mark], market: float) -> tuple[list[Mark], str, str]:
    """The marks that one line can show apart; letters of those so far below and above that it could not."""
    far = [mark for mark in marks if mark[1] in FAR]
    near = [mark for mark in marks if mark[1] not in FAR]
    widest = FURTHER * max((abs(price - market) for price, _ in near), default=0.0)
    out = [mark for mark in far if widest and abs(mark[0] - market) > widest]
    below = "".join(dict.fromkeys(letter for price, letter in out if price < market))
    above = "".join(dict.fromkeys(letter for price, letter in out if price > market))
    kept = [mark for mark in marks if mark not in out]
    return kept, f"{below}< " if below else "", f" >{above}" if above else ""


def axis(row: PositionRow, frame: Frame, look: Look) -> Row:
    """From the lowest to the highest price: letters of the layers, ``+`` the entry, ``@`` the market."""
    levels = [
        (layer.price, layer.letter)
        for layer in row.layers
        if layer.price > 0 and layer.name not in ("", VENUE)
    ]
    marks = [*levels, (row.entry, "+"), (row.mark, "@")]
    marks = [(price, letter) for price, letter in marks if price > 0 and isfinite(price)]
    marks, below, above = _near(marks, row.mark)
    prices = [price for price, _ in marks]
    wide = look.width - 2
    if len(prices) < 2 or wide < 24 or max(prices) == min(prices):
        return ()
    book = freshness.book_of(frame, row.symbol)
    tick = book.tick if book else 0.0
    low, high = min(prices), max(prices)
    ends = (f"{below}{figures.price(low, tick)}", f"{figures.price(high, tick)}{above}")
    room = wide - len(ends[0]) - len(ends[1]) - 2
    if room < 10:
        return ()
    line = [look.glyphs.line] * room
    for price, letter in marks:  # the market last: it must never be hidden
        line[round((price - low) / (high - low) * (room - 1))] = letter
    return ((f" {ends[0]} ", "muted"), ("".join(line), "text"), (f" {ends[1]}", "muted"))
