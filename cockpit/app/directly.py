"""Deeds that move no money are planned and applied at once: ``lock``, ``unlock``, ``entries``, ``limit``."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.app.commands.plan import refused
from cockpit.core.plan_words import plan_lines
from cockpit.text import tr


def common_options(parser: argparse.ArgumentParser) -> None:
    """Options of all of them."""
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; it is kept in the journal")
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")


def carry_out(args: argparse.Namespace, wish: dict[str, str]) -> int:
    """Plan, then apply. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    from cockpit.app.whereabouts import door

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    with door(found, drives=True) as link:
        if args.force:
            link.ask("drive", {"force": "1"})
        planned = link.ask("plan", {**wish, "reason": args.reason})
        if not planned.ok or planned.payload is None:
            raise refused(planned, lang)
        done = link.ask("apply", {"plan": planned.payload["id"]})
    if not done.ok:
        raise refused(done, lang)
    plan = planned.payload
    lines = [tr("plan.title", lang, words=plan["words"]), *plan_lines(plan, lang), tr("plan.applied", lang)]
    console.answer(args, {"applied": plan["id"], "plan": plan}, "\n".join(map(console.clean, lines)))
    return 0
