"""The card of the market under the hotlist's cursor: why it is there, what approving it would mean."""

from __future__ import annotations

from cockpit.core.candidates import Candidate
from cockpit.core.frames import Frame, HotlistFrame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, fit, width_of, wrapped
from cockpit.tui.picture import Look, Picture

BAR = 10
HEAD, SHARE = 24, 21
"""Cells before and after a bar: a term's name and value; its share in the score."""


@panel("evidence", rate=2)
def paint(frame: Frame, look: Look) -> Picture:
    """Only what the scan knew, beside what is known now."""
    hot = frame.hotlist
    title = look.say("panel.evidence")
    row = None if hot is None else chosen(hot, look.candidate)
    if hot is None or row is None:
        none = wrapped(look.say("hotlist.none"), max(1, look.width - 2))
        return Picture(title=title, rows=tuple(((f" {line}", "muted"),) for line in none[: look.height]))
    rows = [
        _head(row, hot, frame, look),
        *_terms(row, look),
        _price(row, frame, look),
        _traders(row, frame, look),
        _lever(row, look),
        _week(row, frame, look),
        _mood(hot, frame, look),
        ((look.say("hotlist.enforced" if hot.enforce else "hotlist.not_enforced"), "muted"),),
    ]
    lines = folded(rows, look)
    return Picture(
        title=title,
        rows=tuple(lines[: look.height]),
        note=look.say("panel.more", count=len(lines) - look.height) if len(lines) > look.height else "",
        stale=freshness.market_age(frame, row.symbol, look.lag),
        dim=False,
        alarm=look.say("hotlist.expired_title") if hot.expired else "",
    )


def folded(rows: list[Row], look: Look) -> list[Row]:
    """Sentences wrapped: half a number is a wrong number."""
    out: list[Row] = []
    for row in rows:
        if len(row) == 1:
            text, style = row[0]
            out += [((line, style),) for line in wrapped(text, max(1, look.width))]
        else:
            out.append(row)
    return out


def chosen(hot: HotlistFrame, symbol: str) -> Candidate | None:
    """The candidate under the cursor, else the first."""
    first = hot.candidates[0] if hot.candidates and not symbol else None
    return next((row for row in hot.candidates if row.symbol == symbol), first)


def _head(row: Candidate, hot: HotlistFrame, frame: Frame, look: Look) -> Row:
    standing = hot.standings.get(row.symbol)
    name = (safe_text(f"{figures.short(row.symbol)} #{row.place} {row.score:.3f}  "), "strong bold")
    if standing is None:
        return (name, (look.say("hotlist.open"), "text"))
    words = look.say(
        "hotlist.by",
        actor=safe_text(standing.by),
        age=figures.span(max(0, frame.ts - standing.since)),
        score=f"{standing.score:.3f}",
    )
    return (name, (f"{look.word(standing.word)} {words}", "good" if standing.word == "approved" else "muted"))


def _terms(row: Candidate, look: Look) -> list[Row]:
    """Each term: what was measured, its rank as a bar where there is room for one, what that adds."""
    lines: list[Row] = []
    room = min(BAR, look.width - HEAD - SHARE)
    for term in row.terms:
        full = round(term.rank * max(0, room))
        bar = look.glyphs.column[-1] * full + look.glyphs.flat * (room - full)
        part = f"{term.rank:.2f} x {term.weight:.2f} = {term.rank * term.weight:.3f}"
        part = f"  {part}" if room > 0 else part.replace(" ", "")
        value = "?" if term.value is None else f"{term.value:.3f}"
        cells = 13 if room > 0 else 12
        head = (f"{fit(safe_text(term.name), cells)} {fit(value, cells - 5, True)}  ", "text")
        words = f"  {look.say('hotlist.unknown')}" if term.value is None else ""
        tail = (words if width_of(words) <= look.width - HEAD - room - SHARE else "", "warn")
        lines.append((head, (bar, "accent"), (part, "muted"), tail))
    return lines


def _price(row: Candidate, frame: Frame, look: Look) -> Row:
    now = price_now(frame, row.symbol)
    moved = f"{now / row.price - 1:+.2%}" if now > 0 and row.price > 0 else figures.UNKNOWN
    tick = _tick(frame, row.symbol)
    then, said = figures.price(row.price, tick), figures.price(now, tick)
    return ((look.say("hotlist.price", then=then, now=said, moved=moved), "text"),)


def price_now(frame: Frame, symbol: str) -> float:
    """Middle of the book, else the last candle's close; 0 when neither is known."""
    book = freshness.book_of(frame, symbol)
    if book is not None and book.ok and book.bids and book.asks:
        return (book.bids[0][0] + book.asks[0][0]) / 2
    closes = [rows[-1] for name, rows in frame.candles.items() if name.startswith(f"{symbol}|") and rows]
    return max(closes, key=lambda row: row.ts).close if closes else 0.0


def _week(row: Candidate, frame: Frame, look: Look) -> Row:
    if row.low is None or row.high is None:
        return ((look.say("hotlist.week_unknown"), "warn"),)
    width = row.high - row.low
    place = f"{(row.price - row.low) / width:.0%}" if width > 0 else figures.UNKNOWN
    low, high = (figures.price(value, _tick(frame, row.symbol)) for value in (row.low, row.high))
    return ((look.say("hotlist.week", low=low, high=high, place=place), "text"),)


def _tick(frame: Frame, symbol: str) -> float:
    book = freshness.book_of(frame, symbol)
    return book.tick if book is not None else 0.0


def _lever(row: Candidate, look: Look) -> Row:
    if not row.leverage or row.sigma is None:
        return ((look.say("hotlist.lever_unknown"), "warn"),)
    return ((look.say("hotlist.lever", times=row.leverage, sigma=f"{row.sigma:.2%}"), "text"),)


def _mood(hot: HotlistFrame, frame: Frame, look: Look) -> Row:
    mood = hot.mood
    if mood is None:
        return ((look.say("hotlist.no_mood"), "muted"),)
    age = max(0, frame.ts - mood.ts)
    words = look.say(
        "hotlist.mood",
        value=f"{mood.value:g}",
        word=look.say(f"mood.{mood.word}"),
        source=safe_text(mood.source),
        age=figures.span(age),
    )
    return ((words, "warn" if age > 3 * 86_400_000 else "text"),)


def _traders(row: Candidate, frame: Frame, look: Look) -> Row:
    names = [
        f"{s.strategy}@{s.version} ({look.word(s.state)})" for s in frame.sleeves if s.symbol == row.symbol
    ]
    if not names:
        return ((look.say("hotlist.traded_by_none"), "warn"),)
    return ((look.say("hotlist.traded_by", names=safe_text(", ".join(names))), "text"),)
