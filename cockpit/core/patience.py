"""After a refusal: how long to wait, whose fault it was, and when a strategy has had too many."""

from __future__ import annotations

from cockpit.core.orders import Order, Role
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import InstrumentState

BACKOFF_MS = 1_000
CROSSED_MS = 250
BENCH_AFTER = 6
"""Refusals in a row after which a sleeve is taken off."""
NOT_SENT = frozenset(("transient", "halted", "journal"))
"""Codes of refusals by our own side: a closed venue or road is no fault of the strategy."""
NOT_OFFERED = "not offered"
"""Code of a refusal that will be the same next time: the venue has no such thing."""
PAUSED = frozenset((InstrumentState.SUSPENDED, InstrumentState.PREOPEN))


def paused(state: State, symbol: str) -> bool:
    """The venue has said that it takes no orders for this market now: no fault of the strategy either."""
    instrument = state.instruments.get(symbol)
    return instrument is not None and instrument.state in PAUSED


def back_off(state: State, order: Order, turn: Turn, reason: str, *, ours: bool = False) -> None:
    """Slow down after a refusal; bench the sleeve after too many that the venue itself gave.

    Entries wait longer with each. What reduces never waits more than a second: it must get out.
    """
    sleeve = state.sleeves.get(order.sleeve)
    if sleeve is None:
        return
    sleeve.rejects += 1
    sleeve.faulted += not ours
    if order.role is Role.PROTECT and not ours:
        sleeve.unprotected += 1
        sleeve.refusal = reason
    if order.role is Role.ENTRY:
        sleeve.retry_at = state.now + BACKOFF_MS * 2 ** min(sleeve.rejects - 1, 2 if ours else 6)
    else:
        sleeve.reduce_at = state.now + BACKOFF_MS
    if not ours and sleeve.faulted >= BENCH_AFTER and not sleeve.benched:
        for leg in state.bench(sleeve, reason):
            turn.touch(leg.id)
        turn.note("alarm", "sleeve.benched", sleeve.id, sleeve=sleeve.id, reason=reason)


def crossed(state: State, order: Order) -> None:
    """A quote would have taken: wait for the market to move, longer each time that the same price would.

    A price that was set at a bar's close may stay on the wrong side of the market for minutes, and four
    orders a second would use up what all sleeves may send. What reduces never waits more than a second.
    """
    sleeve = state.sleeves.get(order.sleeve)
    if sleeve is None:
        return
    again = sleeve.crossed_price == order.price
    sleeve.crossed, sleeve.crossed_price = sleeve.crossed + 1 if again else 1, order.price
    wait = CROSSED_MS * 2 ** min(sleeve.crossed - 1, 4 if order.role is Role.ENTRY else 2)
    # A longer wait after another order's refusal stays (I22).
    if order.role is Role.ENTRY:
        sleeve.retry_at = max(sleeve.retry_at, state.now + wait)
    else:
        sleeve.reduce_at = max(sleeve.reduce_at, state.now + wait)
