"""Deeds by hand from the palette: the words, the plan, and nothing sent before Enter."""

from __future__ import annotations

import pytest

from cockpit.core import planning
from cockpit.core.frames import Answer
from cockpit.core.refusal import Refusal
from cockpit.core.typed import from_line
from cockpit.tui.by_hand import Shown, Typed
from tests.core.stand import LINEAR, loose_rules
from tests.core.test_hand import Desk
from tests.tui.conftest import Cockpit, Opened, play

LINE = "enter BTC-USDT-SWAP long 5 --stop 95"


def answered(screen: Cockpit, line: str = LINE) -> Answer:
    """What an engine says to the newest command."""
    plan = planning.draw(Desk(rules=loose_rules()).engine, from_line(line), 1_000_000)
    answer = Answer(
        f"c{len(screen.link.sent)}",
        not plan.refused,
        plan.refused or "answer.plan",
        plan.numbers,
        planning.shown(plan),
    )
    screen.link.queue.append(answer)
    return answer


def words(screen: Cockpit) -> str:
    shown = screen.app.screen
    assert isinstance(shown, Shown)
    return "\n".join(str(one.render()) for one in shown.query("Static"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_line_in_the_palette_becomes_a_plan_and_enter_applies_it(
    cockpit: Opened, size: tuple[int, int]
) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(":")
        await screen.type(LINE)
        await screen.press("enter")
        wish = {"verb": "enter", "symbol": "BTC-USDT-SWAP", "side": "long", "qty": "5", "stop": "95"}
        assert screen.link.sent == [("plan", wish)]
        payload = answered(screen).payload
        await screen.pass_time(0.3)
        said = words(screen)
        for part in (
            f"buy 5 {LINEAR.symbol}",
            "at 95",
            "Fees about",
            "Liquidated",
            "Undone by: cockpit plan exit",
        ):
            assert part in said
        hint = screen.app.screen.query_one("#hint")
        assert hint.region.bottom <= size[1], "the keys are on the screen"
        assert len(screen.link.sent) == 1, "nothing is done by looking"
        assert payload is not None
        await screen.press("enter")
        assert screen.link.sent[1] == ("apply", {"plan": payload["id"]})
        screen.link.answer(message_id="answer.applied")
        await screen.pass_time(0.3)
        assert "done as planned" in screen.toasts[-1]

    play(cockpit, story, size=size)


def test_escape_leaves_the_plan_and_what_cannot_be_has_no_enter(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        for line, key in ((LINE, "escape"), ("enter BTC-USDT-SWAP long 5", "enter")):
            await screen.press(":")
            await screen.type(line)
            await screen.press("enter")
            answered(screen, line)
            await screen.pass_time(0.3)
            assert ("无法执行" in words(screen)) is (line != LINE)
            await screen.press(key)
        assert [verb for verb, _ in screen.link.sent] == ["plan", "plan"]

    play(cockpit, story, lang="zh")


def test_a_verb_of_the_palette_begins_the_line(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(":")
        await screen.type("hand.entries")
        await screen.press("enter")
        assert isinstance(screen.app.screen, Typed)
        await screen.type("FOMC at 19:00")
        await screen.press("enter")
        assert screen.link.sent == [
            ("plan", {"verb": "entries", "to": "off", "reason": "FOMC at 19:00"}),
        ]
        await screen.press(":")
        await screen.type("hand.undo")
        await screen.press("enter")
        assert screen.link.sent[-1] == ("plan", {"verb": "undo"})
        await screen.press(":")
        await screen.type("hand.enter")
        await screen.press("enter")
        await screen.type("95 --leverage 100")
        await screen.press("enter")
        assert isinstance(screen.app.screen, Typed), "it stays, and says what is wrong"
        assert "--leverage" in str(screen.app.screen.query_one("#hint").render())
        await screen.press("escape")
        assert len(screen.link.sent) == 2

    play(cockpit, story)


def test_who_only_watches_may_not(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press(":")
        await screen.type(LINE)
        await screen.press("enter")
        await screen.press(":")
        await screen.type("hand.lock")
        await screen.press("enter")
        assert screen.link.sent == []

    play(cockpit, story, driver=False)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "hand.unknown"),
        ("dance", "hand.unknown"),
        ("enter BTC", "hand.usage"),
        ("exit", "hand.usage"),
        ("exit A 1 2", "hand.usage"),
        ("undo it", "hand.usage"),
        ("lock BTC --because x", "hand.option"),
    ],
)
def test_a_line_that_is_none(line: str, why: str) -> None:
    with pytest.raises(Refusal) as no:
        from_line(line)
    assert no.value.message == why


def test_a_line_is_read_to_its_end() -> None:
    assert from_line("exit 2 --sleeve manual@1/X --reason I was wrong") == {
        "verb": "exit",
        "qty": "2",
        "sleeve": "manual@1/X",
        "reason": "I was wrong",
    }
    assert from_line("enter X short 1 --no-stop")["bare"] == "1"
