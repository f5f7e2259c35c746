"""The first five minutes: each step ends when the thing has happened, in the engine or under the focus."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cockpit.core.frames import DecisionRow, Frame
from cockpit.tui import guide
from cockpit.tui.cells import plain, row_width, wrapped
from cockpit.tui.keymap import Keymap
from cockpit.tui.memory import Memory, recall
from cockpit.tui.picture import Look
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play


def strip(screen: Cockpit) -> str:
    shown = screen.app.desk.guide
    return "\n".join(shown.row_text(y) for y in range(guide.ROWS)) if shown.display else ""


def approved(frame: Frame, refused: str = "") -> Frame:
    assert frame.hotlist is not None
    row = DecisionRow(frame.ts + 900, "approve", made.SOL, "screen", 0.81, "", refused, {}, False)
    hotlist = msgspec.structs.replace(frame.hotlist, log=(row, *frame.hotlist.log))
    return msgspec.structs.replace(frame, hotlist=hotlist)


async def read(screen: Cockpit) -> None:
    """The praise stands long enough to be read, then the next step comes."""
    await screen.pass_time(guide.READ_S + 0.1)
    await screen.pass_time(0.3)


def test_the_whole_way_and_never_again(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def story(screen: Cockpit) -> None:
        frame = screen.link.frame
        assert frame is not None
        await screen.show()
        assert "1/5" in strip(screen)
        assert "Press 3" in strip(screen)
        await screen.press("3")
        await screen.show()
        assert "press a" in strip(screen)
        await screen.press("a")  # the key alone is not the deed
        await screen.show(approved(frame, "hotlist.moved"))
        assert "press a" in strip(screen)
        await screen.show(approved(frame))
        assert "SOL-USDT-SWAP is on your whitelist" in strip(screen)
        await read(screen)
        assert "2/5" in strip(screen)
        await screen.press("4", "tab")
        await screen.show()
        assert "cockpit why SOL-USDT-SWAP" in " ".join(strip(screen).split())
        await read(screen)
        await screen.press("2", "tab")
        await screen.show()
        assert "BTC-USDT-SWAP: a stop rests at the venue at 64,213.5" in strip(screen)
        await read(screen)
        assert "Press ^g twice" in strip(screen)
        await screen.show(halt=made.halted("cancelling"))
        assert "wait for the banner" in strip(screen)
        await screen.show(halt=made.halted("confirmed"))
        assert "Halted and read back" in strip(screen)
        await read(screen)
        assert "5/5" in strip(screen)
        await screen.show(halt=None)
        assert "That was all" in strip(screen)
        await read(screen)
        assert strip(screen) == ""
        assert recall(file).guide == "done"

    play(cockpit, story, guide=True, memory_file=file)

    async def later(screen: Cockpit) -> None:
        await screen.show()
        assert strip(screen) == ""
        await screen.press(":", *"guide", "enter")
        await screen.show()
        assert "1/5" in strip(screen)

    play(cockpit, later, guide=True, memory_file=file)


def test_escape_leaves_it_for_good(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def story(screen: Cockpit) -> None:
        await screen.show()
        assert strip(screen)
        await screen.press("z", "escape")
        assert strip(screen), "the first Escape leaves the zoom"
        await screen.press("escape")
        assert strip(screen) == ""
        assert recall(file).guide == "skipped"

    play(cockpit, story, guide=True, memory_file=file)


@pytest.mark.parametrize("mode", ["REPLAY", "PAPER", "DEMO", "LIVE"])
def test_it_is_for_the_practice_market_alone(cockpit: Opened, mode: str) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.show()
        assert strip(screen) == ""
        await screen.press(":", *"guide", "enter")
        await screen.show()
        assert strip(screen) == ""
        assert any("practice market" in toast for toast in screen.toasts)

    play(cockpit, story, frame=made.frame(300, mode=mode), guide=True)


def test_who_only_watches_is_not_taught_to_drive(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.show()
        assert strip(screen) == ""

    play(cockpit, story, guide=True, driver=False)


def test_it_takes_rows_of_its_own_and_none_where_there_are_none_to_give(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        before = screen.app.desk.desk.size.height
        await screen.press(":", *"guide", "enter")
        await screen.show()
        shown = screen.app.desk.guide
        assert bool(strip(screen)) is (screen.app.size.height >= guide.LEAST_HEIGHT)
        taken = guide.ROWS if strip(screen) else 0
        assert screen.app.desk.desk.size.height == before - taken
        assert not taken or shown.region.y >= screen.app.desk.desk.region.bottom

    for size in ((80, 24), (80, 15)):
        play(cockpit, story, size=size)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_word_fits_into_eighty_cells(lang: str) -> None:
    """A sentence that is cut says something else."""
    frame, look, keys = made.frame(300), Look(width=80, height=3, lang=lang), Keymap()
    numbers = {
        "symbol": "BTC-USDT-SWAP",
        "price": "64,213.50",
        "cash": "-1,204.50",
        "orders": "12",
        "positions": "12",
        "key": "^p",
        "up": "up",
        "down": "down",
        "undo": "u",
        "help": "f1",
        "palette": ":",
        "panel": look.say("panel.ladder"),
    }
    asked = ("approve.go", "approve.wait", "approve.do", "why.go", "ladder.go", "ladder.wait")
    asked += ("halt.do", "halt.wait", "resume.do", "panel", *(f"{step.name}.done" for step in guide.STEPS))
    for message in asked:
        lines = wrapped(f"● {look.say(f'guide.{message}', **numbers)}", 78)
        assert len(lines) <= guide.ROWS - 1, message
    for at in range(len(guide.STEPS)):
        rows = guide.Guide(at).rows(guide.Sight("desk", "book"), frame, keys, look)
        assert [row_width(row) for row in rows] == [80] * guide.ROWS
        assert look.say("guide.leave", key="esc") in plain(rows[0])


def test_hidden_money_stays_hidden() -> None:
    frame = made.frame(300)
    shown = guide.Guide(2)
    shown.look(guide.Sight("orders", "ladder"), frame, 0.0)
    rows = shown.rows(guide.Sight("orders", "ladder"), frame, Keymap(), Look(80, 3, private=True))
    assert "-120" not in "".join(plain(row) for row in rows)


def test_the_screen_comes_back_as_it_was_left(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def story(screen: Cockpit) -> None:
        await screen.press("2", "tab", "}", "p", "T", "]")
        screen.app.remember()

    play(cockpit, story, memory_file=file)

    async def later(screen: Cockpit) -> None:
        assert screen.app.desk.desk.page.name == "orders"
        assert screen.app.focused is screen.app.desk.views["ladder"]
        assert screen.app.symbol == made.ETH
        assert screen.app.private
        assert screen.app.settings.scheme == "red_up"
        await screen.press("1")
        assert screen.app.desk.desk.focused_panel == "book"

    play(cockpit, later, memory_file=file)

    async def newer(screen: Cockpit) -> None:
        """The settings file was edited since: it is the newer word."""
        assert screen.app.settings.scheme == "mono"

    play(cockpit, newer, memory_file=file, scheme="mono")


@pytest.mark.parametrize(
    "kept", ["", "{", '{"page": 7}', '{"page": "gone", "focus": {"desk": "gone"}, "step": 99}']
)
def test_a_memory_that_makes_no_sense_harms_nobody(cockpit: Opened, tmp_path: Path, kept: str) -> None:
    file = tmp_path / "screen.json"
    file.write_text(kept)

    async def story(screen: Cockpit) -> None:
        assert screen.app.desk.desk.page.name == "desk"
        assert screen.app.desk.desk.focused_panel == "book"
        assert 1 <= screen.app.step <= 4

    play(cockpit, story, memory_file=file)


def test_a_place_that_cannot_be_written_keeps_nobody(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "absent" / "screen.json"

    async def story(screen: Cockpit) -> None:
        screen.app.remember()
        assert not file.exists()

    play(cockpit, story, memory_file=file)
    assert recall(file) == Memory()
