"""A market that has ended for good: what sleeves still hold of it is settled at the venue's price.

The venue settles the account's net position, and only that: sleeves that held opposite sides, or a trade that
is heard after the settlement, would leave each with something that nobody can ever close. Once the account
holds nothing there, every sub-book is closed at the price of the settlement (without one, at the last that is
known); together they are worth nothing, so the account does not change by it.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import InstrumentState, PosSide, Side

# Looked up once: naming a member of an enum is dear.
ENDED = InstrumentState.EXPIRED


def settle_all(state: State, turn: Turn) -> None:
    """Look at every market that has ended."""
    for symbol, instrument in state.instruments.items():
        if instrument.state is ENDED:
            settle(state, symbol, turn)


def settle(state: State, symbol: str, turn: Turn, price: Decimal | None = None) -> None:
    """Close what is left in the sub-books of an ended market, if the account holds nothing there."""
    instrument = state.instruments[symbol]
    if not instrument.derivative or state.ledger.held(symbol):
        return
    if price is None:
        known = state.price(symbol)
        price = instrument.price(known, Side.BUY) if known > 0 else None
    for side in PosSide:
        for sleeve_id, qty in state.ledger.even_out(instrument, side, price, state.now):
            if sleeve_id in state.sleeves:
                turn.note("warn", "market.settled", sleeve_id, sleeve=sleeve_id, symbol=symbol, qty=qty)
                turn.touch(sleeve_id)
