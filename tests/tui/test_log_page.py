"""Page 0: the log as it is written, masked, and what the screen itself costs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cockpit.app.log_port import AT_ONCE, FIRST, LogTail
from cockpit.tui.aside import ScreenSheet
from cockpit.tui.governor import Governor
from tests.tui.conftest import Cockpit, Opened, play
from tests.tui.test_painters import LOOK, swap, text


def log(screen: Cockpit) -> str:
    return screen.panel("log")


async def open_log(screen: Cockpit) -> None:
    await screen.press("0", "o", "f")
    await screen.show()
    assert screen.app.desk.desk.focused_panel == "log"


def test_the_newest_line_stands_first_and_is_followed(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_log(screen)
        assert "stop of ETH-USDT-SWAP is missing" in log(screen).splitlines()[2]
        assert "follows" in log(screen)
        screen.logs.add("a new line")
        await screen.show()
        assert "a new line" in log(screen).splitlines()[2]
        assert "follows" in log(screen)
        await screen.press("j")
        screen.logs.add("another", "and one more")
        await screen.show()
        assert "held" in log(screen)
        view = screen.app.desk.views["log"]
        assert view.row_copy().endswith("stop of ETH-USDT-SWAP is missing: placed anew")
        await screen.press("g")
        screen.logs.add("last")
        await screen.show()
        assert view.row_copy().endswith("last")

    play(cockpit, story)


def test_only_lines_that_contain_something(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_log(screen)
        await screen.press("/")
        await screen.type("sol-usdt")
        await screen.press("enter")
        assert "171.71" in log(screen)
        assert "engine 0.1.0" not in log(screen)

    play(cockpit, story)


def test_a_log_that_cannot_be_read_says_so_and_keeps_what_was_read(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_log(screen)
        screen.logs.fault = "no such file"
        await screen.show()
        assert "no such file" in log(screen)
        assert "stop of ETH-USDT-SWAP is missing" in log(screen)

    play(cockpit, story)


def test_in_the_past_the_log_says_that_it_is_of_now(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("(", "0")
        await screen.show()
        assert "OF NOW" in log(screen)

    play(cockpit, story)


def test_nothing_is_read_while_nobody_looks(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.show()
        assert len(screen.logs.fresh) == 4

    play(cockpit, story)


def test_what_the_screen_costs_and_the_versions(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("0")
        await screen.show()
        shown = screen.panel("screen")
        for words in ("Painting", "of 8 ms", "Timer late", "71 MB", "cockpit", "0.1.0", "3.11.7"):
            assert words in shown, shown

    play(cockpit, story, size=(200, 60))


def test_a_slow_screen_is_told_by_word_and_gauge() -> None:
    sheet = ScreenSheet(paint_ms=9.0, worst_ms=31.0, late_ms=2.0, slow=True, dropped=3)
    from cockpit.tui.aside import Aside
    from tests.tui.test_painters import made, paint

    picture = paint("screen", made.frame(0), swap(LOOK, aside=Aside(screen=sheet)))
    assert picture.alarm == "SLOW"
    assert "9.0 of 8 ms  ▮▮▮▮▮▮▮▮" in text(picture)
    assert "2.0 of 30 ms  ▮▯" in text(picture)
    empty = paint("screen", made.frame(0), LOOK)
    assert "not measured yet" in text(empty)


def test_the_dearest_round_is_kept_until_it_is_told() -> None:
    governor = Governor(0.1)
    for begin, cost in ((0.0, 0.002), (0.1, 0.05), (0.2, 0.001)):
        governor.begin(begin)
        governor.end(begin + cost)
    assert governor.worst == pytest.approx(0.05)


# --- the file ---------------------------------------------------------------------------------------------


def written(folder: Path, words: str) -> None:
    with (folder / "cockpit.log").open("a", encoding="utf-8") as file:
        file.write(words)


def test_lines_come_whole_and_once(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    with pytest.raises(FileNotFoundError):
        tail.read()
    written(tmp_path, "2026-05-01T12:00:00.123Z WARNING #5 two words\nTraceback\n")
    written(tmp_path, "2026-05-01T12:00:01.000Z INFO ha")
    first, second = tail.read()
    assert (first.time, first.level, first.words) == ("12:00:00.123", "WARNING", "#5 two words")
    assert (second.time, second.words) == ("", "Traceback")
    assert tail.read() == ()
    written(tmp_path, "lf\n")
    (third,) = tail.read()
    assert (third.words, third.number) == ("half", 3)


def test_a_rotated_log_is_begun_anew(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    written(tmp_path, "2026-05-01T12:00:00.000Z INFO old\n" * 9)
    assert len(tail.read()) == 9
    os.replace(tmp_path / "cockpit.log", tmp_path / "cockpit.log.1")
    written(tmp_path, "2026-05-01T12:00:02.000Z INFO new\n")
    assert [line.words for line in tail.read()] == ["new"]


def test_of_a_large_log_only_the_end_is_read(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    line = "2026-05-01T12:00:00.000Z INFO " + "x" * 70 + "\n"
    written(tmp_path, line * (2 * FIRST // len(line)))
    found = tail.read()
    assert 0 < len(found) * len(line) <= FIRST
    assert all(one.words == "x" * 70 for one in found)
    written(tmp_path, line * (2 * AT_ONCE // len(line)))
    assert 0 < len(tail.read()) * len(line) <= AT_ONCE
    assert tail.read() == ()


@pytest.mark.parametrize(
    "secret", ["OK-ACCESS-SIGN: abc123secretvalue", "apiKey=0123456789", "https://ann:hunter2@example.org/x"]
)
def test_what_looks_like_a_secret_does_not_reach_the_screen(tmp_path: Path, secret: str) -> None:
    written(tmp_path, f"2026-05-01T12:00:00.000Z ERROR refused: {secret}\n")
    (line,) = LogTail(tmp_path).read()
    for part in ("abc123secretvalue", "0123456789", "hunter2"):
        assert part not in line.words
