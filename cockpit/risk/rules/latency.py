"""On a slow line an order arrives in another market than it was made for (HF-12)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("latency", RiskConfig, order=12, asleep=lambda risk: not risk.max_latency_ms)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries for ``latency_pause_s`` after an answer that took longer than ``max_latency_ms``.

    Then one entry may try again: nothing else measures whether the line has got better.
    """
    sleeve = context.sleeve
    if not params.max_latency_ms or sleeve.latency <= params.max_latency_ms:
        return intent
    left = sleeve.latency_ts + int(params.latency_pause_s * 1000) - context.now
    if left <= 0:
        return intent
    context.later(left)
    reason = f"the venue took {sleeve.latency} ms to answer, allowed {params.max_latency_ms}"
    return context.block("latency", intent, reason)
