"""A terminal that stops reading must never stop the trading.

The stock driver hands frames to a short queue with a blocking put, on the event loop's thread: once the
terminal stalls (a frozen ssh session, a stopped tmux), so does the loop. Here a frame that finds the queue
full is dropped, the screen owes a full repaint, and pays it when the terminal reads again. Leaving never
waits long.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO, cast

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from cockpit.tui.widgets import repaint

MOST_QUEUED = 30
"""Writes in waiting; about a second of a busy screen."""
CHUNK = 256
"""Bytes a terminal that polls as writable always takes without blocking."""
LEAVE = 0.5
"""Seconds the exit waits for the terminal to take the last words."""


class DropWriter(threading.Thread):
    """Writes text to a terminal from a thread of its own; ``write`` never blocks."""

    def __init__(
        self, file: IO[str], caught_up: Callable[[], None], gone: Callable[[], None] = lambda: None
    ) -> None:
        """``caught_up`` is called when it reads again, ``gone`` when it will never read again."""
        super().__init__(daemon=True, name="cockpit-output")
        self._file = file
        self._fd, self._own_fd = _nonblocking(file.fileno())
        self._caught_up = caught_up
        self._gone = gone
        self._queue: deque[bytes] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self.leaving = False
        self.owes = False
        self.dropped = 0

    def write(self, text: str) -> None:
        """Queue ``text``; dropped when the terminal is too far behind.

        On leaving, what restores the terminal displaces pictures nobody will see.
        """
        with self._wake:
            if len(self._queue) >= MOST_QUEUED:
                if not self.leaving:
                    self.owes = True
                    self.dropped += 1
                    return
                self._queue.clear()
            self._queue.append(text.encode("utf-8", "replace"))
            self._wake.notify()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def flush(self) -> None:
        """Nothing is buffered between the queue and the terminal."""

    def run(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._stopping:
                    self._wake.wait()
                if not self._queue:
                    return
                data = self._queue.popleft()
            alive = self._put(data)
            with self._wake:
                paid = self.owes and not self._queue and not self._stopping
                if paid:
                    self.owes = False
            if not alive:
                if not self._stopping:
                    self._gone()
                return
            if paid:
                self._caught_up()

    def _put(self, data: bytes) -> bool:
        """All of ``data``, as fast as the terminal takes it; False when the terminal is gone."""
        view = memoryview(data)
        while view:
            try:
                _, ready, _ = select.select([], [self._fd], [], 0.1)
                if ready:
                    written = os.write(self._fd, view if self._own_fd else view[:CHUNK])
                    view = view[written:]
                elif self._stopping:
                    return False
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                return False
        return True

    def stop(self) -> None:
        """Let the last words out, for half a second at most."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self.join(LEAVE)
        if not self.is_alive() and self._own_fd:
            with suppress(OSError):
                os.close(self._fd)


def _nonblocking(fd: int) -> tuple[int, bool]:
    """A descriptor of the same terminal that does not block, and whether it is our own.

    Opened anew: the flag would otherwise be shared with the shell that started us.
    """
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY), True
    except OSError:
        return fd, False


class DropDriver(LinuxDriver):
    """Textual's driver for Linux and macOS with a writer that drops frames instead of blocking."""

    _drop: DropWriter | None = None

    @property  # type: ignore[override]
    def _writer_thread(self) -> DropWriter | None:
        return self._drop

    @_writer_thread.setter
    def _writer_thread(self, stock: WriterThread | None) -> None:
        # The stock driver assigns its writer before it starts it: here ours takes its place.
        file = cast(IO[str], self._file)
        self._drop = None if stock is None else DropWriter(file, self._repaint_soon, self._leave_soon)

    @property
    def behind(self) -> bool:
        """Does the terminal still owe us reading? Painting more would be for nothing."""
        return self._drop is not None and self._drop.owes

    @property
    def dropped(self) -> int:
        """Writes given up since the start."""
        return self._drop.dropped if self._drop is not None else 0

    def stop_application_mode(self) -> None:
        if self._drop is not None:
            self._drop.leaving = True
        super().stop_application_mode()
        if farewell := getattr(self._app, "farewell", ""):
            self.write(f"{farewell}\r\n")

    def _sigcont_application(self, *args: object) -> None:
        """Awake again. After a SIGSTOP, of which no program is told before, nothing has been put away.

        The stock driver would start a second thread that reads keys beside the first: each then waits for
        what the other took, and the process never ends.
        """
        if self._key_thread is None or self._app._exit:
            return
        if not self._must_signal_resume:
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application(*args)

    def _repaint_soon(self) -> None:
        """From the writer's thread: ask for the full picture that is owed."""
        with suppress(RuntimeError):  # the loop may have ended meanwhile
            self._loop.call_soon_threadsafe(repaint, self._app)

    def _leave_soon(self) -> None:
        """From the writer's thread: a screen that nobody can ever see again ends.

        A closed terminal says so with SIGHUP, too; but who started us may have had that ignored.
        """
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._app.exit)
