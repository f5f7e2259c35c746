"""uvloop where it is installed, Python's own loop where it is not or not wanted: the same program on both."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from cockpit.app import eventloop
from tests.okx.desks import exchange
from tests.okx.machine import machine, settings, trade


async def _where() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_the_fastest_loop_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(eventloop.CHOICE, raising=False)
    pytest.importorskip("uvloop")
    assert eventloop.run(_where()) == "uvloop"
    monkeypatch.setenv(eventloop.CHOICE, "asyncio")
    assert eventloop.run(_where()) == "asyncio"
    monkeypatch.delenv(eventloop.CHOICE)
    monkeypatch.setitem(sys.modules, "uvloop", None)  # not installed
    assert eventloop.run(_where()) == "asyncio"


@pytest.mark.parametrize("choice", ["", "asyncio"])
def test_it_trades_on_either_loop(choice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets, journal, timers and a cut link, in a thread as under the screen."""
    monkeypatch.setenv(eventloop.CHOICE, choice)

    async def story() -> None:
        async with exchange() as running, machine(running, tmp_path, settings(running)) as made:
            await trade(made, 4)
            made.strike("sockets *", "abort")
            await trade(made, 4, 30)
            await made.quiet()
            made.assert_equal_books()

    failed: list[BaseException] = []

    def work() -> None:
        try:
            eventloop.run(asyncio.wait_for(story(), 90))
        except BaseException as error:  # noqa: BLE001  raised again in the test's thread
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


@pytest.mark.parametrize("choice", ["", "asyncio"])
def test_signals_reach_either_loop(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGUSR1 is the kill switch of a daemon, so both loops must hear it."""
    monkeypatch.setenv(eventloop.CHOICE, choice)

    async def heard() -> Any:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[str] = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, told.set_result, "halt")
        os.kill(os.getpid(), signal.SIGUSR1)
        return await asyncio.wait_for(told, 5)

    assert eventloop.run(heard()) == "halt"
