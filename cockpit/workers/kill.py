"""The kill flag: a plain attribute that any thread or signal handler may set without the event loop.

The execution worker reads it as the last instruction before bytes leave. The halt command that follows
through the inbox makes it durable; only the engine's ``resume`` clears it.
"""

from __future__ import annotations


class KillFlag:
    """``on`` forbids every order that could increase exposure, at once and for every sender."""

    __slots__ = ("on",)

    def __init__(self, on: bool = False) -> None:
        self.on = on
