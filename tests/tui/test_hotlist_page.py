"""Screen 3: only what was looked at, on fresh data, is approved; everything else is said."""

from __future__ import annotations

import msgspec
import pytest

from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play

SEEN = made.hotlist(0)
SOL = SEEN.candidates[0]


async def open_page(screen: Cockpit) -> None:
    await screen.press("3")
    await screen.show()
    await screen.show()
    screen.app.door.at = screen.now


def sent(screen: Cockpit, verb: str) -> list[dict[str, str]]:
    return [args for name, args in screen.link.sent if name == verb]


def test_terms_and_what_is_missing_are_on_the_screen(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        table = screen.panel("hotlist")
        assert "vol_jump" in table
        assert "1.840" in table
        assert "?" in table
        assert f"{SOL.score:.3f}" in screen.panel("evidence")
        assert "fear_greed" in screen.panel("evidence")
        await screen.press("j")
        await screen.show()
        assert "BTC" in screen.panel("evidence").splitlines()[1]
        log = screen.panel("decisions")
        assert "newer scan" in log
        assert "failing" in log

    play(cockpit, story, size=(200, 60))


def test_an_approval_carries_what_was_seen(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press_at("a", screen.now)
        (args,) = sent(screen, "approve")
        hot = screen.app.frame.hotlist  # type: ignore[union-attr]
        assert hot is not None
        assert args == {"symbol": SOL.symbol, "scan": str(hot.scan), "seal": SOL.seal}

    play(cockpit, story)


def test_a_card_must_have_been_looked_at(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press("j")
        screen.app.tick()
        await screen.press_at("a", screen.now + 0.2)
        assert sent(screen, "approve") == []
        assert any("look first" in words for words in screen.toasts)
        await screen.pass_time(0.6)
        await screen.press_at("a", screen.now)
        assert [args["symbol"] for args in sent(screen, "approve")] == [made.BTC]

    play(cockpit, story)


def test_old_data_and_late_keys_approve_nothing(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        before = screen.now
        await screen.pass_time(1.5)
        await screen.press_at("a", screen.now)
        assert any("old" in words for words in screen.toasts), screen.toasts
        await screen.show()
        screen.app.door.at = before
        screen.app.controls.run("hotlist.approve")
        await screen.pilot.pause()
        assert any("late" in words for words in screen.toasts), screen.toasts
        assert sent(screen, "approve") == []

    play(cockpit, story)


@pytest.mark.parametrize("yes", [True, False])
def test_real_money_is_asked_back(cockpit: Opened, yes: bool) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.show(mode="LIVE")
        await open_page(screen)
        await screen.press_at("a", screen.now)
        assert sent(screen, "approve") == []
        await screen.press("enter" if yes else "escape")
        assert len(sent(screen, "approve")) == int(yes)

    play(cockpit, story)


def test_reject_asks_why_with_one_key(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press("r", "escape")
        assert sent(screen, "reject") == []
        await screen.press("r", "1")
        assert sent(screen, "reject") == [{"symbol": SOL.symbol, "reason": "thin"}]
        await screen.press("s", "u")
        assert [verb for verb, _ in screen.link.sent] == ["reject", "snooze", "undo"]

    play(cockpit, story)


def test_before_the_first_scan_it_says_what_will_come(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.show(hotlist=None)
        await open_page(screen)
        assert "no candidates" in screen.panel("hotlist")
        await screen.press("a")
        assert sent(screen, "approve") == []
        old = msgspec.structs.replace(SEEN, expired=True)
        await screen.show(hotlist=old)
        assert "TOO OLD" in screen.panel("hotlist")

    play(cockpit, story)
