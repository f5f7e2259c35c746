"""The question before real money, as a person meets it."""

from __future__ import annotations

import asyncio

import pytest
from textual.widgets import Static

from cockpit.tui.confirm import Confirm
from cockpit.tui.settings import TuiSettings


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("L", "I", "V", "E", "enter"), "LIVE"),
        (("D", "A", "E", "M", "O", "N", "enter"), "DAEMON"),
        (("escape",), None),
        (("l", "i", "v", "e", "enter", "escape"), None),
        (("enter", "escape"), None),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), (132, 43)])
def test_only_the_word_is_yes(keys: tuple[str, ...], answer: str | None, size: tuple[int, int]) -> None:
    async def story() -> None:
        app = Confirm(TuiSettings(), "LIVE: this is real money", ["account 9001"], ("LIVE", "DAEMON"))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            shown = " ".join(str(w.render()) for w in app.screen.query(Static))
            assert "real money" in shown
            assert "account 9001" in shown
            await pilot.press(*keys)
            await pilot.pause()
        assert app.answer == answer
        assert not app.link.sent  # type: ignore[attr-defined]

    asyncio.run(story())
