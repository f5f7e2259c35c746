"""``cockpit bundle``: what an engineer needs after an incident, in one file, without secrets."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from cockpit.app import console
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``bundle`` takes."""
    parser.add_argument("--out", metavar="FILE", help="where it is written (default: a new file here)")
    parser.add_argument(
        "--show", metavar="PART", nargs="?", const="", help="print what would be in it instead"
    )


def run(args: argparse.Namespace) -> int:
    """Write it, or show it. Nothing is ever sent. Raises StoreError (4)."""
    from cockpit.app.complaints import nearest
    from cockpit.app.keeping import bundle
    from cockpit.core.errors import ConfigError

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    texts = bundle.collected(found, lang)
    if args.show is not None:
        if args.show and args.show not in texts:
            raise ConfigError(f"a bundle has no part {args.show!r}{nearest(args.show, texts)}")
        chosen = {args.show: texts[args.show]} if args.show else texts
        shown = "\n".join(f"== {name}\n{text}" for name, text in chosen.items())
        console.answer(args, chosen, "\n".join(console.clean(line) for line in shown.splitlines()))
        return 0
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    target = Path(args.out).expanduser() if args.out else Path(f"cockpit-incident-{stamp}.tar.gz")
    size = bundle.write(texts, target)
    rows = [(name, f"{len(text):,}") for name, text in texts.items()]
    text = (
        f"{console.columns(rows, frozenset((1,)))}\n{tr('bundle.done', lang, path=target, kb=size // 1_000)}"
    )
    console.answer(args, {"path": str(target), "bytes": size, "parts": dict(rows)}, text)
    return 0
