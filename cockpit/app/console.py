"""What every command of the command line needs: the settings, a language, an answer in words or in JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from cockpit.app.settings import Loaded, load
from cockpit.app.tongue import of_locale
from cockpit.core.frames import Answer
from cockpit.text import safe_text, say, tr


def loaded(args: argparse.Namespace) -> Loaded:
    """The settings in force for this command line; warnings go to stderr. Raises ConfigError."""
    found = settings_of(args)
    for warning in found.warnings:
        talk(f"cockpit: {warning}")
    return found


def settings_of(args: argparse.Namespace) -> Loaded:
    """The same without a word: a screen may be on stderr. Raises ConfigError."""
    return load(
        Path(args.config).expanduser() if args.config else None,
        os.environ,
        args.set,
        Path(args.data_dir) if args.data_dir else None,
    )


def has_terminal() -> bool:
    """Is there one to draw on (the screen draws on stderr) and to type at?"""
    return sys.stdin.isatty() and sys.__stderr__ is not None and sys.__stderr__.isatty()


def language(args: argparse.Namespace, configured: str = "auto") -> str:
    """--lang, else the settings, else the locale."""
    chosen = args.lang or configured
    if chosen != "auto":
        return str(chosen)
    return of_locale(os.environ)


def talk(text: str) -> None:
    """A line for the person, never part of the answer."""
    print(text, file=sys.stderr, flush=True)


def answer(args: argparse.Namespace, data: Any, text: str) -> None:
    """The answer on stdout: ``data`` as one JSON document with --json, else ``text``."""
    print(json.dumps(data, ensure_ascii=False, indent=2) if args.json else text)


def sentence(found: Answer, lang: str) -> str:
    """What became of a command, in words."""
    return say(found.message, found.args, lang)


def clean(value: object) -> str:
    """A value from outside, fit for a terminal."""
    return safe_text(str(value))


def utc(ms: int) -> str:
    """``2024-08-08 23:54:00Z``; a dash for 0."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z" if ms else "-"


def columns(rows: Sequence[tuple[str, ...]], right: frozenset[int] = frozenset()) -> str:
    """Rows as aligned text; columns in ``right`` are numbers."""
    if not rows:
        return ""
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for index, cell in enumerate(row):
            space = " " * (widths[index] - width(cell))
            cells.append(space + cell if index in right else cell + space)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def width(text: str) -> int:
    """Terminal cells: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


__all__ = ["answer", "clean", "columns", "language", "loaded", "sentence", "talk", "tr", "utc"]
