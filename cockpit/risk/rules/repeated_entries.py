"""A strategy that enters without end is out of control: off until a person has looked (S26)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.types import Side


@rule("repeated_entries", RiskConfig, order=52, asleep=lambda risk: not risk.max_entries)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Lock the sleeve at ``max_entries`` entries at market within ``entries_window_s``. Quotes do not count.

    The lock outlives a restart; switching the sleeve on again lifts it and begins the count anew.
    Source: RTS 6, article 15(3).
    """
    entries, most = context.sleeve.entries, params.max_entries
    if not most or len(entries) < most:
        return intent
    if entries[-most] <= context.now - int(params.entries_window_s * 1000):
        return intent
    if context.entering(Side.BUY) or context.entering(Side.SELL):
        return intent  # one that has been counted is on its way
    reason = f"{most} entries within {params.entries_window_s:g} s"
    context.lock("repeated_entries", reason)
    return context.block("repeated_entries", intent, f"{reason}, off until switched on again")
