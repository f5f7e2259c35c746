"""What a run did, in numbers: the same for the daemon, the screen and a backtest. Exact money as texts."""

from __future__ import annotations

from typing import Any

from cockpit.app.market import RunSource
from cockpit.core.engine import Engine


def summary(
    engine: Engine,
    source: RunSource,
    mode: str,
    events: int,
    outcomes: int,
    seconds: float,
    venue_fills: int | None,
) -> dict[str, Any]:
    """Plain data; ``venue_fills`` is the simulated venue's own count. ``rig.summary_text`` draws it."""
    state = engine.state
    point = state.equity_point()
    opening = state.ledger.opening(state.currency)
    return {
        "mode": mode,
        "tape": source.name,
        "from": source.info.get("from", ""),
        "to": source.info.get("to", ""),
        "events": events,
        "outcomes": outcomes,
        "digest": engine.digest,
        "fills": state.fills,
        "venue_fills": venue_fills,
        "orders": state.next_order - 1,
        "currency": state.currency,
        "opening": str(opening),
        "cash": str(point.cash),
        "equity": str(point.equity),
        "pnl": str(state.pnl()),
        "realised": str(point.realised),
        "unrealised": str(point.unrealised),
        "fees": str(point.fees),
        "funding": str(point.funding),
        "reconciled": state.reconciled,
        "illegal_order_news": state.illegal,
        "faults": dict(sorted(state.faults.items())),
        "sleeves": [
            {
                "sleeve": sleeve.id,
                "trades": sleeve.trades,
                "position": str(state.position(sleeve.id)),
                "state": "benched" if sleeve.benched else "on" if sleeve.on else "off",
                "tag": sleeve.tag,
                "why": sleeve.verdicts[0].reason if sleeve.verdicts else sleeve.benched,
            }
            for sleeve in state.sleeves.values()
        ],
        "wall_s": round(seconds, 3),
    }
