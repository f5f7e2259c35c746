"""``cockpit restore FILE``: bring a backup back."""

from __future__ import annotations

import argparse
from pathlib import Path

from cockpit.app import console
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``restore`` takes."""
    parser.add_argument("file", metavar="FILE", help="a backup of cockpit backup")


def run(args: argparse.Namespace) -> int:
    """0 when it is back. Raises StoreError (4): not whole, or a cockpit is running there."""
    import msgspec

    from cockpit.app.keeping.backup import restore

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    manifest, aside = restore(Path(args.file), found.data_dir)
    lines = [tr("restore.done", lang, path=found.data_dir, taken=console.utc(manifest.created))]
    if aside is not None:
        lines.append(tr("restore.aside", lang, path=aside))
    if any(row.mode in {"demo", "live"} for row in manifest.journals):
        lines.append(tr("restore.reconcile", lang))
    data = {"data_dir": str(found.data_dir), "aside": None if aside is None else str(aside)}
    console.answer(args, {**data, "manifest": msgspec.to_builtins(manifest)}, "\n".join(lines))
    return 0
