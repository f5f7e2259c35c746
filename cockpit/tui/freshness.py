"""How old what we show is. One rule for every panel, so that no number can look fresher than it is."""

from __future__ import annotations

from cockpit.core.frames import BookFrame, Frame, SourceRow

LIMIT = 1000
"""ms from which on a number looks stale."""


def book_of(frame: Frame, symbol: str) -> BookFrame | None:
    """The book of one market, None when the frame has none."""
    return next((book for book in frame.books if book.symbol == symbol), None)


def sources_of(frame: Frame, symbol: str) -> list[SourceRow]:
    """The streams that speak of one market."""
    return [source for source in frame.sources if source.symbol == symbol]


def too_old(age: int, lag: int) -> int:
    """Age in ms when it counts as stale, else 0. ``age`` is -1 when the source has never spoken."""
    total = max(age, 0) + lag
    return total if total >= LIMIT else 0


def account_age(frame: Frame, lag: int) -> int:
    """Orders, strategies and limits are the engine's own: as old as its last picture."""
    return 0 if frame.ended else too_old(0, lag)


def market_age(frame: Frame, symbol: str, lag: int) -> int:
    """Age in ms of what is known of a market when no stream of it is alive, else 0.

    A stream that speaks in bars is fresh for as long as the engine, which knows its tempo, says so.
    """
    if frame.ended:
        return 0
    sources = sources_of(frame, symbol)
    if sources and all(source.stale or not source.up for source in sources):
        known = [source.age for source in sources if source.age >= 0]
        return max(min(known, default=0) + lag, LIMIT)
    return too_old(0, lag)


def price_age(frame: Frame, symbol: str, age: int, lag: int) -> int:
    """Age in ms of a mark price when stale, else 0. Where there is a book, a second is the limit."""
    if frame.ended:
        return 0
    if book_of(frame, symbol) is None:
        return market_age(frame, symbol, lag)
    return too_old(age, lag)


def data_age(frame: Frame, symbol: str, lag: int) -> int | None:
    """Age in ms of the newest word about a market; None when it has never spoken."""
    book = book_of(frame, symbol)
    ages = [source.age for source in sources_of(frame, symbol) if source.age >= 0]
    if book is not None and book.age >= 0:
        ages.append(book.age)
    return min(ages) + lag if ages else None
