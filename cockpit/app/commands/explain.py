"""``cockpit explain CID``: why an order exists, from the running cockpit or from a journal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.core.errors import CockpitError, NotRunning
from cockpit.text import tr


class NoSuchOrder(CockpitError):
    """Nobody knows that client id."""


ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``explain`` takes."""
    parser.add_argument("cid", metavar="CID", help="client id of the order, as status and the screen show it")
    parser.add_argument("--journal", metavar="FILE", help="look in this journal instead of a running cockpit")


def run(args: argparse.Namespace) -> int:
    """Print the chain. Raises NoSuchOrder (exit 1), StoreError (exit 4) for an unreadable journal."""
    from cockpit.app.explain import text

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    chain = ask(found, args.cid) if args.journal is None else None
    if chain is None:
        chain = search([Path(args.journal)] if args.journal else journals(found), args.cid)
    if chain is None:
        raise NoSuchOrder(tr("cli.explain.none", lang, cid=args.cid))
    console.answer(args, chain, "\n".join(console.clean(line) for line in text(chain).splitlines()))
    return 0


def ask(found: Any, cid: str) -> dict[str, Any] | None:
    """From the cockpit that runs here; None when none runs or it does not know the order."""
    from cockpit.app.whereabouts import door

    try:
        with door(found) as link:
            answer = link.ask("explain", {"cid": cid})
    except NotRunning:
        return None
    return answer.payload if answer.ok else None


def journals(found: Any) -> list[Path]:
    """Every journal under the data directory that nobody writes now."""
    from cockpit.app.whereabouts import JOURNAL, running, runs

    alive = running(found.data_dir)
    return [folder / JOURNAL for folder in runs(found.data_dir) if folder not in alive]


def search(paths: list[Path], cid: str) -> dict[str, Any] | None:
    """The chain of an order from the first journal that has it. Raises StoreError."""
    import sqlite3

    from cockpit.adapters.store.schema import store_error

    for path in paths:
        try:
            found = of_journal(path, cid)
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        if found is not None:
            return found
    return None


def of_journal(path: Path, cid: str) -> dict[str, Any] | None:
    """The chain of an order from one journal; None when it does not have it."""
    from cockpit.adapters.store.journal_file import JournalFile
    from cockpit.app.explain import whole

    with JournalFile(path) as journal:
        return journal.ask(whole, cid)
