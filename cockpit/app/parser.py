"""The parser of the command line: only the commands that are named are loaded.

A word that nobody knows is met with the nearest one that is known.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from keyword import iskeyword
from typing import Any, NoReturn

import cockpit
from cockpit.app.grammar import COMMANDS, common, market
from cockpit.app.tongue import tongue
from cockpit.core.errors import ConfigError
from cockpit.text import DEFAULT

EPILOG = """\
exit codes: 0 done, 1 error, 2 usage or settings, 3 plug-in, 4 storage, 5 recorded data, 6 venue,
            7 no cockpit running here, 8 refused, 70 our bug, 130 interrupted
more: cockpit help, cockpit COMMAND --help
"""

NAMED = re.compile(r"(?:unrecognized arguments: |invalid choice: ')([^\s']+)")


class Parser(argparse.ArgumentParser):
    """argparse that names the nearest word it knows, and helps in the reader's language.

    ``words`` is what was typed: the whole line, for the parsers of its commands too.
    """

    def __init__(self, *, words: Sequence[str] = (), **options: Any) -> None:
        self.words = words
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)

    def add_subparsers(self, **options: Any) -> Any:
        """Commands below this one are parsed, and helped with, the same way."""
        options.setdefault("parser_class", partial(type(self), words=self.words))
        return super().add_subparsers(**options)

    def _get_formatter(self) -> argparse.HelpFormatter:
        """argparse's own hook: the one place all of its texts pass through."""
        lang = tongue(self.words, os.environ)
        if lang == DEFAULT:
            return super()._get_formatter()
        from cockpit.app.helptext import Translated

        return Translated(self.prog, lang)

    def error(self, message: str) -> NoReturn:
        """Exit 2 with one sentence."""
        spoken = self._spoken()
        known = [*spoken._option_string_actions, *COMMANDS]
        found = NAMED.search(message)
        word = found[1].partition("=")[0] if found is not None else ""
        stranger = next(
            (w for w in self.words if w.startswith("--") and w.partition("=")[0] not in known), ""
        )
        if stranger and "COMMAND: invalid choice" in message:
            # Its value was taken for a command; the option itself is what nobody knows.
            word, message = stranger, f"there is no option {stranger}"
        words = [name for name in known if name.startswith("-") == word.startswith("-")]
        near = get_close_matches(word, words, 1) if word else []
        hint = f"; did you mean {near[0]}?" if near else ""
        if near and found is not None:
            message = message.partition(" (choose from")[0]
        raise ConfigError(f"{message}{hint} (see {spoken.prog} --help)")

    def _spoken(self) -> argparse.ArgumentParser:
        """Of the command that was typed, or the one below it: argparse hands up what it does not know."""
        found: argparse.ArgumentParser = self
        for word in self.words:
            if found._subparsers is not None:
                found = (found._subparsers._group_actions[0].choices or {}).get(word, found)  # type: ignore[attr-defined]
        return found


def build(argv: Sequence[str]) -> Parser:
    """The whole grammar; only the commands that are named are loaded."""
    parser = Parser(
        words=argv,
        prog="cockpit",
        description=f"{cockpit.__doc__}\n\nWithout a command it starts on the embedded practice market: "
        "no key, no network, no real money.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"cockpit {cockpit.__version__}")
    parser.add_argument("--daemon", action="store_true", help="no screen; cockpit attach brings one")
    parser.add_argument("--speed", choices=("1", "10", "max"), help="pace of a tape")
    market(parser, top=True)
    common(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, help_ in COMMANDS.items():
        below = commands.add_parser(name, help=help_, description=help_)
        if name in argv:
            import_module(module_of(name)).add(below)
            common(below)
    return parser


def module_of(command: str) -> str:
    """The file of a command: ``quant-eval`` is ``quant_eval``, ``import`` is ``import_``."""
    name = command.replace("-", "_")
    return f"cockpit.app.commands.{name}_" if iskeyword(name) else f"cockpit.app.commands.{name}"
