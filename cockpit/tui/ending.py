"""A screen that is told to end from outside (SIGTERM) gives the terminal back as it found it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


def obey(app: CockpitApp) -> None:
    """Leave as with ``q``, without a question. Call on the screen's loop, in the main thread."""
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave, app)


def leave(app: CockpitApp) -> None:
    """With the words that fit what the closing does to the trading."""
    stops = app.link.closing_stops_engine
    app.say_goodbye("quit.replay" if app.past.only else "quit.stopped" if stops else "quit.detached")
