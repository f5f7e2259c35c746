"""Screen 5: one key approves the promotion that was seen; another takes a live version out. Both ask back."""

from __future__ import annotations

import pytest

from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play

CHAMPION, CANARY, PAPER, OLD = made.versions(made.T0)


async def open_page(screen: Cockpit, downs: int) -> None:
    await screen.press("5")
    await screen.show()
    while screen.app.desk.desk.focused_panel != "versions":
        await screen.press("tab")
    for _ in range(downs):
        await screen.press("j")
    await screen.show()


def sent(screen: Cockpit, verb: str) -> list[dict[str, str]]:
    return [args for name, args in screen.link.sent if name == verb]


def test_stages_figures_and_who_is_waited_for_are_on_the_screen(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen, 0)
        await screen.press("z")
        await screen.show()
        table = screen.panel("versions")
        for words in (CHAMPION.id, "prod 1/2", "+19.0%", "source has changed", "1 promotion(s) wait"):
            assert words in table, table

    play(cockpit, story, size=(160, 50))


@pytest.mark.parametrize("yes", [True, False])
def test_an_approval_names_the_promotion_that_was_seen(cockpit: Opened, yes: bool) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen, 1)
        await screen.press("a")
        await screen.press("enter" if yes else "escape")
        asked = [(args["version"], args["at"]) for args in sent(screen, "version_approve")]
        row = screen.app.frame.versions[1]  # type: ignore[union-attr]
        assert asked == ([(row.id, str(row.asked_at))] if yes else [])

    play(cockpit, story)


def test_only_what_waits_is_approved_and_only_what_is_live_goes_back(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen, 2)
        await screen.press("a")
        assert any("no promotion waits" in words for words in screen.toasts), screen.toasts
        await screen.press("r")
        assert any("canary or prod" in words for words in screen.toasts), screen.toasts
        await screen.press("k", "r", "enter")
        assert [args["version"] for args in sent(screen, "version_rollback")] == [CANARY.id]
        assert sent(screen, "version_approve") == []

    play(cockpit, story)


def test_an_old_picture_approves_nothing(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen, 1)
        await screen.pass_time(5)
        await screen.press("a", "enter")
        assert sent(screen, "version_approve") == []
        assert any("old" in words for words in screen.toasts), screen.toasts

    play(cockpit, story)
