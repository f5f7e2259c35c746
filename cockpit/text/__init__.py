"""The message catalogue: every sentence a user reads, in every language the cockpit speaks.

A message has an id (``order.filled``) and named placeholders (``{price}``). Faces translate ids; the machine
only ever emits them, so a journal written under one language is read in another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.text.safe import safe_text

__all__ = ["DEFAULT", "LANGUAGES", "catalogue", "known", "safe_text", "say", "tr"]

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

_loaded: dict[str, dict[str, str]] = {}


def catalogue(lang: str) -> Mapping[str, str]:
    """Every message of one language by id; an unknown language is answered in English."""
    lang = lang if lang in LANGUAGES else DEFAULT
    if lang not in _loaded:
        _loaded[lang] = _read(lang)
    return _loaded[lang]


def _read(lang: str) -> dict[str, str]:
    import tomllib  # here, because an engine without a face never reads a sentence
    from importlib import resources

    source = resources.files(__package__).joinpath(f"{lang}.toml").read_text("utf-8")
    return {str(key): str(value) for key, value in tomllib.loads(source).items()}


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
    words = catalogue(lang)
    spoken = {
        name: words.get(f"word.{value.lower()}", value) if name in SPOKEN else value
        for name, value in args.items()
    }
    return tr(message_id, lang, **spoken)
