"""The first start on an account: money that moves while it is being read counts once."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters.okx import reading as reading_module
from cockpit.adapters.okx.rest import Rest
from cockpit.core import events as ev
from tests.okx.desks import exchange
from tests.okx.machine import machine

PAID_IN = Decimal(250)


@pytest.mark.parametrize("careful", [True, False])
def test_a_transfer_between_the_two_reads_of_the_first_start_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, careful: bool
) -> None:
    """Balances are read, money comes in, bills are read: the adapter sees it and reads again. One that did
    not (``careful`` False) would tell the engine a bill that the balance lacks: it was asked for before the
    bill was heard, and says nothing of the opening balance.
    """

    async def story() -> None:
        async with exchange() as running:
            venue, real = running.server.venue, Rest.get
            account = next(a for a in venue.accounts if a.demo)
            reads: list[str] = []

            async def get(self: Rest, path: str, *args: Any, **more: Any) -> Any:
                rows = await real(self, path, *args, **more)
                if path == "account/balance":
                    reads.append(path)
                    if len(reads) == 1:
                        account.deposit("USDT", PAID_IN, venue.clock.now())
                return rows

            monkeypatch.setattr(Rest, "get", get)
            if not careful:
                monkeypatch.setattr(reading_module, "SETTLE_MS", -(10**9))
            async with machine(running, tmp_path) as made:
                state = made.engine.state
                told = [e for e in made.heard if isinstance(e, ev.Transfer)]
                assert {e.amount for e in told} == {PAID_IN}
                assert made.notes["reconcile.adopted"] == 1
                await made.quiet()
                assert made.notes["reconcile.diff"] == 0
                assert state.voices.keys() == {"kill"}, "the halt of ``quiet``, and no other"
                assert abs(state.ledger.balances["USDT"] - made.truth()["cash"]) < Decimal("1e-9")
                assert state.ledger.flows["USDT"].transfers == PAID_IN

    asyncio.run(asyncio.wait_for(story(), 60))
