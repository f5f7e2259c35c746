"""``cockpit backup``: take one; ``backup list``; ``backup verify FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.app.settings import Loaded
from cockpit.core.errors import ConfigError
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``backup`` takes."""
    parser.add_argument("verb", nargs="?", choices=("take", "list", "verify"), default="take")
    parser.add_argument("file", nargs="?", metavar="FILE", help="verify: which")
    parser.add_argument(
        "--to", metavar="DIR", help="where backups are kept, best on another disk (default: DATA/backups)"
    )
    parser.add_argument(
        "--keep", metavar="N", type=int, default=0, help="of the backups there only the newest N stay"
    )


def run(args: argparse.Namespace) -> int:
    """0, or an error: StoreError (4) when something is not whole, DoorError (8) when a cockpit is mute."""
    from cockpit.app.keeping import backup

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.keep < 0:
        raise ConfigError(f"--keep {args.keep}: at least 0")
    if args.verb == "list":
        return _list(args, found, lang)
    if args.verb == "verify":
        if not args.file:
            raise ConfigError("backup verify needs a file; cockpit backup list shows them")
        path, manifest = Path(args.file), backup.verify(Path(args.file))
    else:
        path, manifest = backup.take(found.data_dir, _place(args, found), args.keep)
    size = path.stat().st_size
    lines = [
        tr("backup.whole", lang, path=path, files=len(manifest.files), mb=f"{size / 1e6:.1f}"),
        *(
            tr("backup.journal", lang, name=j.name, mode=j.mode, seq=f"{j.seq:,}", rows=f"{j.rows:,}")
            for j in manifest.journals
        ),
        tr("backup.no_keys", lang),
    ]
    console.answer(args, {"path": str(path), "bytes": size, **_plain(manifest)}, "\n".join(lines))
    return 0


def _place(args: argparse.Namespace, found: Loaded) -> Path:
    return Path(args.to).expanduser() if args.to else found.data_dir / "backups"


def _list(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    from cockpit.app.keeping.backup import END

    place = _place(args, found)
    rows = [
        {"path": str(path), "bytes": path.stat().st_size, "taken": int(path.stat().st_mtime * 1_000)}
        for path in sorted(place.glob(f"cockpit-*{END}"), reverse=True)
    ]
    table = [(str(row["path"]), f"{row['bytes'] / 1e6:.1f} MB", console.utc(row["taken"])) for row in rows]  # type: ignore[operator, arg-type]
    console.answer(
        args, rows, console.columns(table, frozenset((1,))) if rows else tr("backup.none", lang, path=place)
    )
    return 0


def _plain(manifest: Any) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(manifest)
    return found
