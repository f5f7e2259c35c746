"""``cockpit replay JOURNAL``: decide everything again and compare."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from cockpit.app import console
from cockpit.core.intents import Outcome
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``replay`` takes."""
    parser.add_argument(
        "journal", metavar="JOURNAL", help="a cockpit.db that nobody writes now, or its folder"
    )
    parser.add_argument(
        "--export", metavar="FILE", help="write every decision: FILE.csv as a table, else a line of JSON each"
    )


def run(args: argparse.Namespace) -> int:
    """0 when every decision is the same, 1 when one is not. Raises StoreError (exit 4)."""
    from cockpit.app.discover import discover
    from cockpit.app.replay import plain, replay

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    path = Path(args.journal)
    if args.export and args.export.lower().endswith(".csv"):
        from cockpit.app.decisions_csv import Table

        with open(args.export, "w", encoding="utf-8", newline="") as table:
            result = replay(path, found.config, Table(table).add)
    elif args.export:
        encode = msgspec.json.Encoder().encode
        with open(args.export, "wb") as file:

            def keep(outcome: Outcome) -> None:
                file.write(encode(plain(outcome)) + b"\n")

            result = replay(path, found.config, keep)
    else:
        result = replay(path, found.config)
    verdict = "cli.replay.same" if not result.differing else "cli.replay.differs"
    lines = [
        tr("cli.replay.head", lang, **msgspec.structs.asdict(result)),
        tr(verdict, lang, **msgspec.structs.asdict(result)),
    ]
    if result.foreign_settings:
        lines.append(tr("cli.replay.settings", lang, count=result.foreign_settings))
    console.answer(args, msgspec.to_builtins(result), "\n".join(lines))
    return 1 if result.differing else 0
