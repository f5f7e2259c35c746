"""Only instruments that the venue trades now, only when trading is switched on, only with confidence."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.types import InstrumentState

ACCOUNT = ("private", "orders")
"""Channels without which we would not hear of our own fills, or not be heard."""


@rule("tradable", RiskConfig, order=0)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries on suspended instruments, without a link to the account and below ``min_confidence``."""
    if context.instrument.state is not InstrumentState.LIVE:
        return context.block("tradable", intent, f"instrument is {context.instrument.state}")
    down = [name for name in ACCOUNT if context.state.links.get(name) is False]
    if down:
        context.later()
        return context.block("tradable", intent, f"no link to the account: {', '.join(down)}")
    if intent.confidence < params.min_confidence:
        reason = f"confidence {intent.confidence:.2f} < {params.min_confidence:.2f}"
        return context.block("min_confidence", intent, reason)
    return intent
