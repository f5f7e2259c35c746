"""Looking back: every panel shows the moment, the screen says so, and nothing can be commanded from there."""

from __future__ import annotations

import pytest

from cockpit.tui import by_hand
from cockpit.tui.past import moment
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play

PAGES = "1234568"


async def back(screen: Cockpit) -> None:
    """Into the past, from the row under the audit's cursor."""
    await screen.press("8")
    for _ in range(3):
        await screen.show()
    await screen.press("j", "v")
    await screen.show()


def test_every_page_shows_the_moment_and_says_replay(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        assert "REPLAY" not in screen.status
        await back(screen)
        assert screen.pasts.asked[-1] == {"seq": 899}
        for key in PAGES:
            await screen.press(key)
            await screen.show()
            assert "REPLAY" in screen.status
            assert "77,000.00" in screen.status
            assert "#899" in screen.alarms
            assert "no commands" in screen.alarms
        assert "now: NORMAL" in screen.alarms
        await screen.press("escape")
        await screen.show()
        assert "REPLAY" not in screen.status + screen.alarms
        assert "77,000.00" not in screen.status

    play(cockpit, story, size=(200, 50))


def test_the_audit_ends_at_the_moment(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await back(screen)
        await screen.show()
        await screen.show()
        asked = [args for verb, args in screen.link.sent if verb == "audit"]
        assert asked[-1]["until"] == str(screen.app.aside.past.ts)

    play(cockpit, story)


def test_keys_move_in_time(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await back(screen)
        at = screen.app.aside.past.ts
        for key, wanted in (
            (",", {"by": -1}),
            (".", {"by": 1}),
            ("(", {"ms": -60_000}),
            (")", {"ms": 60_000}),
        ):
            await screen.press(key)
            await screen.show()
            assert screen.pasts.asked[-1] == wanted, key
        assert screen.app.aside.past.ts == at
        await screen.press("@")
        await screen.type("x")
        await screen.press("enter")
        assert len(screen.app.screen_stack) == 2  # not a moment: the question stays
        await screen.press(*["backspace"] * 30)
        await screen.type("#321")
        await screen.press("enter")
        await screen.show()
        assert screen.pasts.asked[-1] == {"seq": 321}
        await screen.press("N")
        await screen.show()
        assert not screen.app.past.on

    play(cockpit, story)


def test_the_past_can_be_played_faster_and_stopped(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("space")
        assert any("nothing to play" in words for words in screen.toasts)
        await back(screen)
        at = screen.app.aside.past.ts
        await screen.press("(", "(", "space")
        await screen.pass_time(1.0)
        await screen.pass_time(0.1)
        assert 0 < screen.app.aside.past.ts - (at - 120_000) < 2_000
        await screen.press(">")
        assert screen.app.aside.past.speed == 10
        assert ("speed", {"speed": "10"}) not in screen.link.sent
        await screen.press("space")
        await screen.pass_time(0.5)
        stood = screen.app.aside.past.ts
        await screen.pass_time(2.0)
        assert screen.app.aside.past.ts == stood

    play(cockpit, story)


@pytest.mark.parametrize("action", ["order.cancel", "sleeve.switch", "flatten", "resume", "hotlist.approve"])
def test_nothing_is_commanded_from_the_past(cockpit: Opened, action: str) -> None:
    async def story(screen: Cockpit) -> None:
        await back(screen)
        screen.app.controls.run(action)
        assert screen.app.controls.send("cancel", {"cid": "x"}) == ""
        by_hand.ask_plan(screen.app, "exit BTC-USDT-SWAP")
        await screen.pilot.pause()
        assert {verb for verb, _ in screen.link.sent} <= {"audit", "explain"}
        assert any("REPLAY" in words for words in screen.toasts)
        assert len(screen.app.screen_stack) == 1

    play(cockpit, story)


def test_the_kill_switch_leaves_the_past_and_works(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await back(screen)
        await screen.press_at("ctrl+g", screen.now)
        assert not screen.app.past.on
        await screen.press_at("ctrl+g", screen.now + 0.5)
        assert ("halt", {}) in screen.link.sent

    play(cockpit, story)


def test_a_moment_that_cannot_be_shown_says_why(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await back(screen)
        screen.pasts.fail("the journal keeps no state from before that moment")
        await screen.show()
        assert "keeps no state" in screen.alarms
        assert "keeps no state" in screen.panel("moment")

    play(cockpit, story)


def test_the_process_ends_with_the_screen(cockpit: Opened) -> None:
    ended: list[made.Pasts] = []

    async def story(screen: Cockpit) -> None:
        await back(screen)
        ended.append(screen.pasts)

    play(cockpit, story)
    assert ended[0].closed


def test_moments_are_typed_in_three_ways() -> None:
    assert moment("#12", 0) == {"seq": 12}
    assert moment("-90s", 100_000) == {"ts": 10_000}
    assert moment("8:00", made.T0) == moment("2024-03-01T08:00Z", made.T0)
    for wrong in ("#x", "soon", "25:00"):
        with pytest.raises(ValueError, match=r"\S"):
            moment(wrong, made.T0)
