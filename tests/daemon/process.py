"""A cockpit daemon as a user has one: its own process, a data directory, a door."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.core.errors import CockpitError

PATIENCE_S = 90.0


class Daemon:
    """Start, ask, kill."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Daemon:
        """Returns when its door answers."""
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "cockpit", "--daemon", "--json", "--data-dir", str(self.folder),
                *self.options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )  # fmt: skip
        self.wait(lambda: self.status()["pid"] == self.pid)
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def ask(self, verb: str, args: dict[str, str] | None = None, *, drive: bool = False) -> Any:
        """One command over the door."""
        with SyncDoor(door_path(self.folder), wants_drive=drive) as door:
            return door.ask(verb, args or {})

    def status(self) -> dict[str, Any]:
        payload = self.ask("status").payload
        assert payload is not None
        return dict(payload)

    def wait(self, condition: Any, seconds: float = PATIENCE_S) -> None:
        """Poll until ``condition`` holds; fails with what the process said."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(CockpitError, OSError, KeyError, ValueError):
                if condition():
                    return
            assert self.process is not None
            if self.process.poll() is not None:
                out, err = self.process.communicate()
                raise AssertionError(f"the daemon ended with {self.process.returncode}: {err} {out}")
            time.sleep(0.02)
        raise AssertionError(f"the daemon did not get there in time: {self.last_word()}")

    def last_word(self) -> str:
        """What it says of itself, for whoever reads the failure."""
        try:
            return json.dumps(self.status())
        except (CockpitError, OSError) as error:
            return str(error)

    def kill9(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def ended(self) -> int:
        """Wait for it to end by itself; the exit code."""
        assert self.process is not None
        self.process.communicate(timeout=PATIENCE_S)
        return int(self.process.returncode)

    def stop(self) -> dict[str, Any]:
        """SIGTERM; returns the summary that it prints."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, err
        return dict(json.loads(out.strip().splitlines()[-1]))

    def __enter__(self) -> Daemon:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
