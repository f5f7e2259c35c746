"""``cockpit apply PLAN``: do exactly what was shown, or refuse because it is no longer so."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.app.commands.plan import ask, refused
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``apply`` takes."""
    parser.add_argument("plan", metavar="PLAN", help="the id that cockpit plan has shown")
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")


def run(args: argparse.Namespace) -> int:
    """Do it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    lang, answer = ask(args, "apply", {"plan": args.plan}, drives=True)
    if not answer.ok:
        raise refused(answer, lang)
    undo = (answer.payload or {}).get("undo", "")
    lines = [tr("plan.applied", lang), *([tr("plan.undo", lang, words=undo)] if undo else [])]
    console.answer(args, {"applied": args.plan, "undo": undo}, "\n".join(map(console.clean, lines)))
    return 0
