"""The screen's end of a replay process: started at the first look back, ended with the screen."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from cockpit.app import farewell
from cockpit.app.past import words
from cockpit.core.config import Config
from cockpit.core.frames import Frame
from cockpit.tui.aside import PastSheet


class PastProcess:
    """Sends wishes, keeps the newest picture. Never waits."""

    def __init__(self, journal: Path, config: Config) -> None:
        self._sheet = PastSheet()
        self._frame: Frame | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cockpit.app.past.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._write(words.Begin(str(journal), config))
        self._thread = threading.Thread(target=self._hear, name="past", daemon=True)
        self._thread.start()

    def go(self, *, ts: int = 0, seq: int = 0, by: int = 0, ms: int = 0) -> None:
        """Ask for a moment; the newest wish counts."""
        self._write(words.Go(ts, seq, by, ms))

    def sheet(self) -> PastSheet:
        """Where it stands."""
        return self._sheet

    def frame(self) -> Frame | None:
        """The newest picture; None before the first."""
        return self._frame

    def close(self) -> None:
        """End the process."""
        farewell.part(self._process, self._thread)

    def _write(self, message: words.Begin | words.Go) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(message) + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self._sheet = msgspec.structs.replace(self._sheet, fault="past.ended", progress=0.0)

    def _hear(self) -> None:
        assert self._process.stdout is not None
        while (message := words.hear(self._process.stdout)) is not None:
            before = self._sheet
            if isinstance(message, words.Shown):
                self._frame = message.frame
                self._sheet = PastSheet(
                    True, message.frame.ts, message.frame.seq, message.first_ts, message.last_ts
                )
            elif isinstance(message, words.Progress):
                share = message.done / max(1, message.of)
                self._sheet = msgspec.structs.replace(before, progress=min(0.99, share), fault="")
            else:
                self._sheet = msgspec.structs.replace(before, fault=message.words, progress=0.0)
        if not self._sheet.fault:
            self._sheet = msgspec.structs.replace(self._sheet, fault="past.ended", progress=0.0)
