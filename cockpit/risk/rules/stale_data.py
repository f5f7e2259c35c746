"""Nothing is entered on old news (I12). Freshness starts false and must be proven by data."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("stale_data", RiskConfig, order=10)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries when the instrument's data is older than ``stale_ms`` (plus one bar for bar sleeves).

    A book that is gapped or crossed is no data at all (I14).
    """
    if not context.heard:
        context.later()
        return context.block("stale_data", intent, "no market data since the start")
    age = context.now - context.heard
    allowed = params.stale_ms + context.bar_ms
    if age > allowed:
        context.later()
        return context.block(
            "stale_data", intent, f"data {age / 1000:.1f} s old, allowed {allowed / 1000:g} s"
        )
    book = context.book
    if book is not None and book.ts and not book.ok:
        context.later()
        return context.block("stale_data", intent, "the order book is gapped or crossed")
    return intent
