"""Every setting as the screen lists it: its value, its default, where it was set, what it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from cockpit.app import settings
from cockpit.app.settings import Loaded
from cockpit.app.settings_file import FILE
from cockpit.core.config import Config
from cockpit.tui.settings import Setting

LIVE = frozenset(f"screen.{name}" for name in ("language", "theme", "scheme", "glyphs", "keymap"))
"""What a running screen takes over when the file changes; everything else waits for the next start."""
TABLE = re.compile(r"\[([a-z_.]+)\]\s*")
KEY = re.compile(r"([a-z_0-9]+)\s*=\s*.*?(?:\s#\s*(.*))?")


def rows(loaded: Loaded) -> tuple[Setting, ...]:
    """One row a key, in the order of the file."""
    default = Config()
    return tuple(
        Setting(key, text(value), text(usual), origin(loaded, key), key in LIVE, about().get(key, ""))
        for key, value, usual in _flat(loaded.config, default, "")
    )


def origin(loaded: Loaded, key: str) -> str:
    """The file, the variable or the option that set it; empty = the default holds."""
    path = key.split(".")
    for depth in range(len(path), 1, -1):
        found = loaded.origins.get(".".join(path[:depth]))
        if found is not None:
            return found
    return loaded.origins.get(key, "")


def _flat(config: msgspec.Struct, default: Any, before: str) -> Iterator[tuple[str, Any, Any]]:
    for name in config.__struct_fields__:
        value, usual = getattr(config, name), getattr(default, name, None)
        if isinstance(value, msgspec.Struct):
            yield from _flat(value, usual, f"{before}{name}.")
        else:
            yield f"{before}{name}", value, usual


def text(value: Any) -> str:
    """As a person would write it; of a list of tables only how many there are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list) and value and isinstance(value[0], msgspec.Struct):
        return f"[{len(value)}]"
    return msgspec.json.encode(value).decode()


@lru_cache(maxsize=1)
def about() -> dict[str, str]:
    """Key → what the shipped file says about it."""
    found: dict[str, str] = {}
    table, words = "", list[str]()
    for line in settings.shipped(FILE).read_text("utf-8").splitlines():
        if line.startswith("#"):
            words.append(line.lstrip("# "))
        elif head := TABLE.fullmatch(line):
            table, words = f"{head[1]}.", []
        elif row := KEY.fullmatch(line):
            found[f"{table}{row[1]}"] = " ".join([*words, *([row[2]] if row[2] else [])])
            words = []
        else:
            words = []
    return found
