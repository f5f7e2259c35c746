"""Money that moves without a trade of ours, and facts about money that a venue has told only by half."""

from __future__ import annotations

from cockpit.core import events as ev
from cockpit.core.ledger.half import left_out
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import Instrument, PositionMode


def half_told(
    state: State, event: ev.Fill | ev.FundingPaid | ev.Transfer, instrument: Instrument | None, turn: Turn
) -> bool:
    """True: it cannot be booked. It ends nothing: it is said, and the books, which then differ from the
    account, stop entries until they agree again."""
    missing = left_out(event, instrument, hedged=state.ledger.mode is PositionMode.HEDGE)
    if missing:
        symbol = event.ccy if isinstance(event, ev.Transfer) else event.symbol
        turn.note("alarm", f"fact.{missing}", symbol=symbol, kind=type(event).__struct_config__.tag)
    return bool(missing)


def on_funding(state: State, event: ev.FundingPaid, turn: Turn) -> None:
    """Funding of a position, once."""
    instrument = state.instruments.get(event.symbol)
    if instrument is None or half_told(state, event, instrument, turn):
        return
    if state.ledger.apply_funding(event, instrument):
        state.booked()
        turn.note(
            "info", "funding.paid", symbol=event.symbol, amount=event.amount, ccy=event.ccy, rate=event.rate
        )


def on_transfer(state: State, event: ev.Transfer, turn: Turn) -> None:
    """Money came in or went out, once."""
    if not half_told(state, event, None, turn) and state.ledger.apply_transfer(event):
        state.booked()
        turn.note("info", "transfer", amount=event.amount, ccy=event.ccy)
