"""Every key of the screen, pressed."""

import os
from pathlib import Path

import pytest

from cockpit.core.frames import Frame
from cockpit.tui.keymap import ACTIONS
from cockpit.tui.palette import CommandLine
from cockpit.tui.theme import shipped
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play


def focus(name: str) -> tuple[str, ...]:
    return ("tab",) * ("book", "chart", "tape", "positions", "sleeves", "orders", "events").index(name)


def test_the_mode_and_the_money_are_on_the_screen(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        assert screen.status.startswith(" PRACTICE ")
        for words in ("NORMAL", "SIM", "market●", "equity 100,413.44 USDT", "▲+1,414.37", "data 40 ms"):
            assert words in screen.status
        assert "STOP MISSING" in screen.panel("positions")

    play(cockpit, story)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("PRACTICE", "PRACTICE"),
        ("REPLAY", "REPLAY ×10"),
        ("PAPER", "PAPER"),
        ("DEMO", "DEMO"),
        ("LIVE", "LIVE"),
    ],
)
def test_every_mode_is_said_in_words(cockpit: Opened, mode: str, words: str) -> None:
    async def story(screen: Cockpit) -> None:
        assert screen.status.startswith(f" {words} ")

    play(cockpit, story, frame=made.frame(0, mode=mode, speed="10"))


