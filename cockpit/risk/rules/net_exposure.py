"""The account is not one bet on the whole market: long less short stays bounded (RK-10)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.types import ZERO


def asleep(risk: RiskConfig) -> bool:
    """What is net is never more than what is gross."""
    return risk.max_net_leverage >= risk.max_leverage


@rule("net_exposure", RiskConfig, order=42, asleep=asleep)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim so that longs less shorts of all sleeves stay within ``max_net_leverage`` x equity, either way.

    What others hold counts as it is; their open entries count only where they make it worse.
    """
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("net_exposure", intent, "no price to value the position with")
    net = buying = selling = 0.0
    for other in context.others:
        net += float(other.have) * other.unit
        buying += float(other.long - max(ZERO, other.have)) * other.unit
        selling += float(other.short - max(ZERO, -other.have)) * other.unit
    allowed = params.max_net_leverage * max(0.0, context.equity)
    up, down = max(0.0, allowed - net - buying), max(0.0, allowed + net - selling)
    limit, short = (context.instrument.qty(room / unit) for room in (up, down))
    after = scaled(intent, limit, context, short)
    if after is intent:
        return intent
    whole = f"net limit {params.max_net_leverage:g}x equity"
    reason = f"{whole}, the others are {net:+,.0f} {context.instrument.quote}"
    return context.trim("net_exposure", intent, after, reason)
