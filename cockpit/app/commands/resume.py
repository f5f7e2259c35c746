"""``cockpit resume``: lift a halt. Slow on purpose: it wants the word and a reason for the journal."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.core.errors import DoorError
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``resume`` takes."""
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept in the journal")
    parser.add_argument("--word", required=True, metavar="RESUME", help="the word RESUME, in capitals")
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")


def run(args: argparse.Namespace) -> int:
    """Strategies may trade again. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    from cockpit.app.whereabouts import door

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.word != "RESUME" or not args.reason.strip():
        raise DoorError(tr("resume.refused", lang))
    with door(found, drives=True) as link:
        if args.force:
            link.ask("drive", {"force": "1"})
        answer = link.ask("resume", {"word": args.word, "reason": args.reason})
    if not answer.ok:
        hint = tr("cli.force", lang) if answer.message == "door.not_driver" else ""
        raise DoorError(" ".join(filter(None, (console.sentence(answer, lang), hint))))
    console.answer(args, {"resumed": True, "reason": args.reason}, tr("cli.resume.done", lang))
    return 0