def test_before_the_first_frame_it_says_what_it_waits_for(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        screen.link.frame = None
        screen.app.frame = None
        screen.app.paint_bars()
        assert "waiting for the engine" in screen.status

    play(cockpit, story)


def test_no_panel_sleeps_through_the_moment_in_which_everything_gets_old(cockpit: Opened) -> None:
    """Each has just been painted and is not due for another half second: all say it all the same."""

    async def story(screen: Cockpit) -> None:
        await screen.show()
        await screen.pass_time(0.95)
        names = [*screen.app.desk.desk.places]
        assert [name for name in names if "STALE" in screen.panel(name)] == []
        await screen.pass_time(0.06)
        assert [name for name in names if "STALE" not in screen.panel(name)] == []
        await screen.show()
        assert [name for name in names if "STALE" in screen.panel(name)] == []

    play(cockpit, story)


def test_old_data_looks_old_within_a_second(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        assert "STALE" not in screen.panel("book")
        await screen.pass_time(1.1)
        for name in ("book", "positions", "chart", "tape", "sleeves", "orders", "events"):
            assert "STALE 1 s" in screen.panel(name), name
        await screen.pass_time(3.0)
        assert "STALE 4 s" in screen.panel("book")
        await screen.show()
        assert "STALE" not in screen.panel("book")

    play(cockpit, story)


def test_a_lost_link_takes_a_line_of_its_own(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        screen.link.lost = 12.2
        await screen.pass_time(0.3)
        assert screen.alarms == "LINK LOST 12 s - data below is old; engine may still be trading"
        assert "STALE 12 s" in screen.panel("book")
        screen.link.lost = 0.0
        await screen.show()
        assert screen.alarms == ""

    play(cockpit, story, closing_stops_engine=False)


def test_brackets_choose_the_market(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("]")
        assert screen.app.symbol == made.ETH
        assert "ETH-USDT-SWAP" in screen.panel("book")
        assert "ETH-USDT-SWAP" in screen.panel("chart")
        await screen.press("[", "[")
        assert screen.app.symbol == made.XRP
        assert "BROKEN" in screen.panel("book")

    play(cockpit, story)


def test_the_palette_chooses_the_market(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(":", "s", "o", "l", "enter")
        assert screen.app.symbol == made.SOL

    play(cockpit, story)


def test_what_nothing_answers_stays_in_the_command_line(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(":")
        await screen.type("qwerty")
        await screen.press("enter")
        assert isinstance(screen.app.screen, CommandLine)
        await screen.press("escape")
        assert not isinstance(screen.app.screen, CommandLine)

    play(cockpit, story)


def test_tab_goes_through_all_panels_also_the_hidden_ones(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        seen = []
        for _ in range(9):
            view = screen.app.focused
            assert view is screen.app.desk.focused_view
            assert screen.app.desk.focused_view.panel in screen.app.desk.desk.places
            seen.append(screen.app.desk.focused_view.panel)
            await screen.press("tab")
        assert len(set(seen)) == 9
        assert screen.app.desk.focused_view.panel == seen[0]
        await screen.press("shift+tab")
        assert screen.app.desk.focused_view.panel == seen[-1]

    play(cockpit, story, size=(80, 24))


def test_zoom_and_back(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("positions"), "z")
        assert set(screen.app.desk.desk.places) == {"positions"}
        assert screen.app.desk.views["positions"].size.width == 120
        await screen.press("escape")
        assert len(screen.app.desk.desk.places) == 7

    play(cockpit, story)


def test_the_cursor_stays_on_its_row_while_rows_move(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "j", "j")
        view = screen.app.desk.views["orders"]
        chosen = view.cursor
        frame = screen.link.frame
        assert frame is not None
        newer = made.orders(0)[0].__class__(
            "new", "s", made.BTC, "buy", "limit", "entry", 1.0, 1, 0, "live", made.T0, False
        )
        await screen.show(orders=(newer, *frame.orders))
        await screen.pass_time(1.0)
        assert view.cursor == chosen
        await screen.show(orders=tuple(row for row in frame.orders if row.cid != chosen))
        await screen.pass_time(1.0)
        assert view.cursor not in ("", chosen)
        await screen.press("G")
        assert view.cursor == view.picture.keys[-1]
        await screen.press("g")
        assert view.cursor == view.picture.keys[0]

    play(cockpit, story)


def test_a_filter_shows_only_what_matches(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "/", "e", "t", "h")
        assert screen.app.desk.needle.display
        assert screen.app.desk.views["orders"].picture.keys == ("em3e000009",)
        await screen.press("enter")
        assert not screen.app.desk.needle.display
        assert "/eth" in screen.panel("orders")
        await screen.press("escape")
        assert len(screen.app.desk.views["orders"].picture.keys) == 5

    play(cockpit, story)


def test_cancelling_asks_and_names_the_order(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "x")
        assert "em3e000009" in str(screen.app.screen.query_one("#lines").render())
        assert screen.link.sent == []
        await screen.press("escape")
        assert screen.link.sent == []
        await screen.press("x", "enter", "enter")
        assert screen.link.sent == [("cancel", {"cid": "em3e000009"})]

    play(cockpit, story)


def test_cancelling_a_stop_says_what_it_protects(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "G", "x")
        assert "PROTECTS" in str(screen.app.screen.query_one("#lines").render())

    play(cockpit, story)


@pytest.mark.parametrize(("row", "verb"), [(0, "sleeve_off"), (3, "sleeve_on"), (4, "sleeve_on")])
def test_a_strategy_is_switched_after_a_question(cockpit: Opened, row: int, verb: str) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("sleeves"), *("j",) * row, "s")
        assert screen.link.sent == []
        await screen.press("enter")
        frame = screen.link.frame
        assert frame is not None
        assert screen.link.sent == [(verb, {"sleeve": frame.sleeves[row].sleeve})]

    play(cockpit, story)


def test_a_viewer_is_refused_with_words_and_may_ask_for_the_wheel(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        assert "VIEW ONLY" in screen.status
        await screen.press(*focus("orders"), "x")
        assert screen.app.screen is screen.app.desk
        assert screen.link.sent == []
        assert "only watches" in screen.toasts[-1]
        await screen.press(":")
        await screen.type("flatten")
        await screen.press("enter")
        await screen.press(":")
        await screen.type("drive")
        await screen.press("enter")
        assert screen.link.sent == [("drive", {})]
        screen.link.answer(True, "door.drive.granted")
        screen.link.driver = True
        await screen.pass_time(0.1)
        assert "VIEW ONLY" not in screen.status
        assert "you drive now" in screen.toasts[-1]

    play(cockpit, story, driver=False)


def test_a_refused_command_says_why(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "x", "enter")
        screen.link.answer(False, "command.no_order", cid="em3e000009")
        await screen.pass_time(0.1)
        assert screen.toasts[-1] == "cancel refused: there is no open order em3e000009"

    play(cockpit, story)


def test_only_a_replay_has_a_speed(cockpit: Opened) -> None:
    async def replay(screen: Cockpit) -> None:
        await screen.press(">", "<")
        assert screen.link.sent == [("speed", {"speed": "max"}), ("speed", {"speed": "1"})]

    async def practice(screen: Cockpit) -> None:
        await screen.press(">")
        assert screen.link.sent == []
        assert "only a replay" in screen.toasts[-1]

    play(cockpit, replay, frame=made.frame(0, mode="REPLAY", speed="10"))
    play(cockpit, practice)


def test_longer_candles_and_wider_candles(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("}")
        assert "5m" in screen.panel("chart")
        await screen.press("{", "{")
        assert "1m" in screen.panel("chart")
        step = screen.app.step
        await screen.press("+")
        assert screen.app.step == step + 1
        await screen.press("-", "-")
        assert screen.app.step == step - 1

    play(cockpit, story)


def test_themes_schemes_language_and_shapes(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        before = screen.app.palette.style("up")
        await screen.press("T")
        assert screen.app.palette.scheme == "red_up"
        assert screen.app.palette.style("down") == before
        names = set()
        for _ in range(5):
            await screen.press("t")
            names.add(screen.app.palette.theme.name)
        assert names == {"harbour", "paper", "contrast", "colour-blind", "mono"}
        await screen.press(":")
        await screen.type("zh")
        await screen.press("enter")
        assert "盘口" in screen.panel("book")
        await screen.press(":")
        await screen.type("glyphs ascii")
        await screen.press("enter")
        assert "|" in screen.panel("book")

    play(cockpit, story)


def test_a_bad_theme_is_named_and_the_old_one_stays(cockpit: Opened, tmp_path: Path) -> None:
    (tmp_path / "aaa.toml").write_text('name = "aaa"\n[colours]\ntext = "reddish"\n', "utf-8")

    async def story(screen: Cockpit) -> None:
        before = screen.app.palette
        assert not screen.app.use_theme("aaa")
        await screen.pilot.pause()
        assert "aaa.toml" in screen.toasts[-1]
        assert screen.app.palette is before

    play(cockpit, story, themes_dir=tmp_path)


def test_a_theme_that_is_being_edited_shows_at_once(cockpit: Opened, tmp_path: Path) -> None:
    source = (shipped() / "harbour.toml").read_text("utf-8").replace('"harbour"', '"mine"')
    file = tmp_path / "mine.toml"
    file.write_text(source, "utf-8")

    async def story(screen: Cockpit) -> None:
        before = screen.app.palette.style("up")
        file.write_text(source.replace("#3fb950", "#00ff00"), "utf-8")
        os.utime(file, ns=(1, 1))
        await screen.pass_time(1.0)
        after = screen.app.palette.style("up")
        assert after != before
        file.write_text("broken", "utf-8")
        os.utime(file, ns=(2, 2))
        await screen.pass_time(1.0)
        assert "mine.toml" in screen.toasts[-1]
        assert screen.app.palette.style("up") == after
        toasts = len(screen.toasts)
        await screen.pass_time(1.0)
        assert len(screen.toasts) == toasts

    play(cockpit, story, theme="mine", themes_dir=tmp_path)


def test_what_is_wrong_with_the_settings_is_said_and_not_fatal(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        words = "\n".join(screen.toasts)
        assert "zooom" in words
        assert "no 'mauve'" in words
        assert screen.app.palette.theme.name == "harbour"

    play(cockpit, story, theme="mauve", keymap={"zooom": "z"})


def test_privacy_hides_money_everywhere(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("p")
        whole = screen.status + "".join(screen.panel(name) for name in screen.app.desk.desk.places)
        for secret in ("100,413", "1,414", "+1,584", "129.81", "440"):
            assert secret not in whole
        await screen.press("p")
        assert "100,413.44" in screen.status

    play(cockpit, story)


def test_copy_says_what_it_sent(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "y")
        assert "ETH-USDT-SWAP" in screen.app.clipboard
        assert screen.toasts[-1].startswith("sent to the clipboard: ETH-USDT-SWAP")

    play(cockpit, story)


def test_a_picture_of_the_screen(cockpit: Opened, tmp_path: Path) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("ctrl+s")
        (picture,) = (tmp_path / "pictures").glob("*.svg")
        assert "PRACTICE" in picture.read_text("utf-8")
        assert str(picture.name) in screen.toasts[-1]

    play(cockpit, story, screenshots_dir=tmp_path / "pictures")


def test_help_is_about_this_panel_and_has_every_key(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"), "?")
        assert str(screen.app.screen.query_one("#heading").render()) == "Open orders"
        words = str(screen.app.screen.query_one("#lines").render())
        assert "UNKNOWN means" in words
        assert "Cancel the order under the cursor" in words
        for action in ACTIONS:
            assert (f":{action.id}" if not action.keys else action.keys[0].replace("ctrl+", "^")[-1]) in words
        await screen.press("escape")
        assert screen.app.screen is screen.app.desk

    play(cockpit, story)


def test_leaving_an_attached_screen_says_that_trading_goes_on(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        assert "Detach (engine goes on)" in screen.app.desk.keys.row_text(0)
        await screen.press("q")
        assert "The engine goes on" in (screen.app.return_value or "")

    play(cockpit, story, closing_stops_engine=False)


def test_leaving_with_the_engine_inside_asks_first(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("q")
        lines = str(screen.app.screen.query_one("#lines").render())
        assert "STOPS it" in lines
        assert "5 orders, 3 positions" in lines
        assert screen.app.return_value is None
        await screen.press("enter")
        assert "asked to stop" in (screen.app.return_value or "")

    play(cockpit, story)


def test_letters_are_only_letters_while_typing(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("events"), "/")
        await screen.type("quitz")
        assert screen.app.desk.needle.value == "quitz"
        assert screen.app.return_value is None
        assert not screen.app.desk.desk.zoomed

    play(cockpit, story)


@pytest.mark.parametrize(
    "size", [(20, 6), (40, 12), (64, 15), (80, 24), (109, 30), (120, 40), (179, 44), (240, 80)]
)
def test_every_size_shows_whole_panels(cockpit: Opened, size: tuple[int, int]) -> None:
    async def story(screen: Cockpit) -> None:
        for name in screen.app.desk.desk.places:
            view = screen.app.desk.views[name]
            assert view.row_text(0)[:1] in "┏╭"
            assert view.row_text(view.size.height - 1)[-1:] in "┛╯"
        assert "PRACTICE" in screen.status

    play(cockpit, story, size=size)


def test_resizing_to_nothing_and_back(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        before = screen.panel("positions")
        for size in ((20, 5), (200, 60), (5, 2), (120, 40)):
            await screen.pilot.resize_terminal(*size)
            await screen.pilot.pause()
        await screen.show()
        assert screen.panel("positions") == before

    play(cockpit, story)


def test_repainting_and_every_other_harmless_key(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("ctrl+l", "ctrl+c", "pagedown", "pageup", "home", "end", "ctrl+u", "ctrl+d")
        await screen.press(*focus("events"), "pagedown", "pageup", "home", "end", "k", "up", "down")
        assert "press q to leave" in screen.toasts[-1]
        assert screen.link.sent == []

    play(cockpit, story)


def test_hostile_words_never_meet_markup(cockpit: Opened) -> None:
    evil = "okx:[bold]\x1b[31m[/nope]"
    frame: Frame = made.frame(0, symbols=(evil, made.BTC), venue="[red]", links={"[/]": True})

    async def story(screen: Cockpit) -> None:
        assert "[bold]?[31m[/nope]" in screen.app.desk.markets.row_text(0)
        await screen.press(":")
        await screen.type("nope")
        await screen.press("enter")
        screen.app.warn(evil)
        screen.app.tell("copy.sent", text=evil)
        await screen.pilot.pause()
        assert "\x1b" not in "".join(screen.toasts[1:])

    play(cockpit, story, frame=frame)


def test_a_panel_that_breaks_says_so_and_the_others_go_on(cockpit: Opened) -> None:
    def broken(frame: Frame, look: object) -> object:
        raise ZeroDivisionError("by [zero]")

    async def story(screen: Cockpit) -> None:
        screen.app.desk.views["book"].painter = broken  # type: ignore[assignment]
        await screen.show()
        assert "this panel broke" in screen.panel("book")
        assert "ZeroDivisionError: by [zero]" in " ".join(screen.panel("book").split())
        assert "STOP MISSING" in screen.panel("positions")

    play(cockpit, story)


def test_the_wheel_moves_the_cursor(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(*focus("orders"))
        view = screen.app.desk.views["orders"]
        view.on_mouse_scroll_down()
        assert view.cursor == view.picture.keys[3]
        view.on_mouse_scroll_up()
        assert view.cursor == view.picture.keys[0]

    play(cockpit, story)
