"""How much of each limit is used: the same rows for the screen and for a plan's "before and after"."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.frames import LimitRow
from cockpit.core.gate import worst_notional
from cockpit.core.light import rows
from cockpit.core.state import State
from cockpit.core.worth import quote_rate, unit_value


def limit_rows(state: State, risk: RiskConfig, equity: float) -> tuple[LimitRow, ...]:
    """Each limit with its use, everything not proven dead counted as filled."""
    gross = sum(worst_notional(state, s) for s in state.sleeves.values())
    placed = sum(1 for ts in state.placed if ts > state.now - 60_000)
    changed = sum(1 for ts in state.changed if ts > state.now - 60_000)
    net = 0.0
    for sleeve in state.sleeves.values():
        if held := state.position(sleeve.id):
            net += float(held) * unit_value(state, sleeve.symbol)
    largest, money = _largest(state)
    return (
        LimitRow("max_leverage", gross / equity if equity > 0 else 0.0, risk.max_leverage, "x"),
        LimitRow("max_notional", largest, risk.max_notional, money),
        LimitRow("net_exposure", abs(net) / equity if equity > 0 else 0.0, risk.max_net_leverage, "x"),
        LimitRow("order_rate", placed, risk.max_orders_per_minute, "/min"),
        LimitRow("change_rate", changed, risk.max_changes_per_minute, "/min"),
        *rows(state.pulse.levels),
    )


def _largest(state: State) -> tuple[float, str]:
    """The largest position of a sleeve at its worst, in the money of its market; flat, in the first one's."""
    quotes = [state.instruments[sleeve.symbol].quote for sleeve in state.sleeves.values()]
    found = (0.0, quotes[0] if quotes else state.currency)
    for sleeve in state.sleeves.values():
        if worth := worst_notional(state, sleeve):
            instrument = state.instruments[sleeve.symbol]
            found = max(found, (worth * quote_rate(state, instrument), instrument.quote))
    return found
