"""The readable row of an order comes with the transaction after the order's own: it delays nothing, and a
death between the two costs nothing."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from cockpit.adapters.store import journal_read as read
from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app import market
from cockpit.app.recovery import recover
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.intents import Outcome, Place, Query
from cockpit.core.orders import OrderKind, OrderState, Role
from cockpit.core.types import PosSide, Side
from cockpit.strategies import ema_trend as ema_trend
from tests.adapters.journal_rows import ack, order, outcome

SWAP = "practice:BTC-USDT-SWAP"
NOW = 1_764_000_000_000


def test_the_table_is_at_most_one_transaction_behind(tmp_path: Path) -> None:
    async def session() -> None:
        store = await InlineStore.open(tmp_path / "cockpit.db", mode="practice")

        def rows() -> list[str]:
            return [one.cid for one in read.read_orders(store._connection)]

        store.append([(1, ack(1))], [outcome(1)], [order("a")])
        assert rows() == []
        store.append([(2, ack(2))], [outcome(2)], [order("b")])
        assert rows() == ["a", "b"], "what was left once is not left twice"
        store.append([(3, ack(3))], [outcome(3)], [order("c")])
        assert rows() == ["a", "b"]
        store.append([(4, ack(4))], now=False)
        assert rows() == ["a", "b", "c"], "nothing waits for this one"
        store.append([(5, ack(5))], [outcome(5)], [order("d")])
        await store.snapshot(5, b"state")
        assert rows() == ["a", "b", "c", "d"], "a snapshot is never ahead of the table"
        await store.close()

    asyncio.run(session())


def test_a_row_that_was_left_is_written_by_itself(tmp_path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(tmp_path / "cockpit.db", mode="practice")
        await store.append([(1, ack(1))], [outcome(1)], [order("a")])
        async with asyncio.timeout(20):
            while store.stats.waiting:
                await asyncio.sleep(0.001)
        assert [one.cid for one in await store._run(read.read_orders, store._connection)] == ["a"]
        await store.append([(2, ack(2))], [outcome(2)], [order("b")])
        assert [one.cid for one in await store.orders()] == ["a", "b"], "who reads is shown everything"
        await store.close()

    asyncio.run(session())


def test_a_decision_without_a_row_is_asked_about_and_gets_one(tmp_path: Path) -> None:
    """The process died between the two transactions, and this build would not decide it again."""
    source = market.practice(Config(), NOW, tmp_path, (SleeveConfig("ema_trend", SWAP),))
    cid = "ckp001000000007"
    place = Place(
        cid, "ema_trend@1", SWAP, Side.BUY, OrderKind.MARKET, Decimal(2), None, None, None,
        None, False, PosSide.NET, Role.ENTRY, "long",
    )  # fmt: skip

    async def session() -> None:
        path = tmp_path / "cockpit.db"
        store = await SqliteStore.open(path, mode="practice")
        engine, _ = await recover(store, Config(), "practice", source)
        boot = ev.Boot(engine.state.now, 1, "practice", "test", "")
        engine.step(boot)
        await store.append([(1, boot)], [Outcome(1, boot.ts, "boot", actions=(place,))])
        await store.close()

        store = await SqliteStore.open(path, mode="practice")
        engine, fold = await recover(store, Config(), "practice", source)
        (known,) = engine.state.orders.values()
        assert (fold.differing, fold.adopted) == (1, 0)
        # Not answered for yet, like any other order of a process that died: the boot asks about it.
        assert (known.cid, known.state, known.qty, known.intent) == (cid, OrderState.PENDING, Decimal(2), 1)
        asked = engine.step(ev.Boot(engine.state.now, 2, "practice", "test", "")).actions
        assert [action.cid for action in asked if isinstance(action, Query)] == [cid]
        assert engine.state.next_order == 8
        assert await store.orders() == [known]
        await store.close()

    asyncio.run(session())
