"""Which runs the machine can ever drive alone."""

from __future__ import annotations

from typing import Any

from cockpit.core.engine import Engine
from cockpit.core.slots import Slot
from cockpit.core.types import Kind, MarginMode


def refusal(engine: Engine, slot: Slot, exchange: Any, latency: Any) -> str:
    """Why a run is never the machine's alone, or an empty string."""
    rules, instrument = exchange.rules, slot.instrument
    reasons = {
        "a contract that is not linear": instrument.kind is not Kind.LINEAR,
        "isolated margin": rules.margin_mode is not MarginMode.CROSS,
        "cancels that fail by chance": bool(rules.cancel_failure),
        "recorded delays of orders": "recorded" in (latency.order.kind, latency.report.kind),
        "pauses after losses": any(rule.name == "loss_streak" for rule in engine.rules),
        "versions on their way": engine.released,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
