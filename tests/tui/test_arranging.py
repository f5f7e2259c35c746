"""Panels moved by keys, remembered by size class, saved under a name, loaded, reset; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import ConfigError
from cockpit.tui import layouts
from cockpit.tui.memory import Memory, keep, recall
from tests.tui.conftest import Cockpit, Opened, play

LINES = ("2 = 1 chart", "1 = 1 positions | 1 book")


def places(screen: Cockpit) -> dict[str, object]:
    return dict(screen.app.desk.desk.places)


def test_a_panel_moves_grows_hides_and_it_is_undone(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("w")
        assert "ARRANGE" in screen.app.desk.keys.row_text(0)
        begun = places(screen)
        await screen.press("right")
        assert places(screen)["book"].x > places(screen)["chart"].x  # type: ignore[attr-defined]
        wide = places(screen)["book"].width  # type: ignore[attr-defined]
        await screen.press(">")
        assert places(screen)["book"].width > wide  # type: ignore[attr-defined]
        await screen.press("x")
        assert "book" not in places(screen)
        assert screen.app.desk.desk.focused_panel in places(screen)
        for _ in range(3):
            await screen.press("u")
        assert places(screen) == begun
        await screen.press("s", "z", "t")
        assert screen.app.settings.theme == "harbour", "letters of the desk do nothing while panels are moved"
        await screen.press("escape")
        assert "ARRANGE" not in screen.app.desk.keys.row_text(0)

    play(cockpit, story)


def test_the_kill_switch_works_while_panels_are_moved(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("w")
        assert "HALT" in screen.app.desk.keys.row_text(0)
        await screen.press_at("ctrl+g", 1001.0)
        await screen.press_at("ctrl+g", 1001.5)
        assert [verb for verb, _ in screen.link.sent] == ["halt"]

    play(cockpit, story)


def test_every_panel_can_be_put_on_any_page(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("4", "w", "a")
        await screen.type("hotlist")
        await screen.press("enter")
        assert "hotlist" in places(screen)
        assert screen.app.desk.desk.focused_panel == "hotlist"
        assert "Hotlist" in screen.panel("hotlist")
        await screen.press("tab")
        assert screen.app.desk.desk.focused_panel == "limits", "it is the last in the order"

    play(cockpit, story)


def test_saved_loaded_and_reset(cockpit: Opened, tmp_path: Path) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("w", "right", "w")
        await screen.type("../x")
        await screen.press("enter")
        assert list(tmp_path.iterdir()) == [], "that is no name"
        screen.app.screen.query_one("Input").value = ""  # type: ignore[attr-defined]
        await screen.type("mine")
        await screen.press("enter")
        mine = places(screen)
        assert (tmp_path / "mine.toml").exists()
        await screen.press("r")
        assert places(screen) != mine
        await screen.press("o")
        await screen.type("mine")
        await screen.press("enter")
        assert places(screen) == mine
        await screen.press("down", "w")
        await screen.type("mine")
        await screen.press("enter")
        assert "mine.toml.before" in screen.app.screen.lines[0]  # type: ignore[attr-defined]
        first = (tmp_path / "mine.toml").read_text()
        await screen.press("enter")
        assert (tmp_path / "mine.toml.before").read_text() == first
        assert (tmp_path / "mine.toml").read_text() != first

    play(cockpit, story, layouts_dir=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[desk\n", "mine.toml"),
        ("version = 9\n", "version 9"),
        ("[dsk]\nnormal = []\n", "no page 'dsk'"),
        ("[desk]\nhuge = []\n", "size classes"),
        ("[desk]\nnormal = [1]\n", "list of lines"),
        ('[desk]\nnormal = ["1 = 1 bok"]\n', "did you mean 'book'"),
        ("desk = 3\n", "table of size classes"),
        ("\x00", "mine.toml"),
    ],
)
def test_a_bad_file_is_named_and_the_layout_stays(
    cockpit: Opened, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        layouts.load(file)

    async def story(screen: Cockpit) -> None:
        await screen.press("w", "right")
        before = places(screen)
        screen.app.arranging.load("mine")
        await screen.pilot.pause()
        assert places(screen) == before
        assert "mine.toml" in screen.toasts[-1]

    if words == "mine.toml":
        play(cockpit, story, layouts_dir=tmp_path)


def test_it_is_remembered_with_the_page_by_size_class(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def arrange_it(screen: Cockpit) -> None:
        await screen.press("4", "w", "down", "escape")
        assert next(iter(places(screen))) == "why"

    async def narrow(screen: Cockpit) -> None:
        assert screen.app.desk.desk.page.name == "risk", "the last page at all"
        assert next(iter(places(screen))) == "limits", "arranged for another size"
        await screen.press("2")

    async def again(screen: Cockpit) -> None:
        assert screen.app.desk.desk.page.name == "risk"
        assert next(iter(places(screen))) == "why"

    play(cockpit, arrange_it, memory_file=file)
    play(cockpit, narrow, memory_file=file, size=(80, 24))
    play(cockpit, again, memory_file=file)
    assert recall(file).pages == {"normal": "risk", "narrow": "orders"}


def test_lines_that_cannot_be_read_are_told_and_kept(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"
    odd = {"desk": {"normal": ("1 = 1 crystal_ball",)}}
    keep(file, Memory(layouts=odd))

    async def story(screen: Cockpit) -> None:
        assert "book" in places(screen)
        await screen.pass_time(1.0)
        assert any("crystal_ball" in words for words in screen.toasts)

    play(cockpit, story, memory_file=file)
    assert recall(file).layouts == odd


def test_a_memory_that_cannot_be_read_is_moved_aside(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"
    file.write_text('{"page": 7}')

    async def story(screen: Cockpit) -> None:
        assert any("screen.json.unreadable" in words for words in screen.toasts)

    play(cockpit, story, memory_file=file)
    assert (tmp_path / "screen.json.unreadable").read_text() == '{"page": 7}'


def test_a_panel_that_is_hidden_is_reached_on_another_page_or_said_to_be_nowhere(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        screen.app.desk.reach(screen.app.desk.views["limits"])
        await screen.pilot.pause()
        assert (screen.app.desk.desk.page.name, screen.app.desk.desk.focused_panel) == ("desk", "limits")
        screen.app.desk.reach(screen.app.desk.views["hotlist"])
        await screen.pilot.pause()
        assert (screen.app.desk.desk.page.name, screen.app.desk.desk.focused_panel) == ("hotlist", "hotlist")
        await screen.press("w", "x")
        screen.app.desk.reach(screen.app.desk.views["hotlist"])
        await screen.pilot.pause()
        assert screen.app.desk.desk.focused_panel != "hotlist"
        assert "no page" in screen.toasts[-1]

    play(cockpit, story)


def test_a_full_disk_is_said(cockpit: Opened, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def story(screen: Cockpit) -> None:
        await screen.press("w", "right", "w")
        await screen.type("mine")
        await screen.press("enter")
        assert "not saved" in screen.toasts[-1]

    play(cockpit, story, layouts_dir=tmp_path / "file" / "x")


def test_an_action_of_the_footer_may_lose_its_key(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        assert "Zoom" not in screen.app.desk.keys.row_text(0)
        assert "Help" in screen.app.desk.keys.row_text(0)

    play(cockpit, story, keymap={"zoom": "", "symbol.previous": ""})
