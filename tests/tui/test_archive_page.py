"""Page 0 shows what is recorded, finds the holes, and asks for them only after a yes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from cockpit.adapters import practice
from cockpit.adapters.archive.archive import Archive
from cockpit.app.archive_port import ArchiveProcess
from cockpit.tui.app import CockpitApp
from cockpit.tui.aside import ArchiveRow
from cockpit.tui.asides import Openers
from cockpit.tui.link import FixedLink
from cockpit.tui.settings import TuiSettings
from tests.tui import frames_for_tests as made

MINUTE = 60_000
WHOLE = ArchiveRow("okx:BTC-USDT-SWAP", "bars", MINUTE, 1_440, made.T0 - 86_400_000, made.T0, 1.0)


class Told:
    """A port that is told what becomes of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.closed = 0
        self.answer: tuple[tuple[ArchiveRow, ...], str] | None = None

    def begin(self, verb: str) -> None:
        self.begun.append(verb)

    def done(self) -> tuple[tuple[ArchiveRow, ...], str] | None:
        found, self.answer = self.answer, None
        return found

    def close(self) -> None:
        self.closed += 1


def test_status_check_and_repair_from_the_screen() -> None:
    port, now = Told(), [1000.0]

    async def story() -> None:
        link = FixedLink(made.frame(300))
        app = CockpitApp(link, TuiSettings(), clock=lambda: now[0], openers=Openers(archive=lambda: port))

        def words() -> str:
            view = app.desk.views["archive"]
            return "\n".join(view.row_text(y) for y in range(view.size.height))

        async with app.run_test(size=(120, 40)) as pilot:

            async def later() -> None:
                now[0] += 2.0
                app.tick()
                app.paint_bars()
                await pilot.pause()

            await pilot.press("0")
            await later()
            assert port.begun == ["status"]
            assert "reading the index" in words()
            port.answer = ((WHOLE,), "")
            await later()
            await later()
            assert "okx:BTC-USDT-SWAP" in words()
            assert "c finds holes" in words()
            await pilot.press("tab", "tab", "tab", "tab", "tab", "c")
            assert port.begun[-1] == "check"
            await pilot.press("c")
            assert port.begun == ["status", "check"], "one at a time"
            holed = ArchiveRow(
                WHOLE.symbol, "bars", MINUTE, 1_400, WHOLE.first, WHOLE.last, 0.9722, gaps=2, missing=40
            )
            port.answer = ((holed,), "")
            await later()
            await later()
            assert "97.22%" in words()
            assert "holes or bad rows: 2" in words()
            await pilot.press("R")
            assert port.begun[-1] == "check", "nothing is asked for before the yes"
            await pilot.press("enter")
            assert port.begun[-1] == "repair"
            port.answer = ((), "okx: cannot be reached")
            await later()
            await later()
            assert "97.22%" in words(), "what was known stays"
        assert port.closed

    asyncio.run(story())


def test_an_archive_that_is_not_there_says_how_to_get_one() -> None:
    async def story() -> None:
        app = CockpitApp(FixedLink(made.frame(300)), TuiSettings(), clock=lambda: 1000.0)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("0", "tab", "tab", "tab", "tab", "tab")
            app.tick()
            await pilot.pause()
            view = app.desk.views["archive"]
            shown = "\n".join(view.row_text(y) for y in range(view.size.height))
            assert "no archive behind this screen" in shown

    asyncio.run(story())


@pytest.mark.parametrize("verb", ["status", "check"])
def test_the_process_behind_it_reads_a_real_archive(tmp_path: Path, verb: str) -> None:
    spec = practice.PracticeSpec(seed=3)
    symbol = "practice:BTC-USDT-SWAP"
    bars = [bar for at, bar in enumerate(practice.history(spec, symbol, MINUTE, 120)) if not 40 < at < 51]
    with Archive(tmp_path / "archive", write=True) as archive:
        archive.define([practice.instruments(spec)[symbol]])
        archive.put(bars)
    port = ArchiveProcess(tmp_path, [])
    port.begin(verb)
    end = time.monotonic() + 90
    found = None
    while found is None and time.monotonic() < end:
        found = port.done()
        time.sleep(0.05)
    port.close()
    assert found is not None
    rows, fault = found
    assert fault == ""
    assert [(row.symbol, row.kind, row.rows) for row in rows] == [(symbol, "bars", 110)]
    assert rows[0].gaps == (1 if verb == "check" else None)
    assert rows[0].coverage == pytest.approx(110 / 120)


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    port = ArchiveProcess(tmp_path / "nowhere", [])
    port.begin("status")
    assert port.done() == ((), ""), "nothing recorded is not a fault"
    port.begin("check")
    end = time.monotonic() + 90
    found = None
    while found is None and time.monotonic() < end:
        found = port.done()
        time.sleep(0.05)
    assert found is not None
    assert found[0] == ()
    assert "there is no archive" in found[1]
