"""What several sleeves have left, each too little for an order, closed together.

After a change of the lot, or of the price on spot, each sleeve of a market may keep a remainder that the
venue would not take alone, while the account holds enough. When everything is to be closed, one sleeve gets
what the others have left, at their entry, and sends the order; the account's books do not change by it.
"""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from cockpit.core import breaking
from cockpit.core.dust import dust
from cockpit.core.ledger import Position
from cockpit.core.posture import Posture
from cockpit.core.state import Sleeve, State
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, PosSide

# Looked up once: naming a member of an enum is dear.
FLATTEN = Posture.FLATTEN


def gathered(state: State, trading: Container[str], turn: Turn) -> tuple[str, ...]:
    """Who is to be decided again in this turn.

    Where a market is being flattened and nothing is under way, one of ``trading`` gets every remainder first.
    """
    everything = state.posture >= FLATTEN
    if everything or state.trips:
        _gather_all(state, trading, everything, turn)
    return tuple(turn.touched)


def _gather_all(state: State, trading: Container[str], everything: bool, turn: Turn) -> None:
    busy = {order.symbol for order in state.orders.values()}
    for symbol in dict.fromkeys(sleeve.symbol for sleeve in state.sleeves.values()):
        sleeves = [sleeve for sleeve in state.sleeves.values() if sleeve.symbol == symbol]
        leaving = everything or all(_flattened(state, sleeve) for sleeve in sleeves)
        if leaving and len(sleeves) > 1 and symbol not in busy and symbol in state.instruments:
            for side in PosSide:
                _gather(state, symbol, side, sleeves, trading, turn)


def _flattened(state: State, sleeve: Sleeve) -> bool:
    trip = breaking.strictest(state, sleeve)
    return trip is not None and trip.step is FLATTEN


def _gather(
    state: State, symbol: str, side: PosSide, sleeves: list[Sleeve], trading: Container[str], turn: Turn
) -> None:
    instrument, price = state.instruments[symbol], state.price(symbol)
    found = [(s.id, book) for s in sleeves if (book := state.ledger.sleeve(s.id, side)) and book.qty]
    whole = sum((book.qty for _, book in found), ZERO)
    if len(found) < 2 or dust(instrument, whole, price):
        return
    if not all(dust(instrument, book.qty, price) for _, book in found):
        return
    able = [row for row in found if row[0] in trading and row[1].qty * whole > 0]
    if not able:
        return
    receiver, _ = max(able, key=_size)
    for giver, book in found:
        if giver != receiver:
            told = {"symbol": symbol, "qty": book.qty, "giver": giver}
            state.ledger.hand_over(instrument, side, receiver, state.now, giver)
            turn.note("info", "leftover.given", receiver, sleeve=receiver, **told)
            turn.touch(giver)
    turn.touch(receiver)


def _size(row: tuple[str, Position]) -> Decimal:
    return abs(row[1].qty)
