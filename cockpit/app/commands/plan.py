"""``cockpit plan VERB …``: what a deed by hand would do; ``cockpit apply PLAN`` does it."""

from __future__ import annotations

import argparse
from typing import Any

from cockpit.app import console
from cockpit.core.errors import ConfigError, DoorError
from cockpit.core.plan_words import plan_lines
from cockpit.core.refusal import Refusal
from cockpit.core.typed import OPTIONS, WORDS, from_words
from cockpit.text import tr

EPILOG = """\
cockpit plan enter BTC-USDT-SWAP long 0.5 --stop 60000 [--take 70000] | --no-stop
cockpit plan exit BTC-USDT-SWAP [0.2] [--sleeve ID] [--reason TEXT]
cockpit plan take BTC-USDT-SWAP --stop 60000        a position that the cockpit did not make
cockpit plan release BTC-USDT-SWAP                  gives it back
cockpit plan cancel CLIENT-ID
cockpit plan lock WHAT --reason TEXT [--minutes N]  WHAT: a market, a sleeve, name@version
cockpit plan unlock WHAT
cockpit plan entries off --reason TEXT | on
cockpit plan limit max_leverage 2 | off             tighter than [risk] says; off: as it says
cockpit plan undo                                   the inverse of what was applied last
"""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``plan`` takes."""
    parser.epilog = EPILOG
    parser.add_argument("verb", choices=tuple(WORDS), help="what to do")
    parser.add_argument("words", nargs="*", metavar="WORD", help="of what: see below")
    parser.add_argument("--stop", metavar="PRICE", help="protective stop; rests at the venue")
    parser.add_argument("--take", metavar="PRICE", help="take-profit; rests at the venue")
    parser.add_argument("--no-stop", action="store_true", help="the position shall have no stop of its own")
    parser.add_argument("--sleeve", metavar="ID", help="whose position, where several hold the market")
    parser.add_argument("--reason", metavar="TEXT", help="why; it is kept in the journal")
    parser.add_argument("--minutes", metavar="N", help="the lock ends by itself after so long")


def run(args: argparse.Namespace) -> int:
    """Show it. Raises NotRunning (exit 7), DoorError (exit 8) when it could not be applied."""
    lang, answer = ask(args, "plan", typed(args, console.language(args)), drives=False)
    plan = answer.payload
    if plan is None:
        raise DoorError(console.sentence(answer, lang))
    lines = [tr("plan.title", lang, words=plan["words"]), *plan_lines(plan, lang)]
    if answer.ok:
        lines.append(tr("plan.apply", lang, plan=plan["id"], seconds=plan["good_for_ms"] // 1_000))
    console.answer(args, plan, "\n".join(map(console.clean, lines)))
    return 0 if answer.ok else DoorError.exit_code


def typed(args: argparse.Namespace, lang: str) -> dict[str, str]:
    """The deed. Raises ConfigError (exit 2) for too few words or too many."""
    options = {name: getattr(args, name) for name in OPTIONS}
    try:
        return from_words(args.verb, args.words, options, bare=args.no_stop)
    except Refusal as no:
        raise ConfigError(f"{tr(no.message, lang, **no.numbers)}; see cockpit plan --help") from None


def ask(
    args: argparse.Namespace, verb: str, wish: dict[str, str], *, drives: bool, timeout: float = 5.0
) -> tuple[str, Any]:
    """(language, the cockpit's answer) of one question. Raises NotRunning or DoorError."""
    from cockpit.app.whereabouts import door

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    with door(found, drives=drives, timeout=timeout) as link:
        if getattr(args, "force", False):
            link.ask("drive", {"force": "1"})
        return lang, link.ask(verb, wish)


def refused(answer: Any, lang: str) -> DoorError:
    """Why it was not done, and how to get the wheel where that is the reason."""
    hint = tr("cli.force", lang) if answer.message == "door.not_driver" else ""
    return DoorError(" ".join(filter(None, (console.sentence(answer, lang), hint))))
