"""Screens as a person has them: in tmux, with real keys; or on a pseudo-terminal, to be killed and frozen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PATIENCE_S = 90.0
COCKPIT = (sys.executable, "-m", "cockpit")
HAS_TMUX = shutil.which("tmux") is not None


TERMINAL = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "PYTHONFAULTHANDLER": "1",
}


class Tmux:
    """A shell in a tmux of its own, whose server knows no settings and no other session."""

    def __init__(self, folder: Path, width: int = 120, height: int = 40) -> None:
        # A socket's path has 107 letters at most, and the folder of a test may need most of them.
        self._sockets = tempfile.TemporaryDirectory(prefix="tmux-")
        self.socket = "cockpit"
        env = {
            **os.environ,
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PS1": "$ ",
            "TMUX_TMPDIR": self._sockets.name,
        }
        for name in ("TMUX", "COLUMNS", "LINES"):  # the size is tmux's to say
            env.pop(name, None)
        self.env = env
        size = ("-x", str(width), "-y", str(height))
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), "sh")

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return done.stdout

    @property
    def words(self) -> str:
        """What stands on the screen now."""
        return self._tmux("capture-pane", "-p")

    def type(self, words: str) -> None:
        """Letter by letter, as they are."""
        self._tmux("send-keys", "-l", words)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names."""
        for key in keys:
            self._tmux("send-keys", key)

    def wait(self, seen: Callable[[str], object], again: Callable[[], None] | None = None) -> str:
        """Until the screen shows it. ``again`` is done every three seconds: a slow machine may miss a key."""
        end, due = time.monotonic() + PATIENCE_S, time.monotonic() + 3.0
        while time.monotonic() < end:
            words = self.words
            if seen(words):
                return words
            if again is not None and time.monotonic() > due:
                again()
                due = time.monotonic() + 3.0
            time.sleep(0.1)
        raise AssertionError(f"this never came:\n{self.words}")

    def for_words(self, *wanted: str) -> str:
        return self.wait(lambda words: all(one in words for one in wanted))

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")
        self._sockets.cleanup()


class Screen:
    """``cockpit attach`` on a pseudo-terminal that somebody reads."""

    def __init__(self, command: Sequence[str], folder: Path, width: int = 120, height: int = 40) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, **TERMINAL},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(self.master, 1 << 16):
                self.seen = (self.seen + chunk)[-200_000:]

    def until(self, words: bytes) -> None:
        """Until ``words`` have been painted."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.seen:
            assert self.process.poll() is None, self.seen[-500:]
            assert time.monotonic() < end, self.seen[-500:]
            time.sleep(0.02)

    def send(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)

    def stop(self, sign: signal.Signals) -> None:
        """Send it to sleep, and see that it sleeps: a program that catches the signal takes its time."""
        self.send(sign)
        end = time.monotonic() + PATIENCE_S
        state = ("ps", "-o", "state=", "-p", str(self.process.pid))
        while not subprocess.run(state, capture_output=True, text=True).stdout.strip().startswith("T"):
            assert time.monotonic() < end, "it was not stopped"
            time.sleep(0.02)
        time.sleep(0.2)

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def hang_up(self) -> None:
        """The terminal is closed, and nobody sends SIGHUP."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, self.master)
        os.close(nowhere)

    def ended(self) -> None:
        """It is over, one way or another."""
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGABRT)  # it says where it hangs
            self._reader.join(5.0)
            raise AssertionError(f"the screen did not end: {self.seen[-6_000:].decode()}") from None

    def read_out(self) -> None:
        """What it said at the very end has been read, too."""
        self._reader.join(5.0)

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
