"""``cockpit kill``: the kill switch from another terminal. Success = the venue has been read back; then its
receipt is printed. Without one it says what is still open, and ends with exit code 8; the cockpit goes on
trying and warning."""

from __future__ import annotations

import argparse
import contextlib
import time
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.core.errors import DoorError
from cockpit.text import tr

POLL_S = 0.2
NOT_KEPT = "answer.not_kept"
"""Obeyed, but the journal could not keep it: a full disk."""

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``kill`` takes."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--flatten", action="store_true", help="close every position at market")
    choice.add_argument("--keep", action="store_true", help="keep positions, protected by their stops")
    parser.add_argument(
        "--wait", type=float, default=30.0, metavar="S", help="seconds to wait for the venue's word"
    )


def run(args: argparse.Namespace) -> int:
    """Halt, then wait until it is confirmed. Raises NotRunning (exit 7), DoorError (exit 8)."""
    from cockpit.app.whereabouts import door, here

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    folder = here(found)
    began = time.time_ns() // 1_000_000
    wish = {"flatten": "1"} if args.flatten else {"flatten": "0"} if args.keep else {}
    try:
        with door(found) as link:
            answer = link.ask("halt", wish)
            if not answer.ok and answer.message != NOT_KEPT:
                raise DoorError(console.sentence(answer, lang))
            if not answer.ok:
                # The halt is in force; a start from this journal would not know it, so the file says it too.
                console.talk(console.sentence(answer, lang))
                with contextlib.suppress(OSError):
                    leave_file(folder, flatten=args.flatten)
            console.talk(tr("cli.kill.taken", lang, ms=f"{answer.ms:.0f}"))
            halt = wait(link, args.wait, lang)
    except DoorError as error:
        leave_file(folder, flatten=args.flatten)
        guarded = by_guardian(folder, began, args.wait, lang)
        if guarded is not None:
            console.answer(args, guarded, tr("cli.kill.guardian", lang, **told(guarded)))
            return 0
        raise DoorError(f"{error}; {tr('cli.kill.file', lang, path=folder / 'halt')}") from error
    if halt["phase"] != "confirmed":
        raise DoorError(line(halt, lang))
    console.answer(args, halt, "\n".join(halt_lines(halt, lang)))
    return 0


def by_guardian(folder: Path, began: int, seconds: float, lang: str) -> dict[str, Any] | None:
    """The cockpit does not answer: the receipt of its guardian, where one is there. It sees the halt file."""
    from cockpit.app.guardian import HERE, newest

    if not (folder / HERE).exists():
        return None
    console.talk(tr("cli.kill.frozen", lang))
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = newest(folder, began)
        if found is not None:
            return found
        time.sleep(POLL_S)
    return None


def told(found: dict[str, Any]) -> dict[str, str]:
    """A guardian's receipt as arguments of its sentence."""
    stops = ", ".join(f"{row['symbol']} {row['qty']} @ {row['trigger']}" for row in found["stops"])
    held = ", ".join(f"{row['symbol']} {row['qty']}" for row in found["positions"])
    cids = ", ".join(found["cancelled"])
    return {
        "orders": cids or "-",
        "positions": held or "-",
        "stops": stops or "-",
        "ms": str(found["took_ms"]),
    }


def wait(link: Any, seconds: float, lang: str) -> dict[str, Any]:
    """Poll until the halt is confirmed or the time is over; says what is still open whenever that changes."""
    limit = time.monotonic() + seconds
    said = ""
    while True:
        answer = link.ask("status")
        halt: dict[str, Any] = (answer.payload or {}).get("halt") or {}
        if not halt:
            raise DoorError(tr("cli.kill.lifted", lang))
        if halt["phase"] == "confirmed" or time.monotonic() > limit:
            return halt
        now = line(halt, lang)
        if now != said:
            console.talk(now)
            said = now
        time.sleep(POLL_S)


def halt_lines(halt: dict[str, Any], lang: str) -> list[str]:
    """The halt and its receipt."""
    from cockpit.app.commands.status import halt_lines as both

    return both(halt, lang)


def line(halt: dict[str, Any], lang: str) -> str:
    """The halt in one sentence."""
    from cockpit.app.commands.status import halt as sentence

    return sentence(halt, lang)


def leave_file(folder: Path, *, flatten: bool) -> None:
    """The door of last resort: the watchdog looks for this file twenty times a second."""
    (folder / "halt").write_text("flatten\n" if flatten else "halt\n", "utf-8")
