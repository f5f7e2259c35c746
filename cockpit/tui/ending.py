"""A screen that is told to end from outside (SIGTERM) gives the terminal back as it found it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


def obey(app: CockpitApp) -> Callable[[], None]:
    """Leave as with ``q``, without a question. Call on the screen's loop, in the main thread.

    Not through the loop's own handlers: while it has one, every signal wakes it, and each order sends one
    (``courtesy``). Returns what makes the signal mean again what it meant before.
    """
    loop = asyncio.get_running_loop()
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(leave, app))
    except ValueError:
        return lambda: None

    def undo() -> None:
        signal.signal(signal.SIGTERM, before)

    return undo


def leave(app: CockpitApp) -> None:
    """With the words that fit what the closing does to the trading."""
    stops = app.link.closing_stops_engine
    app.say_goodbye("quit.replay" if app.past.only else "quit.stopped" if stops else "quit.detached")
