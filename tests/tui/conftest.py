"""A cockpit on a fixed frame, with a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.core.frames import Frame
from cockpit.tui.app import CockpitApp
from cockpit.tui.asides import Openers
from cockpit.tui.link import FixedLink
from cockpit.tui.settings import TuiSettings
from tests.tui import frames_for_tests as made


class Cockpit:
    """The app under test, its link and its clock."""

    def __init__(self, link: FixedLink, settings: TuiSettings) -> None:
        self.now = 1000.0
        self.link = link
        self.pasts = made.Pasts()
        self.labs = made.Labs()
        self.logs = made.Logs()
        openers = Openers(lambda: self.pasts, lambda: self.labs, log=lambda: self.logs, facts=made.facts)
        self.app = CockpitApp(link, settings, clock=lambda: self.now, openers=openers)
        self.pilot: Pilot[str]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, words: str) -> None:
        """Write into the input that has the focus, faster than key by key."""
        field = self.app.focused
        assert isinstance(field, Input)
        field.insert_text_at_cursor(words)
        await self.pilot.pause()

    async def press_at(self, key: str, at: float) -> None:
        """A key that was pressed at a given time, however late it is handled."""
        self.now = at
        event = events.Key(key, None)
        event.time = at
        self.app.post_message(event)
        await self.pilot.pause()

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.app.tick()
        self.app.paint_bars()
        await self.pilot.pause()

    async def show(self, frame: Frame | None = None, **changes: object) -> None:
        """Let the engine send another picture."""
        before = frame or self.link.frame
        assert before is not None
        self.link.frame = msgspec.structs.replace(before, seq=before.seq + 1, **changes)
        self.now += 1.1  # by now every panel is due
        self.app.tick()
        self.app.paint_bars()
        await self.pilot.pause()

    @property
    def status(self) -> str:
        return self.app.desk.status.row_text(0)

    @property
    def alarms(self) -> str:
        alarms = self.app.desk.alarms
        return "\n".join(alarms.row_text(y) for y in range(4)).strip() if alarms.display else ""

    @property
    def toasts(self) -> list[str]:
        return [note.message for note in self.app._notifications]

    def panel(self, name: str) -> str:
        view = self.app.desk.views[name]
        return "\n".join(view.row_text(y) for y in range(view.size.height))


Opened = Callable[..., AbstractAsyncContextManager[Cockpit]]


def play(opened: Opened, story: Callable[[Cockpit], Awaitable[None]], **how: object) -> None:
    async def run() -> None:
        async with opened(**how) as screen:
            await story(screen)

    asyncio.run(run())


@pytest.fixture
def cockpit(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """``async with cockpit(size=…, frame=…, driver=…) as screen``."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 40),
        frame: Frame | None = None,
        driver: bool = True,
        closing_stops_engine: bool = True,
        **settings: object,
    ) -> AsyncIterator[Cockpit]:
        link = made.link(frame, driver=driver, closing_stops_engine=closing_stops_engine)
        screen = Cockpit(link, TuiSettings(**settings))  # type: ignore[arg-type]
        async with screen.app.run_test(size=size) as pilot:
            screen.pilot = pilot
            await pilot.pause()
            yield screen

    return opened
