"""``cockpit strategies``: what is registered, with every parameter, its unit and its range."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``strategies`` takes."""
    parser.add_argument("--include-disabled", action="store_true", help="also those that are switched off")


def run(args: argparse.Namespace) -> int:
    """List them. Raises PluginError (exit 3) when one cannot be loaded."""
    from cockpit.app import reference
    from cockpit.app.discover import discover
    from cockpit.core.registry import STRATEGIES

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    rows = [reference.strategy(plugin) for plugin in STRATEGIES.values()]
    shown = [row for row in rows if row["enabled"] or args.include_disabled]
    texts = [reference.strategy_text(row, lang) for row in shown]
    if len(shown) < len(rows):
        texts.append(tr("cli.strategies.more", lang, count=len(rows) - len(shown)))
    console.answer(args, shown, "\n\n".join(texts))
    return 0
