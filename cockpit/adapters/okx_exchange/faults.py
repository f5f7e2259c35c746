"""What goes wrong on purpose: a list of rules, each with a point where it bites and a number of times.

A script is a JSON list of rules; ``on`` is matched as a shell pattern against the point:

    rest POST trade/order     a REST request          delay late lose reset refuse html empty malformed
    item trade/batch-orders   one item of a batch     refuse (``items``: which, from 0)
    op batch-orders           an order op of a socket delay late lose refuse
    cancel                    a cancel that was taken defer (happens ``ms`` later)
    login                     a socket's login        refuse
    connect private           a socket's handshake    refuse (HTTP ``status``)
    push orders               a push of a channel     drop delay duplicate reorder malformed
    sequence books            a book update           reset (numbers begin anew, chained)
    sockets private           open sockets, by time   half_open stall abort close notice
    clock                     by time                 skew (``ms``)

``delay`` waits before the request is looked at, ``late`` holds the answer back, ``lose`` carries the request
out and cuts the connection instead of answering, ``reset`` cuts it before anything is done.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from cockpit.core.errors import ConfigError

ACTIONS = {
    "rest": {"delay", "late", "lose", "reset", "refuse", "html", "empty", "malformed"},
    "item": {"refuse"},
    "op": {"delay", "late", "lose", "refuse"},
    "cancel": {"defer"},
    "login": {"refuse"},
    "connect": {"refuse"},
    "push": {"drop", "delay", "duplicate", "reorder", "malformed"},
    "sequence": {"reset"},
    "sockets": {"half_open", "stall", "abort", "close", "notice"},
    "clock": {"skew"},
}
TIMED = ("sockets", "clock")


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One rule. It lets ``skip`` matches pass, then bites ``times`` times (0 = always)."""

    on: str
    do: str
    ms: int = 0
    code: str = "50013"
    message: str = "Systems are busy. Please try again later."
    status: int = 0
    """HTTP status; 0 = what belongs to the code."""
    times: int = 1
    skip: int = 0
    chance: float = 1.0
    """Of biting where it could."""
    items: tuple[int, ...] = ()
    uid: str = ""
    """Only this account; empty = anybody."""
    after_ms: int = 0
    """Not before so long after it was added."""
    seen: int = 0
    done: int = 0
    added: int = 0

    def __post_init__(self) -> None:
        kind = self.on.partition(" ")[0]
        if kind not in ACTIONS:
            raise ValueError(f"fault on {self.on!r}: begin with one of {', '.join(ACTIONS)}")
        if self.do not in ACTIONS[kind]:
            raise ValueError(f"fault {self.do!r} on {self.on!r}: one of {', '.join(sorted(ACTIONS[kind]))}")


class Faults:
    """The rules in force. Same seed and same requests, same faults."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: list[Fault] = []
        self._chance = Random(seed)

    def add(self, rule: Fault, now: int) -> Fault:
        rule.added = now
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Everything heals."""
        self.rules.clear()

    def load(self, path: Path, now: int) -> None:
        """Add a script's rules. Raises ConfigError when it is none."""
        try:
            rows = json.loads(path.read_text("utf-8"))
            rules = msgspec.convert(rows, list[Fault])
        except OSError as error:
            raise ConfigError(f"--faults {path}: {error.strerror}") from error
        except (ValueError, RecursionError, msgspec.ValidationError) as error:
            raise ConfigError(f"--faults {path}: {error}") from error
        for rule in rules:
            self.add(rule, now)

    def pick(self, point: str, now: int, uid: str = "", item: int = -1) -> Fault | None:
        """The rule that bites here and now; it is counted."""
        for rule in self.rules:
            if not fnmatchcase(point, rule.on) or (rule.uid and rule.uid != uid):
                continue
            if (rule.times and rule.done >= rule.times) or now < rule.added + rule.after_ms:
                continue
            if item >= 0 and rule.items and item not in rule.items:
                continue
            rule.seen += 1
            if rule.seen <= rule.skip:
                continue
            if rule.chance < 1 and self._chance.random() >= rule.chance:
                continue
            rule.done += 1
            return rule
        return None

    def timed(self, now: int) -> list[Fault]:
        """Rules that bite by themselves and are due; each once per ``times``."""
        due = []
        for rule in self.rules:
            if (
                rule.on.startswith(TIMED)
                and rule.done < max(1, rule.times)
                and now >= rule.added + rule.after_ms
            ):
                rule.done += 1
                rule.added = now
                due.append(rule)
        return due

    def told(self) -> list[dict[str, Any]]:
        """The rules with how often each was met and bit."""
        return [msgspec.to_builtins(rule) for rule in self.rules]
