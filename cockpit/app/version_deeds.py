"""What ``promote``, ``approve``, ``rollback`` and ``retire`` have in common: a version, a reason, a name."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.text import tr

PATIENCE_S = 75.0
"""The passport is looked at by a process of its own."""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of all four."""
    parser.add_argument("version", metavar="VERSION", help="its id, or an unmistakable beginning of it")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why; it is kept in the history")
    parser.add_argument(
        "--as",
        metavar="NAME",
        default="",
        dest="who",
        help="who you are (default: whose token is shown, else release.me)",
    )
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")


def credentials(args: argparse.Namespace) -> dict[str, str]:
    """Who says so, and their token where they have one. Raises ConfigError."""
    from cockpit.app import tokens

    given = {"who": args.who, "token": tokens.mine()}
    return {name: value for name, value in given.items() if value}


def carry_out(args: argparse.Namespace, verb: str, **more: str) -> int:
    """Do it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    from cockpit.app.commands.plan import ask, refused

    wish = {"version": args.version, "reason": args.reason, **more} | credentials(args)
    lang, answer = ask(args, verb, wish, drives=True, timeout=PATIENCE_S)
    if not answer.ok or answer.payload is None:
        raise refused(answer, lang)
    row = answer.payload
    said = [tr("versions.done", lang, version=row["id"], stage=tr(f"word.{row['stage']}", lang))]
    if row["asked"]:
        people = ", ".join(row["approvals"]) or "-"
        numbers = {"count": len(row["approvals"]), "needed": row["needed"], "version": row["id"]}
        said.append(
            tr("versions.asked", lang, to=row["asked"], who=row["asked_by"], people=people, **numbers)
        )
    console.answer(args, row, "\n".join(map(console.clean, said)))
    return 0
