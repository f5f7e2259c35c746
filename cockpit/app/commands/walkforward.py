"""``cockpit walkforward SLEEVE --tape TAPE``: search, choose, test, window by window; out of sample only."""

from __future__ import annotations

import argparse
from typing import Any

from cockpit.app import console
from cockpit.app.commands import passport

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``walkforward`` takes."""
    parser.add_argument(
        "what", metavar="SLEEVE", help="NAME[:k=v,...]@SYMBOL[/TF]; what is not searched stays"
    )
    passport.searched(parser)


def run(args: argparse.Namespace) -> int:
    """0 when every window was walked. Raises ConfigError, TapeError, StoreError."""
    import msgspec

    from cockpit.app.proving import Bench
    from cockpit.app.reports import certificate
    from cockpit.app.walking import walked

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    line = passport.Line(lang, not args.json)
    bench = Bench(found.config, found.data_dir, passport.terms(args, found, lang), line)

    def told(number: int, total: int, _step: Any) -> None:
        line("walk", number / total)

    walk = walked(bench, passport.course(args), told)
    line.close()
    first = bench.run.start - bench.run.start % bench.stage.period
    text = certificate.walk_text(walk, lang, (first, bench.stage.period))
    data = {"start": first, "period": bench.stage.period, **msgspec.to_builtins(walk)}
    console.answer(args, data, text)
    return 0
