"""``cockpit strategies``: what is registered, with parameters, units and ranges; ``--try`` runs each once."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cockpit.app import console
from cockpit.core.errors import PluginError
from cockpit.text import tr

if TYPE_CHECKING:
    from cockpit.core.config import Config
    from cockpit.core.registry import Plugin

TRIED = ("name", "market", "wishes", "fills", "said")

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``strategies`` takes."""
    parser.add_argument("--include-disabled", action="store_true", help="also those that are switched off")
    parser.add_argument(
        "--try", action="store_true", dest="smoke", help="run each over a stretch of practice market"
    )


def run(args: argparse.Namespace) -> int:
    """List or try them. Raises PluginError (exit 3) when one cannot be loaded; exit 3 when one breaks."""
    from cockpit.app import reference
    from cockpit.app.discover import discover
    from cockpit.core.registry import STRATEGIES

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    if args.smoke:
        chosen = [p for p in STRATEGIES.values() if args.include_disabled or p.options.get("enabled", True)]
        return tried(args, found.config, chosen, lang)
    rows = [reference.strategy(plugin) for plugin in STRATEGIES.values()]
    shown = [row for row in rows if row["enabled"] or args.include_disabled]
    texts = [reference.strategy_text(row, lang) for row in shown]
    if len(shown) < len(rows):
        texts.append(tr("cli.strategies.more", lang, count=len(rows) - len(shown)))
    console.answer(args, shown, "\n\n".join(texts))
    return 0


def tried(args: argparse.Namespace, config: Config, plugins: list[Plugin], lang: str) -> int:
    """A line each: what it wished for and did, or why it could not."""
    import msgspec

    from cockpit.app.smoke import smoke

    found = smoke(config, plugins)
    head = tuple(tr(f"cli.strategies.try.{name}", lang) for name in TRIED)
    rows = [
        (
            row.name,
            "+".join(row.symbols),
            str(row.wishes),
            str(row.fills),
            console.clean(row.broken or row.said),
        )
        for row in found
    ]
    text = console.columns([head, *rows], frozenset((2, 3)))
    broken = [row.name for row in found if row.broken]
    if broken:
        text += "\n" + tr("cli.strategies.try.broken", lang, names=", ".join(broken))
    console.answer(args, [msgspec.to_builtins(row) for row in found], text)
    return PluginError.exit_code if broken else 0
