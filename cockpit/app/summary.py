"""What a run did, in numbers: the same for the daemon, the screen and a backtest. Exact money as texts."""

from __future__ import annotations

import json
from pathlib import Path
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
    """Plain data; ``venue_fills`` is the simulated venue's own count. ``summary_text`` draws it."""
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


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Leave ``summary.json`` beside the journal."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")


def summary_text(summary: dict[str, Any]) -> str:
    """The same for people."""
    lines = [
        (
            f"{summary['mode']} {summary['tape']}: {summary['events']:,} events,"
            f" {summary['orders']:,} orders, {summary['fills']:,} fills in {summary['wall_s']:.1f} s"
        ),
        (
            f"  equity {summary['equity']} {summary['currency']}   PnL {summary['pnl']}"
            f"   fees {summary['fees']}   funding {summary['funding']}"
        ),
        f"  realised {summary['realised']}   unrealised {summary['unrealised']}",
    ]
    for row in summary["sleeves"]:
        words = row["why"] or (row["tag"] if not row["trades"] else "")
        mark = "! benched: " if row["state"] == "benched" else ""
        why = f"   {mark}{words}" if words else ""
        lines.append(f"  {row['sleeve']}: {row['trades']} trades, position {row['position']}{why}")
    if summary["faults"]:
        found = ", ".join(f"{count:,} {what}" for what, count in summary["faults"].items())
        lines.append(f"  data faults: {found}")
    lines.append(f"  decisions {summary['digest'][:16]}")
    return "\n".join(lines)
