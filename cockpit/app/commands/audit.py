"""``cockpit audit``: are the journals what they were? ``anchor``: keep where they stand; ``export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``audit`` takes."""
    parser.add_argument("verb", nargs="?", choices=("verify", "anchor", "export"), default="verify")
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="verify: anchors to compare with; anchor: the file to add to, best on another disk;"
        " export: every decision, FILE.csv as a table, else a line of JSON each",
    )
    parser.add_argument("--journal", metavar="NAME", help="export: which, as verify lists them")


def run(args: argparse.Namespace) -> int:
    """0 when all agree, 4 when one does not. Raises StoreError (4), DoorError (8), ConfigError (2)."""
    from cockpit.app.keeping import anchors

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.verb != "verify" and not args.file:
        raise ConfigError(f"audit {args.verb} needs a file")
    if args.verb == "export":
        return _export(args, found.data_dir, lang)
    if args.verb == "anchor":
        rows = anchors.anchor(found.data_dir, Path(args.file).expanduser())
        words = [
            (row.journal, *(f"{chain} {seq:,} {seal[:12]}" for chain, (seq, seal) in row.heads.items()))
            for row in rows
        ]
        text = "\n".join("  ".join(line) for line in words)
        console.answer(args, _plain(rows), f"{text}\n{tr('cli.audit.anchored', lang, path=args.file)}")
        return 0
    kept = anchors.kept(Path(args.file).expanduser()) if args.file else []
    verdicts = anchors.verify(found.data_dir, kept)
    lines = [_line(verdict, lang) for verdict in verdicts] or [
        tr("cli.audit.none", lang, path=found.data_dir)
    ]
    if verdicts and not kept:
        lines.append(tr("cli.audit.no_anchors", lang))
    console.answer(args, _plain(verdicts), "\n".join(lines))
    return 4 if any(verdict.fault for verdict in verdicts) else 0


def _line(verdict: object, lang: str) -> str:
    from cockpit.app.keeping.anchors import Verdict

    assert isinstance(verdict, Verdict)
    word = "cli.audit.broken" if verdict.fault else "cli.audit.whole"
    return tr(
        word,
        lang,
        journal=verdict.journal,
        mode=verdict.mode or "?",
        rows=f"{verdict.rows:,}",
        anchors=verdict.anchors,
        fault=verdict.fault,
    )


def _plain(rows: object) -> object:
    import msgspec

    return msgspec.to_builtins(rows)


def _export(args: argparse.Namespace, data_dir: Path, lang: str) -> int:
    import msgspec

    from cockpit.app.decisions_csv import Table
    from cockpit.app.keeping import anchors
    from cockpit.app.replay import plain

    names = anchors.journals(data_dir)
    if not names:
        raise ConfigError(f"there is no journal in {data_dir}")
    if args.journal is None and len(names) > 1:
        raise ConfigError(f"name one with --journal: {', '.join(names)}")
    name = args.journal or names[0]
    if name not in names:
        raise ConfigError(f"there is no journal {name!r}: {', '.join(names)}")
    target, count = Path(args.file), 0
    with anchors.opened(data_dir, name) as file, target.open("w", encoding="utf-8", newline="") as out:
        table = Table(out) if target.suffix.lower() == ".csv" else None
        for outcome in file.outcomes():
            count += 1
            if table is not None:
                table.add(outcome)
            else:
                out.write(msgspec.json.encode(plain(outcome)).decode() + "\n")
    words = {"count": f"{count:,}", "journal": name, "path": target}
    console.answer(
        args,
        {"decisions": count, "journal": name, "path": str(target)},
        tr("cli.audit.exported", lang, **words),
    )
    return 0
