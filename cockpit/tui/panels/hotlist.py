"""Markets ranked, the hottest first: each term of the score is a column, and what is not known says so."""

from __future__ import annotations

from cockpit.core.candidates import Candidate
from cockpit.core.frames import Frame, HotlistFrame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import SYMBOL, Column, Look, Picture, listing

STYLES = {"approved": "good bold", "rejected": "muted", "snoozed": "faint"}


@panel("hotlist", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Rows stand where the scan put them; approved markets outside the ranking follow."""
    hot = frame.hotlist
    rows = [] if hot is None else list(hot.candidates)
    names = [row.symbol for row in rows]
    others = [] if hot is None else [s for s in hot.standings if s not in names]
    terms = [term.name for term in rows[0].terms] if rows else []
    return listing(
        look,
        look.say("panel.hotlist"),
        _columns(look, terms),
        [
            *(_cells(row, hot, frame, look) for row in rows if hot is not None),
            *(_other(symbol, len(terms), hot, look) for symbol in others if hot is not None),
        ],
        [*names, *others],
        empty=look.say("hotlist.none"),
        note="" if hot is None or not hot.scan else _note(frame, hot, look),
        stale=freshness.account_age(frame, look.lag),
        alarm=look.say("hotlist.expired_title") if hot is not None and hot.expired else "",
    )


def _note(frame: Frame, hot: HotlistFrame, look: Look) -> str:
    approved = sum(standing.word == "approved" for standing in hot.standings.values())
    age = figures.span(max(0, frame.ts - hot.scan))
    return look.say("hotlist.count", approved=approved, count=hot.universe, age=age)


def _columns(look: Look, terms: list[str]) -> list[Column]:
    say = look.say
    return [
        Column("#", 2, 0, right=True),
        Column(say("column.symbol"), SYMBOL, 0, grow=2),
        Column(say("column.decision"), 9, 1),
        Column(say("hotlist.score"), 5, 0, right=True),
        *(Column(name, 6, 2 + i, right=True) for i, name in enumerate(terms)),
        Column(say("hotlist.leverage"), 4, 3, right=True),
        Column(say("hotlist.range"), 11, 8, right=True),
    ]


def word_of(symbol: str, hot: HotlistFrame, look: Look) -> Segment:
    """What has been decided about a market."""
    found = hot.standings.get(symbol)
    if found is None:
        return (look.say("hotlist.open"), "text")
    return (look.word(found.word), STYLES.get(found.word, "text"))


def _cells(row: Candidate, hot: HotlistFrame | None, frame: Frame, look: Look) -> list[Segment]:
    assert hot is not None
    return [
        (str(row.place), "muted"),
        (safe_text(figures.short(row.symbol)), "strong"),
        word_of(row.symbol, hot, look),
        (f"{row.score:.3f}", "accent"),
        *(("?", "warn") if t.value is None else (f"{t.value:.3f}", "text") for t in row.terms),
        (f"{row.leverage}x", "text") if row.leverage else ("?", "warn"),
        ("?", "warn") if row.low is None else (_range(row, frame), "muted"),
    ]


def _range(row: Candidate, frame: Frame) -> str:
    book = freshness.book_of(frame, row.symbol)
    tick = book.tick if book else 0.0
    return f"{figures.price(row.low or 0.0, tick)}..{figures.price(row.high or 0.0, tick)}"


def _other(symbol: str, terms: int, hot: HotlistFrame | None, look: Look) -> list[Segment]:
    assert hot is not None
    blank: Segment = ("-", "faint")
    name: Segment = (safe_text(figures.short(symbol)), "strong")
    return [
        blank,
        name,
        word_of(symbol, hot, look),
        *([blank] * (terms + 2)),
        (look.say("hotlist.unranked"), "faint"),
    ]
