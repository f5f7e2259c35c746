"""Two positions that move together are one position twice as large (RK-10)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.returns import correlation, together

FEWEST = 20


@rule("correlation", RiskConfig, order=58, asleep=lambda risk: risk.max_correlation >= 1)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block an entry that moves with what another sleeve holds or may soon, more than ``max_correlation``.

    Correlation of the closed bars' returns, sign of both positions counted: a hedge is not blocked. The
    legs of one strategy are not held against each other.
    """
    if params.max_correlation >= 1:
        return intent
    me = context.sleeve
    for other in context.others:
        if me.group and other.sleeve.group == me.group:
            continue
        sides = [side for held, side in ((other.long, 1), (other.short, -1)) if held]
        known = _between(context, other.sleeve.symbol)
        if known is None:
            reason = f"too few bars to compare with {other.sleeve.symbol}"
            return context.block("correlation", intent, reason)
        if any(known * mine * theirs > params.max_correlation for mine in _sides(intent) for theirs in sides):
            reason = f"{known:+.2f} with {other.sleeve.id}, allowed {params.max_correlation:.2f}"
            return context.block("correlation", intent, reason)
    return intent


def _sides(intent: Intent) -> set[int]:
    """The sides of the market that the wish may lead to."""
    found = {quote.side.sign for quote in intent.quotes}
    if intent.target:
        found.add(1 if intent.target > 0 else -1)
    return found


def _between(context: GateContext, symbol: str) -> float | None:
    """Correlation with another market; None while too little is known."""
    mine = context.instrument.symbol
    if symbol == mine:
        return 1.0
    rows = together(context.state.history, (mine, symbol))
    if len(rows[mine]) < FEWEST:
        return None
    value = correlation(rows[mine], rows[symbol])
    return value if value == value else 0.0
