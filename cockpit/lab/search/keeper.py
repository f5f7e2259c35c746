"""Keeps batches while the next ones already run: a disk's sync takes longer than many compiled backtests.

``AHEAD`` batches at most are on their way while one runs; those that wait are written together, in one sync.
What is kept has been entered in the trial ledger first:
a crash between the two leaves trials that count and are not known here, and when they are run again they
are the same trials.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from cockpit.lab.search.shared import Exchange
from cockpit.lab.search.store import Store
from cockpit.lab.search.trial import Trial

Record = Callable[[Sequence[Trial]], None]
"""The port of the trial ledger: told every batch before it is kept, so that nothing kept is uncounted."""
AHEAD = 4
"""Batches that a death of the machine can take: they are run again, and are the same trials."""


class Keeper:
    """A thread that records and stores. ``kept`` counts the trials that are durable."""

    def __init__(self, store: Store, record: Record, kept: int = 0, exchange: Exchange | None = None) -> None:
        self.store = store
        self.exchange = exchange
        self.record = record
        self.kept = kept
        self._queue: SimpleQueue[list[Trial] | None] = SimpleQueue()
        self._free = threading.Semaphore(AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def put(self, batch: list[Trial]) -> None:
        """Hand a batch over; waits while ``AHEAD`` are not durable. Raises what went wrong with one."""
        self._free.acquire()
        self._raise()
        self._queue.put(batch)

    def close(self) -> None:
        """Everything that was handed over is durable on return. Raises what went wrong."""
        self._queue.put(None)
        self._thread.join()
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _run(self) -> None:
        while batches := self._waiting():
            try:
                trials = [trial for batch in batches for trial in batch]
                self.record([trial for trial in trials if trial.twin < 0])
                self.store.append(trials)
                self.kept += len(trials)
                if self.exchange is not None:
                    self.exchange.give(trials)
            except BaseException as error:  # noqa: BLE001 - carried to the thread that searches, which raises it
                self._error = error
            self._free.release(len(batches))

    def _waiting(self) -> list[list[Trial]]:
        """Everything that waits by now, one batch at least; empty at the end."""
        found: list[list[Trial]] = []
        batch = self._queue.get()
        while batch is not None:
            found.append(batch)
            try:
                batch = self._queue.get_nowait()
            except Empty:
                return found
        if found:
            self._queue.put(None)  # the end comes after them
        return found
