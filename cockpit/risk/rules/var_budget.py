"""What one bad bar may cost the whole account (RK-10)."""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.returns import enough, needed, tail, together

HALVINGS = 12


@rule("var_budget", RiskConfig, order=60, asleep=lambda risk: not (risk.max_var or risk.max_es))
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim to where historical VaR is within ``max_var`` and ES within ``max_es`` of equity, over one bar.

    All sleeves at their larger side, open entries filled, moved by the returns that the closed bars really
    had together; no square root of time. Too few bars allow nothing. Source: quant reference 17.
    """
    if not (params.max_var or params.max_es):
        return intent
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("var_budget", intent, "no price to value the position with")
    others = _others(context)
    rows = together(context.state.history, (intent.symbol, *others))
    mine = rows[intent.symbol]
    if not enough(len(mine), params.var_confidence):
        reason = f"{len(mine)} bars known, {params.var_confidence:.0%} needs {needed(params.var_confidence)}"
        return context.block("var_budget", intent, reason)
    base = [sum(others[name] * rows[name][at] for name in others) for at in range(len(mine))]
    room = most = float(_largest(intent, context))
    for side in (1, -1):
        if _wants(intent, side) and over(context, params, base, mine, side * most * unit):
            room = min(room, _fit(context, params, base, mine, side * unit, most))
    after = scaled(intent, context.instrument.qty(room), context)
    if after is intent:
        return intent
    worth = most * unit if _wants(intent, 1) else -most * unit
    var, es = tail([b + worth * r for b, r in zip(base, mine, strict=True)], params.var_confidence)
    reason = f"one bar could cost {var:,.0f} (VaR) or {es:,.0f} (ES) of {context.equity:,.0f}"
    return context.trim("var_budget", intent, after, reason)


def over(
    context: GateContext, params: RiskConfig, base: list[float], mine: list[float], notional: float
) -> bool:
    """Would the account with this position (signed) be above a budget?"""
    var, es = tail([b + notional * r for b, r in zip(base, mine, strict=True)], params.var_confidence)
    equity = max(0.0, context.equity)
    if params.max_var and var > params.max_var * equity:
        return True
    return bool(params.max_es) and es > params.max_es * equity


def _fit(
    context: GateContext, params: RiskConfig, base: list[float], mine: list[float], unit: float, most: float
) -> float:
    """The largest quantity within the budgets, by halving; 0 when not even nothing is."""
    low, high = 0.0, most
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if over(context, params, base, mine, unit * middle):
            high = middle
        else:
            low = middle
    return low


def _others(context: GateContext) -> dict[str, float]:
    """Signed notional by symbol of the other sleeves, each at its larger side."""
    found: dict[str, float] = {}
    for other in context.others:
        qty = other.long if other.long >= other.short else -other.short
        symbol = other.sleeve.symbol
        found[symbol] = found.get(symbol, 0.0) + float(qty) * other.unit
    return found


def _wants(intent: Intent, side: int) -> bool:
    """Does the wish add on this side?"""
    return any(q.side.sign == side for q in intent.quotes) or (intent.target or Decimal(0)) * side > 0


def _largest(intent: Intent, context: GateContext) -> Decimal:
    """The largest position (unsigned) that the wish can lead to."""
    sizes = [abs(context.have + quote.side.sign * quote.qty) for quote in intent.quotes]
    return max([abs(intent.target or Decimal(0)), *sizes])
