"""Orders and positions that the cockpit did not make, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx_exchange import Options, Running
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.frames import Health
from cockpit.core.project import Projector
from tests.okx.desks import credentials, doors, exchange
from tests.okx.machine import SWAP, Machine, machine, settings, trade
from tests.okx.scripted import until

INST = "BTC-USDT-SWAP"
NOBODY = Health(0, 0, 0, 0, 0, 0, 0, 0, 0)


class Person:
    """Somebody with the same account and another program."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest

    async def order(self, **more: Any) -> dict[str, str]:
        body = {"instId": INST, "tdMode": "cross", "side": "buy", "ordType": "market", "sz": "5", **more}
        answer = await self.rest.post("trade/order", body)
        assert answer.row.get("sCode") == "0", answer
        return answer.row

    async def stop(self) -> dict[str, str]:
        body = {"instId": INST, "tdMode": "cross", "side": "sell", "ordType": "conditional", "sz": "1"}
        answer = await self.rest.post("trade/order-algo", {**body, "slTriggerPx": "1000", "slOrdPx": "-1"})
        assert answer.row.get("sCode") == "0", answer
        return answer.row


@asynccontextmanager
async def person(running: Running) -> AsyncIterator[Person]:
    rest = Rest(doors(running), credentials(running), Budget(asyncio.get_running_loop().time))
    try:
        yield Person(rest)
    finally:
        await rest.close()


def with_policy(running: Running, policy: str) -> Config:
    config = settings(running)
    return msgspec.structs.replace(config, risk=msgspec.structs.replace(config.risk, strangers=policy))


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(80):
            await story()

    asyncio.run(bounded())


def foreign_qty(made: Machine) -> Decimal:
    book = made.engine.state.ledger.sleeve(f"-|{SWAP}")
    return book.qty if book is not None else Decimal(0)


def test_what_was_there_before_is_shown_and_fences_its_market(tmp_path: Path) -> None:
    """A position and two orders older than the journal: books agree, nothing is entered, both can be seen."""

    async def story() -> None:
        async with exchange() as running, person(running) as somebody:
            await somebody.order()
            limit = await somebody.order(ordType="limit", px="1000", sz="1", clOrdId="mine1")
            await somebody.order(ordType="limit", px="1001", sz="1")
            await somebody.stop()
            async with machine(running, tmp_path, with_policy(running, "fence")) as made:
                state = made.engine.state
                assert foreign_qty(made) == 5
                assert len(state.strangers) == 3
                assert "mine1" in state.strangers
                await until(lambda: any(s.verdicts for s in state.sleeves.values()), 10)
                await asyncio.sleep(1.0)
                assert state.fills == 0
                why = next(s.verdicts[0] for s in state.sleeves.values() if s.verdicts)
                assert (why.rule, why.action) == ("strangers", "block")
                assert "a position of 5 and 3 resting orders" in why.reason
                frame = Projector(made.engine, mode="DEMO", venue="okx").frame(state.now, state.now, NOBODY)
                assert [(row.sleeve, row.qty) for row in frame.positions] == [("", 5.0)]
                assert sorted(row.state for row in frame.orders) == ["stranger"] * 3
                # A person cancels them by name: with a client id, with the venue's id only, and the stop.
                for cid in list(state.strangers):
                    await made.crew.command("cancel", {"cid": cid}, "test")
                await until(lambda: not state.strangers, 10)
                await somebody.order(side="sell")  # and closes their position elsewhere
                await trade(made, 3, 30)
                await made.quiet()
                assert limit["clOrdId"] == "mine1"
                assert made.truth()["positions"] == {}
                assert abs(made.books()["cash"] - made.truth()["cash"]) < Decimal("1e-9")
                assert not state.ledger.discrepancies()

    run(story)


def test_a_halt_closes_what_is_ours_and_leaves_a_strangers_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            exchange() as running,
            machine(running, tmp_path, with_policy(running, "share")) as made,
            person(running) as somebody,
        ):
            await trade(made, 3)
            await somebody.order(sz="7")
            await until(lambda: foreign_qty(made) == 7, 15)
            await trade(made, 3)
            await made.crew.halt("test", flatten=True)
            state = made.engine.state
            await until(lambda: state.halt is not None and state.halt.phase == "confirmed", 30)
            assert made.truth()["positions"] == {INST: 7}
            assert foreign_qty(made) == 7
            assert abs(made.books()["cash"] - made.truth()["cash"]) < Decimal("1e-9")

    run(story)


@pytest.mark.parametrize("held", ["before", "during"])
def test_a_claimed_position_is_traded_on(tmp_path: Path, held: str) -> None:
    """The one sleeve of the market takes it over, and its books add up to the account's throughout."""

    async def story() -> None:
        async with exchange() as running, person(running) as somebody:
            if held == "before":
                await somebody.order()
            async with machine(running, tmp_path, with_policy(running, "claim")) as made:
                if held == "during":
                    await somebody.order()
                await until(lambda: made.notes["stranger.claimed"] > 0, 45)
                assert foreign_qty(made) == 0
                await trade(made, 3, 30)
                await made.quiet()
                assert made.truth()["positions"] == {}
                assert abs(made.books()["cash"] - made.truth()["cash"]) < Decimal("1e-9")
                assert not made.engine.state.ledger.discrepancies()

    run(story)


@pytest.mark.parametrize("held", ["before", "during"])
def test_a_market_that_only_a_person_trades_is_learned(tmp_path: Path, held: str) -> None:
    """Cash is one for the whole account: a trade by hand on a market that no setting names stopped entries
    for ever, with "a fill in a market we do not know" every five seconds."""
    other = "ETH-USDT-SWAP"

    async def story() -> None:
        options = Options(symbols=(INST, other), history=5)
        async with exchange(options) as running, person(running) as somebody:
            if held == "before":
                await somebody.order(instId=other, sz="4")
            async with machine(running, tmp_path, with_policy(running, "fence")) as made:
                state = made.engine.state
                if held == "during":
                    await trade(made, 2, 30)
                    await somebody.order(instId=other, sz="4")

                def known() -> bool:
                    book = state.ledger.sleeve(f"-|okx:{other}")
                    return book is not None and book.qty == 4 and state.marks.get(f"okx:{other}", 0) > 0

                await until(known, 30)
                await trade(made, 3, 30)  # our own market is traded all the same
                assert made.notes["fill.unknown_symbol"] == 0
                await somebody.order(instId=other, side="sell", sz="4")
                await made.quiet()
                assert abs(made.books()["cash"] - made.truth()["cash"]) < Decimal("1e-9")

    run(story)


def test_a_sleeve_on_a_market_that_the_journal_does_not_know_joins_at_a_restart(tmp_path: Path) -> None:
    """It ended the start with a KeyError, and with it went the care for what was held."""
    other = "okx:ETH-USDT-SWAP"

    async def story() -> None:
        options = Options(symbols=(INST, "ETH-USDT-SWAP"), history=5)
        async with exchange(options) as running:
            config = settings(running)
            async with machine(running, tmp_path, config) as made:
                await trade(made, 2, 30)
                await made.crew.kernel.snapshot()
            more = (*config.sleeves, SleeveConfig("okx_churn", other))
            async with machine(running, tmp_path, msgspec.structs.replace(config, sleeves=more)) as made:
                await until(lambda: bool(made.engine.state.ledger.held(other)), 30)
            async with machine(running, tmp_path, config) as made:  # and leaves again: it can be closed
                assert other in made.engine.state.instruments
                await made.quiet()
                assert made.truth()["positions"] == {}

    run(story)
