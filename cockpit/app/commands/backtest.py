"""``cockpit backtest --tape TAPE``: the same engine and venue as the daemon, without clock or journal."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cockpit
from cockpit.app import console
from cockpit.app.grammar import market
from cockpit.core.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    """What ``backtest`` takes."""
    market(parser)


def run(args: argparse.Namespace) -> int:
    """Run to the end of the tape. Raises TapeError (exit 5), ConfigError (exit 2)."""
    from cockpit.app import compose, rig, session
    from cockpit.app import market as markets
    from cockpit.app.discover import discover
    from cockpit.app.summary import summary
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
    seconds = time.monotonic() - started
    did = summary(
        engine, source, "backtest", result.events, result.outcomes, seconds, len(source.exchange.fills)
    )
    console.answer(args, did, rig.summary_text(did))
    return 0
