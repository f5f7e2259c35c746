"""``cockpit capital``: who may use how much of the equity; ``apply`` the plan, ``undo`` the last change."""

from __future__ import annotations

import argparse
from typing import Any

from cockpit.app import console
from cockpit.core.errors import DoorError
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``capital`` takes."""
    parser.add_argument("verb", nargs="?", choices=("show", "apply", "undo"), default="show")
    parser.add_argument("--seal", metavar="SEAL", help="apply: the plan as show named it")


def run(args: argparse.Namespace) -> int:
    """Of the cockpit that runs here. Raises NotRunning (7), DoorError (8) when refused."""
    from cockpit.app import whereabouts
    from cockpit.core.errors import ConfigError

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.verb == "show":
        with whereabouts.door(found) as door:
            answer = door.ask("shares")
        shown = answer.payload
        if shown is None:
            raise DoorError(console.sentence(answer, lang))
        console.answer(args, shown, _text(shown, lang))
        return 0
    if args.verb == "apply" and not args.seal:
        raise ConfigError("capital apply needs --seal: the plan that cockpit capital shows")
    with whereabouts.door(found, drives=True) as door:
        answer = door.ask("capital", {"to": args.verb, "seal": args.seal or ""})
    if not answer.ok:
        raise DoorError(console.sentence(answer, lang))
    console.answer(args, {"ok": True}, console.sentence(answer, lang))
    return 0


def _text(shown: dict[str, Any], lang: str) -> str:
    head = tuple(
        tr(f"capital.column.{name}", lang)
        for name in ("sleeve", "share", "named", "used", "target", "step", "word", "mean", "losing", "trades")
    )
    lines = [
        (
            console.clean(row["sleeve"]),
            f"{row['share']:.1%}",
            f"{row['named']:.1%}" if row["named"] >= 0 else "-",
            f"{row['used']:.0%}",
            f"{row['target']:.1%}",
            f"{row['step']:.1%}",
            tr(f"capital.word.{row['word']}", lang),
            f"{row['mean']:+.3f}" if row["hours"] else "-",
            f"{row['losing']:.0%}" if row["hours"] else "-",
            str(row["trades"]),
        )
        for row in shown["rows"]
    ]
    text = console.columns([head, *lines], frozenset((1, 2, 3, 4, 5, 7, 8, 9)))
    if shown["seal"]:
        return f"{text}\n{tr('capital.apply_by', lang, seal=shown['seal'])}"
    return text if shown["method"] else f"{text}\n{tr('capital.hint', lang)}"
