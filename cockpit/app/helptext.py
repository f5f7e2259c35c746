"""The help of a command in another language than the code's: argparse's layout, other words.

Sentences are looked up by what the command says in English (``commands.<lang>.toml``); one that is not there,
a plug-in's, stays as it is. Lines are broken by terminal cells, because a Chinese character takes two.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from functools import lru_cache

from cockpit.app.console import width
from cockpit.text import DEFAULT, catalogue
from cockpit.text.tables import read

HELD = "\0"
"""Stands for one cell until the page is laid out."""


@lru_cache(maxsize=4)
def table(lang: str) -> dict[str, str]:
    """English sentence → the same in ``lang``; empty for English itself."""
    return {} if lang == DEFAULT else read(f"commands.{lang}.toml")


def spoken(sentence: str, lang: str) -> str:
    """What a command says of itself, in ``lang``."""
    return table(lang).get(sentence, sentence)


class Translated(argparse.RawDescriptionHelpFormatter):
    """argparse's formatter with every text of the grammar in ``lang``."""

    def __init__(self, prog: str, lang: str) -> None:
        super().__init__(prog)
        self.lang = lang
        self._usage = catalogue(lang)["cli.usage"]

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        """``usage:`` is a word too; its place is kept by as many characters as it takes cells."""
        super().add_usage(usage, actions, groups, HELD * width(self._usage) if prefix is None else prefix)

    def format_help(self) -> str:
        """The whole page."""
        return super().format_help().replace(HELD * width(self._usage), self._usage, 1)

    def start_section(self, heading: str | None) -> None:
        """Headings: options, commands."""
        super().start_section(self._said(heading))

    def add_text(self, text: str | None) -> None:
        """Description and what stands at the end."""
        super().add_text(self._said(text))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return self._said(action.help)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return broken(" ".join(text.split()), width)

    def _said(self, text: str | None) -> str | None:
        return text if text is None else spoken(text, self.lang)


def broken(text: str, cells: int) -> list[str]:
    """Lines of at most ``cells``: broken between words, or between any two characters that are wide."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip()) > cells:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines or [""]


def _pieces(text: str) -> list[str]:
    """What must stay together: a word and the space after it, a wide character and the stop after it."""
    pieces: list[str] = []
    for character in text:
        joins = bool(pieces) and not _ends(pieces[-1], character)
        if joins:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _ends(piece: str, following: str) -> bool:
    """May a line end between these two?"""
    if following in " ，。；：、）！？":
        return False
    return piece.endswith(" ") or width(following) == 2 or (width(piece[-1]) == 2 and piece[-1] != "（")
