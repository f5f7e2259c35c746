"""What a quantity counts: contracts of so much, or coins. Said wherever one stands."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.core.frames import Frame
from cockpit.text import safe_text
from cockpit.tui import figures
from cockpit.tui.cells import Segment, width_of
from cockpit.tui.picture import Column, Look


def unit(frame: Frame, symbol: str, look: Look) -> str:
    """``ct`` for contracts, ``BTC`` for coins; empty from an engine too old to say."""
    one, currency = frame.contracts.get(symbol, (0.0, ""))
    return "" if not one else safe_text(currency) if one == 1 else look.say("size.contract")


def told(frame: Frame, symbol: str, look: Look) -> str:
    """``ct of 0.01 BTC``, ``BTC``."""
    one, currency = frame.contracts.get(symbol, (0.0, ""))
    if not one or one == 1:
        return safe_text(currency)
    return look.say(
        "size.of", unit=look.say("size.contract"), one=figures.quantity(one), ccy=safe_text(currency)
    )


def column(frame: Frame, symbols: Iterable[str], look: Look, rank: int) -> Column:
    """Stands right of a column of quantities and needs no head of its own; whole or not there."""
    return Column("", max((width_of(unit(frame, symbol, look)) for symbol in symbols), default=1), rank)


def cell(frame: Frame, symbol: str, look: Look) -> Segment:
    """Its cell."""
    return (unit(frame, symbol, look), "faint")


def money_head(message_id: str, frame: Frame, look: Look) -> str:
    """``PnL USDT``: money without its currency is a number."""
    return f"{look.say(message_id)} {safe_text(frame.currency)}".rstrip()
