"""Screen 7: what runs with its progress, curves, numbers with what they are worth, two runs side by side."""

from __future__ import annotations

import pytest

from cockpit.tui.aside import LabSheet
from cockpit.tui.braille import Curve, lines
from cockpit.tui.cells import plain, row_width
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.panels.curve import fallen
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play


async def open_page(screen: Cockpit, *keys: str) -> None:
    await screen.press("7")
    await screen.show()
    for key in keys:
        await screen.press(key)
        await screen.show()
    await screen.show()


def test_runs_are_listed_and_the_one_under_the_cursor_is_drawn(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        table = screen.panel("runs")
        for word in ("95 s", "1.31 ±0.52", "study", "FAILED", "no tape at"):
            assert word in table, word
        await screen.press("j")
        await screen.show()
        assert screen.labs.asked[-1] == ("run:r2",)
        assert "1.31 ± 0.52" in screen.panel("numbers")
        assert "fewer than 30" in screen.panel("numbers")
        assert "⣀" in screen.panel("curve") or "⠉" in screen.panel("curve")
        await screen.press("j")
        await screen.show()
        assert "ema_fast across" in screen.panel("curve")
        assert "41%" in screen.panel("numbers")
        assert "8..14" in screen.panel("numbers")

    play(cockpit, story, size=(140, 44))


def test_two_runs_stand_side_by_side(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen, "j", "m", "j", "j")
        assert screen.labs.asked[-1] == ("run:r1", "run:r2")
        numbers = screen.panel("numbers")
        row = next(line for line in numbers.splitlines() if "Sharpe" in line)
        assert row.index("0.44") < row.index("1.31")
        assert "both from 100" in screen.panel("curve")
        await screen.press("k", "k", "m")
        await screen.show()
        assert screen.app.aside.lab.marked == ""

    play(cockpit, story, size=(140, 44))


def test_one_key_tries_a_strategy_of_page_5(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("5")
        await screen.show()
        sleeve = screen.app.look().sleeve
        await screen.press("b", "1")
        await screen.pilot.pause()
        assert screen.labs.begun == [(sleeve, "/tapes/btc.tape")]
        assert any("page 7" in words for words in screen.toasts)
        assert screen.link.sent == []  # the engine hears nothing of it
        await screen.press("b", "escape")
        await screen.press("b", "3")
        await screen.type("my.tape")
        await screen.press("enter")
        assert screen.labs.begun[-1] == (sleeve, "my.tape")
        screen.labs.failed.append("no tape at my.tape")
        await screen.show()
        assert any("no tape at my.tape" in words for words in screen.toasts)

    play(cockpit, story)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (LabSheet(), "reading"),
        (LabSheet(read=True), "press b"),
        (LabSheet(read=True, fault="lab.ended"), "ended"),
    ],
)
def test_an_empty_lab_says_what_it_is(cockpit: Opened, sheet: LabSheet, words: str) -> None:
    async def story(screen: Cockpit) -> None:
        screen.labs.now = sheet
        await open_page(screen, "m")
        assert words in screen.panel("runs")

    play(cockpit, story)


def test_curves_are_drawn_in_their_cells() -> None:
    rising = [float(n) for n in range(50)]
    rows = lines([Curve(rising, "accent"), Curve([float("nan")] * 3, "faint")], 20, 5, UNICODE)
    assert [row_width(row) for row in rows] == [20] * 5
    first = [len(plain(row)) - len(plain(row).lstrip(" \u2800")) for row in rows]
    assert first == sorted(first, reverse=True)
    assert set("".join(map(plain, lines([Curve(rising, "x")], 8, 3, ASCII)))) <= {" ", "*"}
    assert lines([Curve([], "x")], 4, 2, UNICODE) == [((" " * 4, ""),)] * 2
    dashed = lines([Curve(rising, "x", dashed=True)], 20, 5, UNICODE)
    assert "".join(map(plain, dashed)).count(" ") - "".join(map(plain, rows)).count(" ") > 0
    assert fallen([100.0, 110.0, 99.0, 120.0]) == pytest.approx([0.0, 0.0, -0.1, 0.0])
    assert made.lab().rows[0].kind == "going"
