"""The message catalogue: every sentence a user reads, in every language the cockpit speaks.

A message has an id (``order.filled``) and named placeholders (``{price}``). Faces translate ids; the machine
only ever emits them, so a journal written under one language is read in another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from cockpit.text.reasons import DEPTH, ERRORS, reworded
from cockpit.text.safe import safe_text
from cockpit.text.tables import read

__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "about",
    "because",
    "catalogue",
    "known",
    "safe_text",
    "say",
    "tr",
    "wrong",
]

DEFAULT = "en"

LANGUAGES: dict[str, str] = {"en": "English", "zh": "简体中文"}
"""Language code → its name in itself. Each has a catalogue ``<code>.toml`` beside this file."""

PLACEHOLDER = re.compile(r"\{(\w+)\}")

SPOKEN = (
    "side",
    "posture",
    "phase",
    "stage",
    "state",
    "kind",
    "role",
    "request",
    "verb",
    "mode",
    "action",
    "rule",
    "leg",
    "before",
    "after",
    "to",
    "next",
    "origin",
)
"""Arguments whose values are the machine's own words and have a translation (``word.buy``)."""

REASONS = ("reason", "why", "detail")
"""Arguments that hold a rule's sentence."""

_loaded: dict[str, dict[str, str]] = {}


def catalogue(lang: str) -> Mapping[str, str]:
    """Every message of one language by id; an unknown language is answered in English."""
    lang = lang if lang in LANGUAGES else DEFAULT
    if lang not in _loaded:
        _loaded[lang] = read(f"{lang}.toml")
    return _loaded[lang]


def known(message_id: str) -> bool:
    """Has the catalogue such a message?"""
    return message_id in catalogue(DEFAULT)


def tr(message_id: str, lang: str = DEFAULT, /, **args: object) -> str:
    """The sentence for ``message_id``; values come from outside, so they are made safe to print.

    An id without a sentence is answered with the id and its arguments: a plug-in's news is never lost.
    """
    sentence = catalogue(lang).get(message_id)
    if sentence is None:
        pairs = "".join(f" {key}={value}" for key, value in args.items())
        return safe_text(message_id + pairs)
    if not args or "{" not in sentence:
        return sentence

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        return safe_text(str(args[name])) if name in args else match.group(0)

    return PLACEHOLDER.sub(fill, sentence)


def say(message_id: str, args: Mapping[str, str], lang: str = DEFAULT) -> str:
    """Like :func:`tr` for news of the engine: its own words (``side=buy``) are translated too."""
    return _said(message_id, tuple(args.items()), lang)


@lru_cache(maxsize=1_000)
def _said(message_id: str, args: tuple[tuple[str, str], ...], lang: str) -> str:
    """The log is painted twice a second, and most of it was there before."""
    words = catalogue(lang)
    spoken = {
        name: words.get(f"word.{value.lower()}", value) if name in SPOKEN else value for name, value in args
    }
    for name in REASONS:
        if name in spoken:
            spoken[name] = because(words.get(f"cause.{spoken[name]}", spoken[name]), lang)
    return tr(message_id, lang, **spoken)


def about(key: str, comment: str, lang: str = DEFAULT) -> str:
    """What a setting is for: its comment in the settings file, or the words of ``settings.<lang>.toml``."""
    if lang == DEFAULT or lang not in LANGUAGES:
        return comment
    table = f"settings.{lang}"
    if table not in _loaded:
        _loaded[table] = read(f"{table}.toml")
    return _loaded[table].get(key, comment)


def because(reason: str, lang: str = DEFAULT) -> str:
    """A reason of the machine (``data 9.0 s old, allowed 3 s``) in the reader's language, safe to print."""
    return safe_text(reason if lang == DEFAULT else reworded(reason, lang))


def wrong(error: str, lang: str = DEFAULT) -> str:
    """What is wrong with a command, a file or a setting, in the reader's language, safe to print; whole."""
    said = error if lang == DEFAULT else reworded(error, lang, DEPTH + 2, ERRORS)
    return "\n".join(safe_text(line, len(line) + 1) for line in said.splitlines())
