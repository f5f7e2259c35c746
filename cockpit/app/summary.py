"""What a run did, in numbers: the same for the daemon, the screen and a backtest. Exact money as texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cockpit.app.market import RunSource
from cockpit.core import profit
from cockpit.core.engine import Engine
from cockpit.text import because, known, tr
from cockpit.tui import figures


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
    point = profit.equity_point(state)
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
        "pnl": str(profit.pnl(state)),
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


def summary_text(summary: dict[str, Any], lang: str) -> str:
    """The same for people; amounts as the screen writes them, every digit is in the JSON."""
    mode = f"mode.{summary['mode']}"
    counts = {key: f"{summary[key]:,}" for key in ("events", "orders", "fills")}
    lines = [
        tr(
            "cli.summary.head",
            lang,
            mode=tr(mode, lang) if known(mode) else summary["mode"],
            tape=summary["tape"],
            seconds=f"{summary['wall_s']:.1f}",
            **counts,
        ),
        "  " + tr("cli.summary.money", lang, currency=summary["currency"], **_amounts(summary)),
        "  " + tr("cli.summary.parts", lang, **_amounts(summary)),
        *("  " + _sleeve_text(row, lang) for row in summary["sleeves"]),
    ]
    if summary["faults"]:
        found = ", ".join(f"{count:,} {what}" for what, count in summary["faults"].items())
        lines.append("  " + tr("cli.summary.faults", lang, found=found))
    lines.append("  " + tr("cli.summary.digest", lang, digest=summary["digest"][:16]))
    return "\n".join(lines)


def _amounts(summary: dict[str, Any]) -> dict[str, str]:
    changes = ("pnl", "funding", "realised", "unrealised")
    places = figures.places_of(summary["currency"])
    amounts = {key: figures.money(float(summary[key]), places) for key in ("equity", "fees")}
    return amounts | {key: figures.signed(float(summary[key]), places) for key in changes}


def _sleeve_text(row: dict[str, Any], lang: str) -> str:
    """A strategy's line, and why it is not trading where there is something to say."""
    line = tr(
        "cli.summary.sleeve", lang, sleeve=row["sleeve"], trades=row["trades"], position=row["position"]
    )
    words = because(row["why"], lang) or (row["tag"] if not row["trades"] else "")
    if words and row["state"] == "benched":
        words = tr("cli.summary.benched", lang, why=words)
    return f"{line}   {words}" if words else line
