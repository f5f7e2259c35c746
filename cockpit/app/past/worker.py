"""The process behind a screen that looks at the past: reads the journal in pieces, folds, sends pictures.

It runs at the lowest priority, and where the journal is being written it asks for it piece by piece: trading
never waits for it.
"""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import msgspec

from cockpit.app import priority
from cockpit.app.discover import discover
from cockpit.app.past import words
from cockpit.app.past.past import Past
from cockpit.app.past.source import Source, opened
from cockpit.core.errors import CockpitError
from cockpit.core.frames import Frame

SAID_EVERY = 10_000
"""Facts between two words about progress."""


class Superseded(Exception):
    """Somebody wants another moment before this one was reached."""


class Orders:
    """What the screen wants next. A moment by name replaces all before it; steps from there add up."""

    def __init__(self) -> None:
        self._pending: list[words.Go] = []
        self._came = threading.Condition()
        self._over = False

    def listen(self) -> None:
        """Until the screen is gone. Runs in a thread, because reading waits."""
        for line in sys.stdin.buffer:
            self.put(msgspec.json.decode(line, type=words.Go))
        with self._came:
            self._over = True
            self._came.notify()

    def put(self, go: words.Go) -> None:
        """Another wish."""
        with self._came:
            if not go.relative:
                self._pending = []
            last = self._pending[-1] if self._pending else None
            if last is not None and last.relative and bool(last.by) == bool(go.by):
                self._pending.pop()
                go = words.Go(by=last.by + go.by, ms=last.ms + go.ms)
            self._pending.append(go)
            self._came.notify()

    def take(self) -> words.Go | None:
        """The next, once there is one; None when there will be none."""
        with self._came:
            self._came.wait_for(lambda: self._pending or self._over)
            return self._pending.pop(0) if self._pending else None

    @property
    def waiting(self) -> bool:
        """Is another moment wanted instead, or nothing any more?"""
        return self._over or any(not go.relative for go in self._pending)


def main() -> int:
    """Serve one screen until it closes its end."""
    priority.step_back()
    begin = msgspec.json.decode(sys.stdin.buffer.readline(), type=words.Begin)
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # a plug-in that prints must not speak to the screen
    orders = Orders()
    threading.Thread(target=orders.listen, name="orders", daemon=True).start()
    said = 0

    def told(done: int, of: int) -> None:
        nonlocal said
        if orders.waiting:
            raise Superseded
        if abs(done - said) >= SAID_EVERY:
            said = done
            words.say(out, words.Progress(done, max(done, of)))

    with ExitStack() as stack:
        try:
            discover(begin.config.run.plugins_dir)
            journal = Path(begin.journal)
            past = Past(Source(opened(journal, stack)), journal.parent, begin.config, told)
        except CockpitError as error:
            words.say(out, words.Trouble(str(error)))
            return 1
        while (go := orders.take()) is not None:
            try:
                if go.by:
                    frame = past.step(go.by)
                else:
                    frame = past.at(ts=max(1, past.now + go.ms) if go.ms else go.ts, seq=go.seq)
            except Superseded:
                continue
            except CockpitError as error:
                words.say(out, words.Trouble(str(error)))
                continue
            words.say(out, shown(past, frame))
    return 0


def shown(past: Past, frame: Frame) -> words.Shown:
    """A picture with the ends of its journal."""
    span = past.span
    return words.Shown(frame, int(span["first_ts"]), int(span["last_ts"]), int(span["last_seq"]))


if __name__ == "__main__":
    sys.exit(main())
