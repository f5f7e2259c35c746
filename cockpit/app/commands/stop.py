"""``cockpit stop``: end the running cockpit in good order."""

from __future__ import annotations

import argparse
import os
import time

from cockpit.app import console
from cockpit.core.errors import DoorError
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``stop`` takes."""
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")
    parser.add_argument("--wait", type=float, default=30.0, metavar="S", help="seconds to wait for its end")


def run(args: argparse.Namespace) -> int:
    """Ask it to stop and wait until it is gone. Raises NotRunning (exit 7), DoorError (exit 8)."""
    from cockpit.app.whereabouts import door

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    with door(found, drives=True) as link:
        if args.force:
            link.ask("drive", {"force": "1"})
        answer = link.ask("stop")
        pid = link.welcome.pid
    if not answer.ok:
        hint = tr("cli.force", lang) if answer.message == "door.not_driver" else ""
        raise DoorError(" ".join(filter(None, (console.sentence(answer, lang), hint))))
    limit = time.monotonic() + args.wait
    while alive(pid):
        if time.monotonic() > limit:
            raise DoorError(tr("cli.stop.still", lang, pid=pid, seconds=f"{args.wait:g}"))
        time.sleep(0.05)
    console.answer(args, {"stopped": True, "pid": pid}, tr("cli.stop.done", lang, pid=pid))
    return 0


def alive(pid: int) -> bool:
    """Does this process still run? A zombie that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True
