"""After several losses in a row something is wrong with the market or with the idea (HF-08)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("loss_streak", RiskConfig, order=15, asleep=lambda risk: not risk.loss_streak)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries for ``loss_pause_s`` after each ``loss_streak`` losing trades in a row, fees counted."""
    losses = context.sleeve.losses
    if not params.loss_streak or not losses or losses % params.loss_streak:
        return intent
    left = context.sleeve.lost_at + int(params.loss_pause_s * 1000) - context.now
    if left <= 0:
        return intent
    context.later(left)
    return context.block(
        "loss_streak", intent, f"{losses} losses in a row, pause of {params.loss_pause_s:g} s"
    )
