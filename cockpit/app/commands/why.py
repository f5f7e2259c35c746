"""``cockpit why SYMBOL``: the first gate that said no, or that the strategy wants nothing, and why."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.core.errors import CockpitError, DoorError
from cockpit.text import tr


class NotTraded(CockpitError):
    """No sleeve trades what was asked for."""


ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``why`` takes."""
    parser.add_argument(
        "symbol", metavar="SYMBOL", help="a market, or part of a strategy's or a market's name"
    )


def run(args: argparse.Namespace) -> int:
    """Ask the cockpit that runs here. Raises NotRunning (exit 7), DoorError (exit 8), NotTraded (exit 1)."""
    from cockpit.app.whereabouts import door
    from cockpit.app.why import text

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    with door(found) as link:
        answer = link.ask("why", {"symbol": args.symbol})
    if not answer.ok or answer.payload is None:
        raise DoorError(console.sentence(answer, lang))
    if not answer.payload["sleeves"]:
        markets = ", ".join(answer.payload["markets"]) or "-"
        raise NotTraded(tr("cli.why.none", lang, symbol=args.symbol, markets=markets))
    lines = text(answer.payload, lang).splitlines()
    console.answer(args, answer.payload, "\n".join(console.clean(line) for line in lines))
    return 0
