"""Which language a command line is answered in, before it has been understood.

The help of a command and what is wrong with a line are needed when there are no settings yet, so this asks in
the same order as they do: option, environment, file, locale. It never fails: who cannot be asked is silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from cockpit.text import DEFAULT, LANGUAGES

LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables of the locale; the first that is set counts."""
KEY = "screen.language"


def tongue(words: Sequence[str], env: Mapping[str, str]) -> str:
    """The language for these words of a command line."""
    named = _option(words) or env.get("COCKPIT_SCREEN__LANGUAGE") or _in_file(words, env)
    return named if named in LANGUAGES else of_locale(env)


def of_locale(env: Mapping[str, str]) -> str:
    """The language of the terminal."""
    said = next((value for name in LOCALES if (value := env.get(name, ""))), "")
    return next((lang for lang in LANGUAGES if lang != DEFAULT and said.startswith(lang)), DEFAULT)


def _option(words: Sequence[str]) -> str:
    """``--lang zh``, else ``--set screen.language=zh``; the last one counts, as it does for the parser."""
    return _last(words, "--lang") or next(
        (value for w in _every(words, "--set") for key, _, value in (w.partition("="),) if key == KEY), ""
    )


def _last(words: Sequence[str], option: str) -> str:
    return next(reversed(_every(words, option)), "")


def _every(words: Sequence[str], option: str) -> list[str]:
    after = [value for word, value in pairwise(words) if word == option]
    return after + [w.partition("=")[2] for w in words if w.startswith(option + "=")]


def _in_file(words: Sequence[str], env: Mapping[str, str]) -> str:
    """What the settings file says. Read only when nothing before it has spoken."""
    from pathlib import Path

    from cockpit.app.settings_file import find, read
    from cockpit.core.errors import CockpitError

    named = _last(words, "--config")
    try:
        source = find(Path(named).expanduser() if named else None, env)
        screen = read(source).get("screen") if source is not None else None
    except CockpitError:
        return ""
    return str(screen.get("language", "")) if isinstance(screen, dict) else ""
