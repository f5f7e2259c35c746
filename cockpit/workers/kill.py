"""The kill flag: a plain attribute that any thread or signal handler may set without the event loop.

The execution worker reads it as the last instruction before bytes leave. The halt command that follows
through the inbox makes it durable; only a ``resume`` that the engine obeyed clears it, and only if nobody
has pressed again since the last halt that the engine has heard of.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class KillFlag:
    """``on`` forbids every order that could increase exposure, at once and for every sender."""

    __slots__ = ("_beaten", "_heard", "_now", "_on", "_presses", "at", "fresh_s")

    def __init__(self, on: bool = False, now: Callable[[], int] = lambda: 0) -> None:
        self._now = now
        self.at = 0
        """When it closed (UTC ms); 0 = open, or closed since the start."""
        self.fresh_s = 0.0
        """Closed by itself when the watchdog has not looked for so long (s); 0 = never. A process that was
        frozen must see the halt file before it sends anything."""
        self._beaten = 0.0
        self._on = on
        self._presses = 0
        self._heard = 0

    @property
    def on(self) -> bool:
        return self._on or (self.fresh_s > 0 and time.monotonic() - self._beaten > self.fresh_s)

    @on.setter
    def on(self, pressed: bool) -> None:
        if pressed:
            self._presses += 1
            if not self._on:
                self.at = self._now()
        self._on = pressed

    @property
    def pressed(self) -> bool:
        """Closed by somebody, not only because the watchdog is late."""
        return self._on

    def beat(self) -> None:
        """The watchdog has just looked at everything that could close it."""
        if self.fresh_s:
            self._beaten = time.monotonic()

    def heard(self) -> None:
        """The engine has obeyed a halt: from now on it remembers by itself."""
        self._heard = self._presses
        self._on = True

    def lift(self) -> None:
        """The engine has obeyed a resume. A press that it has not heard of yet outlives that."""
        if self._presses == self._heard:
            self._on = False
            self.at = 0
