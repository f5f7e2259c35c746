"""The gate's question once more, as the last instruction before bytes leave."""

from __future__ import annotations

from cockpit.core.gate import worst_position
from cockpit.core.orders import Order, Role
from cockpit.core.state import State
from cockpit.core.types import InstrumentState, Side

LATE_MS = 3_000
"""An entry older than this is decided anew: the world that it was meant for is gone."""


def refused_at_wire(state: State, order: Order, halted: bool, *, grows: bool = True, age: int = 0) -> str:
    """The gate's question once more, as the last instruction before bytes leave (I03, I04).

    Words when an entry must not go: what was decided a moment ago may have been overtaken. Exits and
    protection always go; a change that makes an order no larger (``grows`` False) has no limit to break.
    ``age`` is how long ago it was decided (ms): a process that was stopped or held up must not enter on
    what it knew before (I12).
    """
    if order.role is not Role.ENTRY:
        return ""
    if halted:
        return "stopped at the wire"
    if not state.posture.entries:
        return f"stopped at the wire: {state.posture.name.lower()}"
    sleeve = state.sleeves.get(order.sleeve)
    if sleeve is None:
        return ""
    if sleeve.benched or not sleeve.on:
        return "stopped at the wire: the sleeve is off"
    if sleeve.leaving:
        return "stopped at the wire: its version is no longer live"
    lock = state.lock_on(sleeve) if state.locks else None
    if lock is not None:
        return f"stopped at the wire: {lock.by}"
    instrument = state.instruments.get(order.symbol)
    if instrument is not None and instrument.state is not InstrumentState.LIVE:
        return f"stopped at the wire: instrument is {instrument.state}"
    if state.hotlist.bars(order.symbol):
        return "stopped at the wire: the market is not approved"
    if age > LATE_MS and grows:
        return f"stopped at the wire: decided {age / 1_000:.1f} s ago"
    cap = state.caps.get(order.cid)
    if cap is not None and grows:
        worst = worst_position(state, sleeve)[0 if order.side is Side.BUY else 1]
        if worst > cap:
            return f"stopped at the wire: {worst} could be reached, {cap} is allowed"
    return ""
