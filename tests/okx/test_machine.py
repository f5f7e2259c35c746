"""The whole cockpit trades on the local exchange over real sockets, and its books equal the venue's."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.core import events as ev
from tests.okx.desks import exchange
from tests.okx.machine import machine, settings, trade


def test_it_trades_and_the_books_are_equal(tmp_path: Path) -> None:
    async def story() -> None:
        async with exchange() as running, machine(running, tmp_path) as made:
            await trade(made, 12)
            await made.quiet()
            made.assert_equal_books()
            assert not made.engine.state.illegal
            assert not made.engine.state.faults

    asyncio.run(asyncio.wait_for(story(), 60))


def test_paper_on_the_live_book(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            exchange() as running,
            machine(running, tmp_path, settings(running, "paper")) as made,
        ):
            await trade(made, 6)
            assert not made.account.orders  # nothing of it reached the exchange
            assert any(isinstance(e, ev.Fill) and e.cid for e in made.heard)

    asyncio.run(asyncio.wait_for(story(), 60))
