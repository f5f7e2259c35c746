"""The settings on the screen, the settings file watched, and jump mode."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from textual.widgets import Input

from cockpit.app import setting_rows
from cockpit.app import settings as files
from cockpit.core.errors import ConfigError
from cockpit.text import about
from cockpit.text.tables import read
from cockpit.tui.keymap import Keymap
from cockpit.tui.settings import Setting, TuiSettings
from cockpit.tui.settings_page import SettingsPage
from cockpit.tui.widgets import Painted
from tests.tui.conftest import Cockpit, Opened, play

ROWS = (
    Setting("run.live", "false", "false", "", about="Real money."),
    Setting("run.equity", "5000.0", "10000.0", "COCKPIT_RUN__EQUITY"),
    Setting("screen.theme", '"harbour"', '"harbour"', "", live=True),
    Setting("risk.max_leverage", "2.0", "3.0", "--set risk.max_leverage"),
)


def page(screen: Cockpit) -> str:
    shown = screen.app.screen
    assert isinstance(shown, SettingsPage)
    view = shown.query_one("#entries", Painted)
    return "\n".join(view.row_text(y) for y in range(view.size.height))


def test_every_setting_its_value_and_where_it_comes_from(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("comma")
        await screen.pilot.pause()
        shown = page(screen)
        assert "run.live" in shown
        assert "next start" in next(line for line in shown.splitlines() if "run.live" in line)
        assert "COCKPIT_RUN__EQUITY" in next(line for line in shown.splitlines() if "run.equity" in line)
        assert "--set" in next(line for line in shown.splitlines() if "max_leverage" in line)
        await screen.type("real money")
        assert "run.live" in page(screen)
        assert "run.equity" not in page(screen)
        assert "--set run.live=" in page(screen)
        await screen.press("right")
        assert "not changed while the engine runs" in str(screen.app.screen.query_one("#hint").render())
        assert screen.link.sent == []
        await screen.press("escape")
        assert not isinstance(screen.app.screen, SettingsPage)

    play(cockpit, story, listed=lambda: ROWS)


def test_what_does_not_fit_at_the_foot_says_so(cockpit: Opened) -> None:
    about = " ".join(f"word{number}" for number in range(80))
    row = Setting("risk.max_leverage", "2.0", "3.0", "cockpit.toml", about=about)

    async def story(screen: Cockpit) -> None:
        await screen.press("comma")
        await screen.type("max_leverage")
        shown = page(screen).rstrip().splitlines()
        assert any(line.rstrip().endswith("…") and "word" in line for line in shown)
        assert "--set risk.max_leverage=..." in " ".join(line.strip() for line in shown[-2:])

    play(cockpit, story, size=(80, 24), listed=lambda: (row,))


def test_a_limit_is_made_tighter_as_a_plan(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("comma")
        await screen.type("max_leverage")
        assert "tighter at once" in page(screen)
        await screen.press("right")
        await screen.type("1.5 2 3")
        await screen.press("enter")
        assert screen.link.sent == [], "that is no deed"
        screen.app.screen.query_one(Input).value = "1.5"
        await screen.press("enter")
        assert screen.link.sent == [("plan", {"verb": "limit", "what": "max_leverage", "to": "1.5"})]
        await screen.show(tighter={"max_leverage": 1.5})
        screen.app.screen.repaint_changed()  # type: ignore[attr-defined]
        shown = next(line for line in page(screen).splitlines() if "max_leverage" in line)
        assert "1.5 (settings 2.0)" in shown
        assert "by hand" in shown

    play(cockpit, story, listed=lambda: ROWS)


def test_who_only_watches_tightens_nothing(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("comma")
        await screen.type("max_leverage")
        await screen.press("right")
        await screen.pilot.pause()
        assert isinstance(screen.app.screen, SettingsPage)
        assert screen.link.sent == []

    play(cockpit, story, listed=lambda: ROWS, driver=False)


def test_what_is_this_screens_own_changes_at_once_and_is_remembered(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def change(screen: Cockpit) -> None:
        await screen.press("comma", "down", "right")
        assert screen.app.lang == "zh"
        assert "此处按键" in page(screen)
        await screen.press("left", "down", "down", "down", "enter")
        assert screen.app.lang == "en"
        assert screen.app.private

    async def again(screen: Cockpit) -> None:
        assert screen.app.private

    play(cockpit, change, listed=lambda: ROWS, memory_file=file)
    play(cockpit, again, memory_file=file)


def test_the_same_key_steps_back_while_a_past_moment_is_shown(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("(")
        await screen.show()
        assert screen.app.past.on
        await screen.press("comma")
        assert not isinstance(screen.app.screen, SettingsPage)
        assert {"by": -1} in screen.pasts.asked

    play(cockpit, story)


@pytest.mark.parametrize("key", [",", ".", "space"])
def test_a_key_of_the_past_may_do_something_else_now(key: str) -> None:
    past = {",": "past.back", ".": "past.forward", "space": "past.play"}[key]
    keymap = Keymap({"zoom": key, "settings": "f9"})
    assert keymap.meant("zoom", key) == past
    with pytest.raises(ConfigError):
        Keymap({"zoom": "?"})


class File:
    """A settings file that a test writes, and what reading it gives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault = ""
        self.keymap: dict[str, str] = {}
        self.theme = "harbour"
        self.turn = 1
        path.write_text("")

    def write(self) -> None:
        self.turn += 1
        os.utime(self.path, ns=(self.turn * 10**9, self.turn * 10**9))

    def read(self) -> TuiSettings:
        if self.fault:
            raise ConfigError(self.fault)
        return TuiSettings(keymap=self.keymap, theme=self.theme)


