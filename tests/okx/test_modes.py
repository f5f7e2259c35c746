"""The whole machine in each account mode, with funding on the way: the books stay the venue's."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters.okx import adapter as adapter_module
from cockpit.adapters.okx_exchange import Options
from cockpit.adapters.okx_exchange.admin import truth
from cockpit.core import events as ev
from cockpit.core.config import SleeveConfig
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from tests.okx.desks import SPOT, exchange
from tests.okx.machine import BEAT_MS, machine, settings, trade
from tests.okx.scripted import until
from tests.okx.test_machine import changed

INST = "BTC-USDT-SWAP"


@strategy("okx_coins", None, version=1, wakes=("book",))
class Coins(msgspec.Struct):
    """Buys a little, sells it again, every quarter of a second."""

    beat: int = 0

    @classmethod
    def create(cls, _params: object) -> Coins:
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        beat = view.now // BEAT_MS
        if beat != self.beat and view.book_ok:
            self.beat = beat
            want.position(0.01 if beat % 2 else 0.0)


@pytest.mark.parametrize("margin", ["cross", "isolated"])
@pytest.mark.parametrize("position", ["net", "hedge"])
def test_every_mode_trades_pays_funding_and_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: str, margin: str
) -> None:
    monkeypatch.setattr(adapter_module, "CATCH_UP_S", 1.0)

    async def story() -> None:
        async with exchange() as running:
            account = next(a for a in running.server.venue.accounts if a.demo)
            account.set_hedged(position == "hedge")
            config = changed(settings(running), venue={"position_mode": position, "margin_mode": margin})
            async with machine(running, tmp_path, config) as made:
                await trade(made, 4, 30)
                for _ in range(3):
                    running.server.venue.fund(INST, 0.0007)
                    await trade(made, 2, 30)
                await made.quiet(40)
                paid = {e.bill_id for e in made.heard if isinstance(e, ev.FundingPaid)}
                bills = {b.bill_id for b in account.bills if b.type == "8"}
                await until(lambda: len(paid) == len(bills), 1)
                ledger = made.engine.state.ledger
                cash = {c: v for c, v in ledger.balances.items() if v}
                assert abs(cash["USDT"] - made.truth()["cash"]) < Decimal("1e-9")
                assert made.truth()["positions"] == {}
                assert made.sent_twice() == []
                assert ledger.discrepancies() == []
                assert not made.engine.state.illegal

    asyncio.run(asyncio.wait_for(story(), 150))


def test_spot_is_bought_and_sold_in_coins_and_both_currencies_add_up(tmp_path: Path) -> None:
    """No short side, fees in the coin that was bought, a balance instead of a position."""

    async def story() -> None:
        options = Options(symbols=("BTC-USDT",), history=30)
        async with exchange(options) as running:
            config = settings(running)
            config = msgspec.structs.replace(config, sleeves=(SleeveConfig("okx_coins", SPOT),))
            async with machine(running, tmp_path, config) as made:
                await trade(made, 6, 30)
                await made.crew.command(
                    "sleeve_off", {"sleeve": next(iter(made.engine.state.sleeves))}, "test"
                )
                await until(lambda: not made.engine.state.orders, 20)
                ledger = made.engine.state.ledger
                told = truth(made.account)["cash"]
                for ccy in ("BTC", "USDT"):
                    await until(
                        lambda ccy=ccy: abs(ledger.balances[ccy] - Decimal(told[ccy])) < Decimal("1e-9"), 20
                    )
                assert made.sent_twice() == []
                assert made.engine.state.reconciled
                assert not made.engine.state.voices
                assert ledger.discrepancies() == []

    asyncio.run(asyncio.wait_for(story(), 90))


def test_clocks_that_part_for_good_are_measured_again_at_once(tmp_path: Path) -> None:
    """Somebody sets a clock while we trade: the first refusal tells, not the regular minute."""

    async def story() -> None:
        jump = 45_000  # back it cannot jump: this exchange's own market runs on it
        async with exchange() as running, machine(running, tmp_path) as made:
            await trade(made, 3, 30)
            made.strike("clock", "skew", ms=jump)
            made.strike("sockets private", "abort")  # the next login is signed with the wrong time
            await until(lambda: abs(made.session.rest.offset_ms - jump) < 5_000, 20)
            await trade(made, 3, 30)
            await made.quiet(40)
            assert made.truth()["positions"] == {}
            assert made.sent_twice() == []

    asyncio.run(asyncio.wait_for(story(), 120))
