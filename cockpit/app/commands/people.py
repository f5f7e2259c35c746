"""``cockpit people``: who may decide about versions; each has a token, of which only the sha256 is kept."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.text import tr

ROLES = ("admin", "approver", "trader", "viewer")
EPILOG = """\
cockpit people add ann --role admin --to ann.token      the first is an admin; her token, in a file
cockpit people add bob --role approver                  … or is shown here, once
COCKPIT_TOKEN_FILE=ann.token cockpit approve VERSION --as ann --reason "as proven"
cockpit people add bob --role approver                  again: another token, the old one counts no more
cockpit people remove bob

once there is somebody, only an admin with a token changes this, and prod takes two people with tokens
"""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``people`` takes."""
    parser.epilog = EPILOG
    parser.add_argument("verb", nargs="?", choices=("list", "add", "remove"), default="list")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--role", choices=ROLES, default="approver", help="what they may do (approver)")
    parser.add_argument(
        "--to", metavar="FILE", help="put the token there, for its owner alone; must not exist"
    )
    parser.add_argument(
        "--as",
        metavar="NAME",
        default="",
        dest="who",
        help="which admin you are (default: whose token is shown, else release.me)",
    )
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")


def run(args: argparse.Namespace) -> int:
    """Do it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    from cockpit.app import tokens
    from cockpit.app.commands.plan import ask, refused
    from cockpit.core.release.people import key_of

    if args.verb == "list":
        lang, answer = ask(args, "people", {}, drives=False)
        if answer.payload is None:
            raise refused(answer, lang)
        return _shown(args, answer.payload, lang)
    if not args.name:
        raise ConfigError(f"people {args.verb} needs a name")
    wish = {"name": args.name, "who": args.who, "token": tokens.mine()}
    token = ""
    if args.verb == "add":
        token = tokens.drawn()
        if args.to:
            tokens.write(Path(args.to), token)
        wish |= {"role": args.role, "newkey": key_of(token)}
    try:
        lang, answer = ask(
            args, f"person_{args.verb}", {key: value for key, value in wish.items() if value}, drives=True
        )
        if not answer.ok or answer.payload is None:
            raise refused(answer, lang)
    except BaseException:
        if args.to and token:
            Path(args.to).unlink(missing_ok=True)
        raise
    said = tr(f"people.{args.verb}", lang, name=args.name, role=args.role)
    if token:
        said += "\n" + (
            tr("people.to", lang, file=args.to) if args.to else tr("people.token", lang, token=token)
        )
    document = {"name": args.name, **answer.payload}
    if token and not args.to:
        document["token"] = token
    console.answer(args, document, said)
    return 0


def _shown(args: argparse.Namespace, payload: dict[str, Any], lang: str) -> int:
    rows = [tuple(tr(f"people.column.{name}", lang) for name in ("name", "role", "since"))]
    rows += [
        (console.clean(row["name"]), tr(f"people.role.{row['role']}", lang), console.utc(row["since"]))
        for row in payload["people"]
    ]
    said = console.columns(rows) if payload["people"] else tr("people.none", lang)
    if payload["solo"]:
        said += "\n" + tr("people.solo", lang)
    console.answer(args, payload, said)
    return 0
