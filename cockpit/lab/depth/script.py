"""What the machine is told of a strategy that stays Python: which hooks it has."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core.registry import Plugin
from cockpit.lab.depth.calls import BOOK, FILL, TIMER, TRADE

HOOKS = {"on_book": BOOK, "on_trade": TRADE, "on_timer": TIMER, "on_fill": FILL}


class Blank(msgspec.Struct):
    """What the machine keeps of such a strategy: nothing."""

    nothing: int = 0


class Script:
    """As ``translate.Program``: which hooks there are, and the words of its wishes."""

    def __init__(self, plugin: Plugin) -> None:
        self.strategy = plugin.name
        self.owner = Blank
        self.texts: list[str] = []
        self.rows: dict[str, Any] = {}
        self.tags: dict[str, int] = {"": 0}
        self.hooks = {hook: what for hook, what in HOOKS.items() if hasattr(plugin.target, hook)}
        self.deaf = not hasattr(plugin.target, "on_funding")

    def tag(self, word: str) -> int:
        """The number that stands for a word."""
        return self.tags.setdefault(word, len(self.tags))
