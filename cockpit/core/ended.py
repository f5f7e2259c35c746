"""A market that has ended for good: no sleeve keeps anything of it.

The venue settles the account's net position, and only that: sleeves that held opposite sides, or a trade that
is heard after the settlement, would leave each with something that nobody can ever close. Once the account
holds nothing there, every sub-book is closed at the price of the settlement (without one, at the last that is
known); together they are worth nothing, so the account does not change by it.

Coins of a spot market that has ended stay in the account, and no order can sell them there. They leave their
sleeves at the last price known, for the sub-book of what no sleeve has: no flatten waits for them, no stop is
looked for, and a person is told what to do with them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core.dust import dust
from cockpit.core.ledger.account import foreign
from cockpit.core.state import Sleeve, State
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, InstrumentState, PosSide, Side

# Looked up once: naming a member of an enum is dear.
ENDED = InstrumentState.EXPIRED


def settle_all(state: State, turn: Turn) -> None:
    """Look at every market that has ended."""
    for symbol, instrument in state.instruments.items():
        if instrument.state is ENDED:
            settle(state, symbol, turn)


def settle(state: State, symbol: str, turn: Turn, price: Decimal | None = None) -> None:
    """Close what is left in the sub-books of an ended market; of contracts, if the account holds none."""
    instrument = state.instruments[symbol]
    if instrument.derivative and state.ledger.held(symbol):
        return
    if price is None:
        known = state.price(symbol)
        price = instrument.price(known, Side.BUY) if known > 0 else None
    heir = "" if instrument.derivative else foreign(symbol)
    for side in PosSide:
        for sleeve_id, qty in state.ledger.even_out(instrument, side, price, state.now, heir):
            if sleeve_id in state.sleeves:
                told = {"sleeve": sleeve_id, "symbol": symbol, "qty": qty}
                if heir:
                    _let_go(state, state.sleeves[sleeve_id], told, turn)
                else:
                    turn.note("warn", "market.settled", sleeve_id, **told)
                turn.touch(sleeve_id)


def _let_go(state: State, sleeve: Sleeve, told: dict[str, Any], turn: Turn) -> None:
    """A sleeve's coins are its own no longer: it wishes for none, and a person hears of more than crumbs."""
    instrument = state.instruments[sleeve.symbol]
    if sleeve.intent is not None and sleeve.intent.target is not None:
        sleeve.intent = msgspec.structs.replace(sleeve.intent, target=ZERO)
    crumbs = dust(instrument, told["qty"], state.price(sleeve.symbol))
    turn.note("info" if crumbs else "alarm", "market.coins", sleeve.id, coin=instrument.base, **told)
