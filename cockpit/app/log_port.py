"""``cockpit.log`` for a screen: the last lines, then what is added; what looks like a secret is masked."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.app.keeping.scrub import scrub
from cockpit.tui.aside import LogLine

FIRST = 256_000
"""Bytes from the end that are read to begin with."""
AT_ONCE = 256_000
"""Bytes read in one turn: a log that grows faster is followed with a gap that is said, not with a stall."""
LEVELS = frozenset(("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))


class LogTail:
    """Remembers how far it has read; a log that was rotated is begun anew."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cockpit.log"
        self._inode = 0
        self._at = -1
        self._rest = b""
        self._count = 0

    def read(self) -> tuple[LogLine, ...]:
        """Lines added since the last call, the oldest first. Raises OSError when there is none to read."""
        with self.path.open("rb") as file:
            state = os.fstat(file.fileno())
            if self._at < 0 or state.st_ino != self._inode or state.st_size < self._at:
                self._inode, self._rest = state.st_ino, b""
                self._at = max(0, state.st_size - FIRST)
                cut = self._at > 0
            else:
                cut = state.st_size - self._at > AT_ONCE
                if cut:
                    self._at, self._rest = state.st_size - AT_ONCE, b""
            file.seek(self._at)
            raw = file.read(AT_ONCE)
        self._at += len(raw)
        whole, newline, self._rest = (self._rest + raw).rpartition(b"\n")
        if not newline:
            return ()
        lines = whole.decode("utf-8", "replace").split("\n")
        return tuple(self._line(line) for line in (lines[1:] if cut else lines))

    def size(self) -> int:
        """Bytes read so far, of the file as it is now."""
        return max(0, self._at)

    def _line(self, text: str) -> LogLine:
        """``2026-05-01T12:00:00.123Z INFO words``; a line of another form is words alone."""
        self._count += 1
        text = scrub(text)
        stamp, _, rest = text.partition(" ")
        level, _, words = rest.partition(" ")
        if level in LEVELS and "T" in stamp:
            return LogLine(self._count, stamp.partition("T")[2].rstrip("Z"), level, words)
        return LogLine(self._count, "", "", text)
