"""``cockpit replay JOURNAL``: decide everything again and compare; or show how everything stood then."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.core.intents import Outcome
from cockpit.text import tr

if TYPE_CHECKING:
    from cockpit.app.past.source import Source
    from cockpit.app.settings import Loaded

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``replay`` takes."""
    parser.add_argument(
        "journal", metavar="JOURNAL", help="a cockpit.db that nobody writes now, or its folder"
    )
    parser.add_argument(
        "--at",
        metavar="TIME|SEQ",
        help="everything as it stood then: 2026-05-01T12:00, 12:00:05, 1234 (a fact), =-15m (before its end)",
    )
    parser.add_argument("--plain", action="store_true", help="with --at: as sentences, not as a screen")
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
    if args.at:
        return _at(args, found, path / "cockpit.db" if path.is_dir() else path, lang)
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


def _at(args: argparse.Namespace, found: Loaded, journal: Path, lang: str) -> int:
    """The moment as a screen where there is a terminal, else as sentences. Raises StoreError (exit 4)."""
    from contextlib import ExitStack

    from cockpit.app.past.source import Source, opened
    from cockpit.tui.past import moment

    with ExitStack() as stack:
        source = Source(opened(journal, stack))
        text = f"#{args.at}" if args.at.isdigit() else args.at
        try:
            at = moment(text, int(source.piece("span")["last_ts"]))
        except ValueError as error:
            raise ConfigError(tr("past.bad_time", lang, reason=error)) from error
        if args.json or args.plain or not console.has_terminal():
            return _plain(args, found, source, journal, at, lang)
    return _screen(args, found, journal, at)


def _plain(
    args: argparse.Namespace, found: Loaded, source: Source, journal: Path, at: dict[str, int], lang: str
) -> int:
    from cockpit.app.past import plain
    from cockpit.app.past.past import Past

    frame = Past(source, journal.parent, found.config, lambda _done, _of: None).at(**at)
    console.answer(args, msgspec.to_builtins(_named(frame)), plain.text(frame, lang))
    return 0


def _named(value: Any) -> Any:
    """A frame with the names of its fields."""
    if isinstance(value, msgspec.Struct):
        return {name: _named(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list):
        return [_named(item) for item in value]
    if isinstance(value, dict):
        return {key: _named(item) for key, item in value.items()}
    return None if isinstance(value, float) and value != value else value


def _screen(args: argparse.Namespace, found: Loaded, journal: Path, at: dict[str, int]) -> int:
    from contextlib import ExitStack

    from cockpit.app import rig
    from cockpit.app.openers import archive_of, facts, lab_of, log_of, past_of
    from cockpit.app.past.closed import ClosedLink, asker
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.asides import Openers

    with ExitStack() as stack:
        link = ClosedLink(asker(journal, stack))
        settings = rig.screen_settings(found, args)
        settings.guide, settings.memory_file = False, None
        openers = Openers(
            past_of(journal.parent, found, journal.name),
            lab_of(found, args),
            archive_of(found, args),
            log_of(journal.parent),
            facts,
            only_past=True,
        )
        app = CockpitApp(link, settings, openers=openers)
        app.call_later(app.past.go, **at)
        app.run()
    return 0