def test_keys_and_colours_follow_the_file_and_a_fault_leaves_the_old_ones(
    cockpit: Opened, tmp_path: Path
) -> None:
    file = File(tmp_path / "cockpit.toml")

    async def story(screen: Cockpit) -> None:
        file.keymap, file.theme = {"zoom": "f5"}, "paper"
        file.write()
        await screen.pass_time(1.0)
        assert screen.app.keymap.key("zoom") == "f5"
        assert screen.app.settings.theme == "paper"
        assert "f5 Zoom" in screen.app.desk.keys.row_text(0)
        await screen.press("f5")
        assert screen.app.desk.desk.zoomed
        await screen.press("z")
        assert screen.app.desk.desk.zoomed, "the old key does nothing any more"
        file.keymap = {"zoom": "?"}
        file.write()
        await screen.pass_time(1.0)
        assert any("'zoom' and 'help'" in said or "'zoom'" in said for said in screen.toasts)
        assert screen.app.keymap.key("zoom") == "f5"
        file.fault = "cockpit.toml: screen.theem: there is no key"
        file.write()
        await screen.pass_time(1.0)
        assert any("screen.theem" in said for said in screen.toasts)
        assert screen.app.settings.theme == "paper"

    play(cockpit, story, file=file.path, again=file.read)


def test_a_remapped_kill_switch_works_at_once(cockpit: Opened, tmp_path: Path) -> None:
    file = File(tmp_path / "cockpit.toml")

    async def story(screen: Cockpit) -> None:
        file.keymap = {"halt": "f9"}
        file.write()
        await screen.pass_time(1.0)
        await screen.press_at("f9", screen.now + 1.0)
        await screen.press_at("f9", screen.now + 0.5)
        assert [verb for verb, _ in screen.link.sent] == ["halt"]

    play(cockpit, story, file=file.path, again=file.read)


def test_the_real_settings_have_a_row_each_with_words_and_origin(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[run]\nequity = 7000.0\n[screen.keymap]\n"zoom" = ["f5"]\n')
    loaded = files.load(path, {"COCKPIT_RISK__MAX_LEVERAGE": "2"}, ["run.seed=9"], tmp_path)
    rows = {row.key: row for row in setting_rows.rows(loaded)}
    assert (rows["run.equity"].value, rows["run.equity"].default) == ("7000.0", "10000.0")
    assert rows["run.equity"].origin == str(path)
    assert rows["risk.max_leverage"].origin == "COCKPIT_RISK__MAX_LEVERAGE"
    assert rows["run.seed"].origin == "--set run.seed"
    assert rows["run.live"].origin == ""
    assert not rows["run.live"].live
    assert rows["screen.keymap"].origin == str(path)
    bare = [
        key for key, row in rows.items() if not row.about and key not in ("sleeves", "jobs", "screen.keymap")
    ]
    assert len(bare) < len(rows) // 3, bare


def test_every_setting_is_explained_in_chinese_too(tmp_path: Path) -> None:
    table = read("settings.zh.toml")
    found = {row.key: row.about for row in setting_rows.rows(files.load(None, {}))}
    assert {key for key, words in found.items() if words} == set(table)
    assert all(re.search("[一-鿿]", about(key, words, "zh")) for key, words in found.items() if words)
    assert about("run.live", found["run.live"]) == found["run.live"]


def test_a_letter_jumps_to_its_panel_and_any_other_key_ends_it(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("o")
        assert " a  Order book" in screen.panel("book").splitlines()[0]
        assert "Risk limits" in screen.app.desk.keys.row_text(0), "also a panel that has no room now"
        assert "HALT" in screen.app.desk.keys.row_text(0)
        await screen.press("f")
        assert screen.app.desk.desk.focused_panel == "positions"
        assert " f " not in screen.panel("positions").splitlines()[0]
        await screen.press("o", "escape")
        assert screen.app.desk.desk.focused_panel == "positions"
        assert screen.app.desk.jumps == {}
        await screen.press("o", "6")
        assert screen.app.desk.desk.page.name == "chart"
        await screen.press("o", "s")
        assert screen.app.desk.desk.focused_panel == "book"

    play(cockpit, story)


def test_the_kill_switch_comes_before_a_jump(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("o")
        await screen.press_at("ctrl+g", screen.now + 1.0)
        await screen.press_at("ctrl+g", screen.now + 0.5)
        assert [verb for verb, _ in screen.link.sent] == ["halt"]

    play(cockpit, story)
