"""The screen's end of the lab: one process reads, others try; none of them is the trading process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cockpit.app import farewell
from cockpit.core.config import SleeveConfig
from cockpit.core.frames import PAPER
from cockpit.tui.aside import LabSheet


class LabProcess:
    """Asks for sheets, keeps the newest, starts backtests. Never waits."""

    def __init__(
        self, data_dir: Path, lang: str, words: Sequence[str], sleeves: Sequence[SleeveConfig]
    ) -> None:
        self._data_dir = data_dir
        self._words = list(words)
        """Options that give a command the same settings as this cockpit's."""
        self._sleeves = sleeves
        self._sheet: LabSheet | None = None
        self._begun: list[tuple[subprocess.Popen[bytes], Path]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cockpit.app.labs", str(data_dir), lang],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._thread = threading.Thread(target=self._hear, name="lab", daemon=True)
        self._thread.start()

    def ask(self, wanted: tuple[str, ...]) -> None:
        """A fresh sheet, with the details of these."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(wanted) + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self._sheet = LabSheet(read=True, fault="lab.ended")

    def sheet(self) -> LabSheet | None:
        """The newest; None before the first."""
        return self._sheet

    def backtest(self, sleeve: str, tape: str) -> None:
        """Try a sleeve, as it runs here, on a tape (empty = half an hour of the practice market).

        In a process of its own, at the lowest priority. Raises OSError.
        """
        folder = self._data_dir / "lab"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        said = folder / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{len(self._begun)}.log"
        options = [*self._words, "--data-dir", str(self._data_dir)]
        task = {"options": options, "strategy": self.text(sleeve), "tape": tape, "folder": str(folder)}
        with os.fdopen(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cockpit.app.errand", msgspec.json.encode(task).decode()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self._begun.append((process, said))

    def failures(self) -> list[str]:
        """What backtests that were begun here and failed said last, each once."""
        out = []
        for process, said in list(self._begun):
            if process.poll() is None:
                continue
            self._begun.remove((process, said))
            if process.returncode:
                lines = said.read_text("utf-8", "replace").strip().splitlines()
                out.append(lines[-1] if lines else f"exit {process.returncode}")
            else:
                said.unlink(missing_ok=True)
        return out

    def text(self, sleeve: str) -> str:
        """A sleeve as ``--strategy`` takes it, with the parameters that the settings give it."""
        name, _, rest = sleeve.removeprefix(PAPER).partition("#")[0].partition("@")
        parts = rest.split("/")
        where, frames = parts[1], f"/{parts[2]}" if len(parts) > 2 else ""
        legs = set(where.split("+"))
        for row in self._sleeves:
            shortest = parts[2].partition(",")[0] if len(parts) > 2 else ""
            same_bars = not row.timeframe or not shortest or row.timeframe == shortest
            if row.strategy == name and set(row.legs) == legs and same_bars and row.params:
                given = ",".join(f"{key}={value}" for key, value in row.params.items())
                return f"{name}:{given}@{where}{frames}"
        return f"{name}@{where}{frames}"

    def close(self) -> None:
        """The screen is leaving; backtests go on."""
        farewell.part(self._process, self._thread)
        for process, _ in self._begun:
            process.returncode = process.returncode or 0  # nobody here waits for them any more

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._sheet = msgspec.json.decode(line, type=LabSheet)
        self._sheet = LabSheet(read=True, fault="lab.ended")
