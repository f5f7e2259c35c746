"""What positions lock must be there, with something left (RK-10, RK-11)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.room import fits
from cockpit.core.types import ONE

HAIR = 1e-9


@rule("margin_use", RiskConfig, order=45)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim so that the initial margin of everything, open entries filled, is within ``max_margin_use``.

    Margin is notional over the leverage the account has set for the instrument; spot is paid in full.
    """
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("margin_use", intent, "no price to value the position with")
    locked = sum(
        [
            float(max(other.long, other.short)) * other.unit / leverage(context, other.sleeve.symbol)
            for other in context.others
        ]
    )
    locked += context.beside / leverage(context, intent.symbol)
    room = max(0.0, params.max_margin_use * max(0.0, context.equity) * (1 + HAIR) - locked)
    most = room * leverage(context, intent.symbol) / unit
    if fits(intent, most, context):
        return intent
    limit = context.instrument.qty(most)
    after = scaled(intent, limit, context)
    if after is intent:
        return intent
    reason = f"margin for {params.max_margin_use:.0%} of equity: {room:,.0f} {context.instrument.quote} left"
    return context.trim("margin_use", intent, after, reason)


def leverage(context: GateContext, symbol: str) -> float:
    """That the account has set for an instrument."""
    instrument = context.state.instruments.get(symbol)
    if instrument is None or not instrument.derivative:
        return 1.0
    return float(context.state.ledger.leverages.get(symbol, ONE))
