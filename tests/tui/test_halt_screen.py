"""The kill switch on the real screen: from anywhere, at a human pace only, and honest afterwards."""

import asyncio

import pytest
from textual import events

from tests.tui import frames_for_tests as made
from tests.tui.conftest import Opened


def run(coroutine: object) -> None:
    asyncio.run(coroutine)  # type: ignore[arg-type]


def test_twice_sends_one_halt(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press_at("ctrl+g", 1000.0)
            assert screen.status.startswith(" HALT ARMED - press ^g again within 2 s")
            assert screen.link.sent == []
            await screen.press_at("ctrl+g", 1000.5)
            assert screen.link.sent == [("halt", {})]
            assert "PRACTICE" in screen.status
            assert screen.alarms.startswith("HALT SENT")

    run(story())


def test_a_burst_of_twenty_does_not_fire(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            for index in range(20):
                await screen.press_at("ctrl+g", 1000.0 + index * 0.03)
            assert screen.link.sent == []

    run(story())


def test_a_burst_handled_late_does_not_fire(cockpit: Opened) -> None:
    """The pace of the hand counts, not that of a busy loop."""

    async def story() -> None:
        async with cockpit() as screen:
            for index in range(20):
                event = events.Key("ctrl+g", None)
                event.time = 1000.0 + index * 0.03
                screen.app.post_message(event)
                screen.now += 0.5
                await screen.pilot.pause()
            assert screen.link.sent == []

    run(story())


def test_too_late_is_a_new_beginning(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press_at("ctrl+g", 1000.0)
            await screen.pass_time(2.5)
            assert "HALT ARMED" not in screen.status
            await screen.press_at("ctrl+g", 1003.0)
            assert screen.link.sent == []
            assert "HALT ARMED" in screen.status

    run(story())


@pytest.mark.parametrize("key", ["z", "escape", "f9", "down"])
def test_any_other_key_cancels(cockpit: Opened, key: str) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press_at("ctrl+g", 1000.0)
            await screen.press_at(key, 1000.3)
            assert "HALT ARMED" not in screen.status
            await screen.press_at("ctrl+g", 1000.6)
            assert screen.link.sent == []

    run(story())


@pytest.mark.parametrize(
    "opening", [(":",), ("?",), ("tab",) * 3 + ("/",), ("q",), (":", "f", "l", "a", "t", "enter")]
)
def test_it_works_inside_the_palette_an_input_and_a_question(
    cockpit: Opened, opening: tuple[str, ...]
) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press(*opening)
            at = screen.now
            await screen.press_at("ctrl+g", at + 5)
            await screen.press_at("ctrl+g", at + 5.4)
            assert screen.link.sent == [("halt", {})]

    run(story())


def test_a_viewer_may_stop_too(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit(driver=False) as screen:
            await screen.press_at("ctrl+g", 1000.0)
            await screen.press_at("ctrl+g", 1000.5)
            assert screen.link.sent == [("halt", {})]

    run(story())


def test_a_key_of_ones_own_fires_too(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit(keymap={"halt": "f9"}) as screen:
            await screen.press_at("f9", 1000.0)
            await screen.press_at("ctrl+g", 1000.5)
            assert screen.link.sent == [("halt", {})]

    run(story())


def test_the_banner_follows_what_is_known(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press_at("ctrl+g", 1000.0)
            await screen.press_at("ctrl+g", 1000.5)
            await screen.pass_time(0.7)
            assert screen.alarms.startswith("HALT NOT CONFIRMED - no answer for 0.7 s")
            screen.link.answer(True, "answer.halt")
            await screen.pass_time(0.1)
            assert screen.alarms.startswith("HALT TAKEN by the engine in 4 ms")
            await screen.show(halt=made.halted("cancelling"), posture="HALT")
            assert "still open: 3 entry orders, 2 positions" in screen.alarms
            assert "HALTED" not in screen.alarms
            await screen.show(halt=made.halted("confirmed", entries_open=0))
            assert screen.alarms.startswith("HALTED 08:04:09Z by tty3")
            await screen.show(halt=None, posture="NORMAL")
            assert screen.alarms == ""

    run(story())


def test_the_palettes_halt_asks_first(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press(":", "h", "a", "l", "t", "enter")
            assert screen.link.sent == []
            await screen.press("enter")
            assert screen.link.sent == [("halt", {})]

    run(story())


def test_flatten_wants_the_word_and_shows_what_it_would_close(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press(":")
            await screen.type("flatten")
            await screen.press("enter")
            lines = str(screen.app.screen.query_one("#lines").render())
            assert "SOL-USDT-SWAP" in lines
            assert "-31" in lines
            await screen.type("flatten")
            await screen.press("enter")
            assert screen.link.sent == []
            await screen.press("ctrl+u")
            await screen.type("FLATTEN")
            await screen.press("enter")
            assert screen.link.sent == [("flatten", {"word": "FLATTEN"})]

    run(story())


def test_resume_wants_the_word_and_a_reason(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit(frame=made.frame(300, halt=made.halted("confirmed"))) as screen:
            await screen.press(":")
            await screen.type("resume")
            await screen.press("enter")
            await screen.type("RESUME")
            await screen.press("enter")
            assert screen.link.sent == []
            await screen.type(" feed is back")
            await screen.press("enter")
            assert screen.link.sent == [("resume", {"word": "RESUME", "reason": "feed is back"})]

    run(story())


def test_escape_closes_a_question_without_sending(cockpit: Opened) -> None:
    async def story() -> None:
        async with cockpit() as screen:
            await screen.press(":")
            await screen.type("flatten")
            await screen.press("enter")
            await screen.type("FLATTEN")
            await screen.press("escape")
            assert screen.link.sent == []
            assert screen.app.screen is screen.app.desk

    run(story())
