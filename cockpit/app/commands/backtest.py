"""``cockpit backtest --tape TAPE``: the same engine and venue as the daemon, without clock or journal."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cockpit
from cockpit.app import console
from cockpit.app.grammar import market
from cockpit.core.errors import ConfigError

if TYPE_CHECKING:
    from cockpit.app.market import MarketSource
    from cockpit.core.engine import Engine
    from cockpit.lab.backtest import Run


def add(parser: argparse.ArgumentParser) -> None:
    """What ``backtest`` takes."""
    market(parser)


def run(args: argparse.Namespace) -> int:
    """Run to the end of the tape. Raises TapeError (exit 5), ConfigError (exit 2)."""
    from cockpit.app import compose, rig, session
    from cockpit.app import market as markets
    from cockpit.app.discover import discover
    from cockpit.lab import backtest

    if not args.tape:
        raise ConfigError("backtest needs --tape TAPE")
    found = console.loaded(args)
    discover(found.config.run.plugins_dir)
    sleeves = tuple(session.parse_sleeve(text) for text in args.strategy or ())
    source = markets.from_tape(
        found.config, Path(args.tape), session.instant(args.begin), session.instant(args.end), sleeves
    )
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    engine = compose.fresh(found.config, "replay", source.instruments, casts)
    first = backtest.boot(source.world, "replay", cockpit.__version__, found.digest)
    started = time.monotonic()
    result = backtest.run(engine, source.world, first)
    summary = summarise(engine, source, result, time.monotonic() - started)
    console.answer(args, summary, rig.summary_text(summary))
    return 0


def summarise(engine: Engine, source: MarketSource, result: Run, seconds: float) -> dict[str, Any]:
    """What the run did, under the names that the daemon's summary uses; exact money as texts."""
    state = engine.state
    point = state.equity_point()
    opening = state.ledger.opening(state.currency)
    money = {name: str(getattr(point, name)) for name in ("cash", "equity", "realised", "unrealised")}
    return {
        "mode": "backtest",
        "tape": source.name,
        "events": result.events,
        "events_per_s": round(result.events / seconds) if seconds else 0,
        "outcomes": result.outcomes,
        "digest": result.digest,
        "fills": state.fills,
        "venue_fills": len(source.exchange.fills),
        "orders": state.next_order - 1,
        "currency": state.currency,
        "opening": str(opening),
        "pnl": str(point.equity - opening),
        **money,
        "fees": str(point.fees),
        "funding": str(point.funding),
        "faults": dict(sorted(state.faults.items())),
        "sleeves": [
            {
                "sleeve": sleeve.id,
                "trades": sleeve.trades,
                "position": str(state.position(sleeve.id)),
                "state": "benched" if sleeve.benched else "on" if sleeve.on else "off",
                "why": sleeve.verdicts[0].reason if sleeve.verdicts else sleeve.benched,
            }
            for sleeve in state.sleeves.values()
        ],
        "wall_s": round(seconds, 3),
    }
