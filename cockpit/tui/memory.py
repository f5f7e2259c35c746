"""What a screen remembers from one start to the next: where one was, and what was changed by a key."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from cockpit.core.unreadable import UNREADABLE
from cockpit.tui.settings import TuiSettings

CHOICES = ("theme", "lang", "scheme", "glyphs")
"""Settings that a key may change, too."""
ASIDE = ".unreadable"


class Memory(msgspec.Struct):
    """``screen.json`` in the data directory. Losing it costs nobody more than a few keys."""

    page: str = ""
    pages: dict[str, str] = {}
    """Size class of the terminal → the page that was shown there last."""
    layouts: dict[str, dict[str, tuple[str, ...]]] = {}
    """Page → size class → what a person has made of it (``tui.grid``)."""
    symbol: str = ""
    focus: dict[str, str] = {}
    """Page → the panel that had the focus there."""
    zoomed: dict[str, str] = {}
    """Size class of the terminal → the page on which one panel had all of it: narrow ones are zoomed more."""
    timeframe: int = 0
    step: int = 2
    unit: str = "bp"
    span: str = "hour"
    overlays: str = ""
    """Indicators over the chart, as they were typed."""
    private: bool = False
    choices: dict[str, tuple[str, str]] = {}
    """Setting → (what the settings said, what the person chose instead by a key)."""
    guide: str = ""
    """What became of the first five minutes: done | skipped; empty = they have not been shown."""

    def apply(self, settings: TuiSettings) -> None:
        """Choices made by keys come back, unless the settings have been changed since: those are newer."""
        for name, (said, chosen) in self.choices.items():
            if name in CHOICES and getattr(settings, name) == said:
                setattr(settings, name, chosen)

    def choose(self, name: str, said: str, chosen: str) -> None:
        """A key has changed a setting; back to what the settings say is nothing to remember."""
        if chosen == said:
            self.choices.pop(name, None)
        else:
            self.choices[name] = (said, chosen)


def recall(file: Path | None, faults: list[str] | None = None) -> Memory:
    """What ``file`` remembers; nothing where it is absent or cannot be read.

    One that cannot be read is moved aside, not written over: a person may want back what was in it.
    """
    if file is None:
        return Memory()
    try:
        return msgspec.json.decode(file.read_bytes(), type=Memory)
    except OSError:
        return Memory()
    except UNREADABLE as error:
        aside = file.with_name(f"{file.name}{ASIDE}")
        with contextlib.suppress(OSError):
            file.replace(aside)
        if faults is not None:
            faults.append(f"{file.name}: {error}; it is kept as {aside.name}")
        return Memory()


def keep(file: Path | None, memory: Memory) -> None:
    """Write it whole or not at all. A full disk is no reason to keep anybody from leaving."""
    if file is None:
        return
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(memory), indent=1) + b"\n")
        part.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
