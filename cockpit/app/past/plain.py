"""A past moment as sentences: for pipes, logs and screen readers."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.app import console
from cockpit.app.commands.watch import sentence
from cockpit.core.frames import Frame
from cockpit.text import say, tr

NEWS = 10


def text(frame: Frame, lang: str) -> str:
    """Everything that matters, a line each."""
    return "\n".join(lines(frame, lang))


def lines(frame: Frame, lang: str) -> Iterator[str]:
    """Where things stood, then positions, orders, strategies, the last news."""
    yield tr("past.plain", lang, at=console.utc(frame.ts), seq=frame.seq)
    yield sentence(frame, lang)
    for row in frame.positions:
        stops = " ".join(f"{layer.letter}:{layer.state}" for layer in row.layers)
        yield f"  {console.clean(row.symbol)} {row.qty:g} @ {row.entry:g}  {row.pnl:+,.2f}  {stops}".rstrip()
    for order in frame.orders:
        price = order.price if order.price == order.price and order.price else order.trigger
        words = f"{order.role} {order.kind} {order.side} {order.qty:g} @ {price:g} {order.state}"
        yield f"  {console.clean(order.cid)} {console.clean(order.symbol)} {words}"
    for sleeve in frame.sleeves:
        why = console.clean(sleeve.why or sleeve.tag)
        yield f"  {console.clean(sleeve.sleeve)} {sleeve.state} {sleeve.pnl:+,.2f}  {why}"
    for news in frame.events[-NEWS:]:
        yield f"  {console.utc(news.ts)} {say(news.message, news.args, lang)}"
