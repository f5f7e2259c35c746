"""The whole machine on scripted exchanges: settings, keys, journal, engine, workers, ccxt, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.adapters.ccxt_venue import market as ccxt_market
from cockpit.adapters.ccxt_venue import venue as ccxt_venue
from cockpit.adapters.ccxt_venue import wire as ccxt_wire
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app.consent import Consent
from cockpit.app.discover import discover
from cockpit.app.exchanges import ExchangeSession, open_exchange
from cockpit.app.okx import ring
from cockpit.app.recovery import recover
from cockpit.app.wiring import WallClock, wire
from cockpit.core import events as ev
from cockpit.core.config import Config, ExchangeConfig, RiskConfig, RunConfig, SleeveConfig
from cockpit.core.errors import CockpitError, ConfigError
from cockpit.core.orders import OrderState, Role
from cockpit.workers.crew import Crew
from cockpit.workers.inbox import Inbox
from tests.contract.server import Scripted
from tests.contract.stands import FAKES, credentials
from tests.okx.machine import Churn
from tests.okx.scripted import alive, until

both = pytest.mark.parametrize("venue", tuple(FAKES))
PLACING = ("/order", "/algoOrder", "/order/create")
assert Churn  # registers the strategy that never rests


class OneKey:
    """A store that holds the scripted exchange's demo key."""

    place = "test"

    def __init__(self, venue: str) -> None:
        self._keys = credentials(venue)

    def names(self) -> list[Any]:
        return []

    def get(self, which: Any) -> Any:
        return self._keys if (which.environment, which.purpose) == ("demo", "trade") else None

    def put(self, keys: Any) -> None:
        raise NotImplementedError

    def remove(self, which: Any) -> bool:
        return False


def settings(server: Scripted, execution: str = "demo") -> Config:
    where = ExchangeConfig(rest=server.rest, socket=server.socket)
    return Config(
        run=RunConfig(feed=server.venue, execution=execution, equity=100_000.0),
        risk=RiskConfig(max_orders_per_second=50, max_orders_per_minute=3_000, min_confidence=0.0),
        sleeves=(SleeveConfig("okx_churn", f"{server.venue}:BTCUSDT"),),
        **{server.venue: where},
    )


class Machine:
    """One process of the cockpit."""

    def __init__(self, server: Scripted, crew: Crew) -> None:
        self.server = server
        self.crew = crew
        self.engine = crew.engine
        self.heard: list[ev.AnyEvent] = []
        self.notes: Counter[str] = Counter()

    def observe(self, event: ev.AnyEvent, outcome: Any) -> None:
        if event.__class__ not in ev.MARKET:
            self.heard.append(event)
        for note in outcome.notes:
            self.notes[note.message] += 1

    async def trade(self, fills: int, seconds: float = 25.0) -> None:
        goal = self.engine.state.fills + fills
        await until(lambda: self.engine.state.fills >= goal, seconds)

    def stops(self) -> list[Any]:
        """Living stops, as the machine knows them."""
        return [
            o
            for o in self.engine.state.orders.values()
            if o.role is Role.PROTECT and o.state is OrderState.LIVE
        ]

    def resting(self) -> set[str]:
        known = self.server.floor.known.items()
        return {cid for cid, o in known if o.state in {"live", "partial", "waits"}}

    async def quiet(self) -> None:
        """Halt and flatten; then both sides are flat, nothing rests, and the books have been read back."""
        await self.crew.halt("test", flatten=True)

        def settled() -> bool:
            halt = self.engine.state.halt
            return halt is not None and halt.phase == "confirmed" and not self.resting()

        await until(settled, 30)

    def assert_equal_books(self) -> None:
        """Fill for fill, position for position, cash to the venue's own rounding; nothing sent twice."""
        floor, state = self.server.floor, self.engine.state
        mine = {e.trade_id: e.qty for e in self.heard if isinstance(e, ev.Fill)}
        assert sorted(mine.values()) == sorted(fill.qty for _, fill in floor.fills)
        assert not [p for p in state.ledger.held() if p.qty]
        assert floor.position is None
        assert abs(state.ledger.balances["USDT"] - floor.balance) < Decimal("0.001")
        names = ("newClientOrderId", "clientAlgoId", "orderLinkId")
        placed = [row for row in self.server.log if row[0] == "POST" and row[1].endswith(PLACING)]
        sent = Counter(params[name] for _, _, params in placed for name in names if name in params)
        assert sent
        assert [cid for cid, count in sent.items() if count > 1] == []


@contextlib.asynccontextmanager
async def machine(
    server: Scripted,
    folder: Path,
    config: Config | None = None,
    *,
    orderly: bool = True,
    store_of_keys: Any = None,
    consent: Consent | None = None,
) -> AsyncIterator[Machine]:
    """A cockpit on a scripted exchange; not ``orderly``: at the end it is cut off in the act."""
    discover()
    config = config or settings(server)
    kept = store_of_keys or OneKey(server.venue)
    session = await open_exchange(config, folder, kept, consent=consent)
    store = await SqliteStore.open(folder / "cockpit.db", mode=config.run.execution, synchronous="OFF")
    try:
        engine, _ = await recover(store, config, config.run.execution, session)
        clock, inbox = WallClock(), Inbox()
        live = session.connect(inbox.put, clock.now_ms)
        made: list[Machine] = []
        crew = Crew(
            engine,
            store,
            live.venue,
            inbox,
            clock,
            observe=lambda event, outcome: made[0].observe(event, outcome),
            others={**live.jobs, "ring": lambda: ring(lambda: engine.deadline, inbox.put, clock.now_ms)},
        )
        made.append(Machine(server, crew))
        crew.boot(engine.state.boot + 1, config.run.execution, "test", "", clock.now_ms())
        async with alive(crew.run()):
            yield made[0]
            if orderly:
                await crew.drain()
    finally:
        await store.close()
        await session.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_venue, "CATCH_UP_S", 2.0)
    monkeypatch.setattr(ccxt_market, "BOOK_S", 2.0)
    monkeypatch.setattr(ccxt_wire, "PING_S", 1.0)


@both
def test_it_trades_is_hurt_restarts_and_the_books_are_equal(venue: str, tmp_path: Path) -> None:
    """Answers lost, the account's stream cut, a stop dead at the venue, a process cut off in the act."""

    async def story() -> None:
        async with FAKES[venue][0]().running() as server:
            async with machine(server, tmp_path, orderly=False) as made:
                await made.trade(3)
                server.fault("algoOrder" if venue == "binance" else "order/create", "lose")
                server.cut("private")
                await made.trade(3)
                before = list(made.heard)
            async with machine(server, tmp_path) as made:
                made.heard[:0] = before
                await made.trade(2)
                await until(lambda: made.stops() and made.engine.state.reconciled, 20)
                dead = made.stops()[0].cid
                server.floor.strangle(dead)
                await until(lambda: any(o.cid != dead for o in made.stops()), 20)
                await made.quiet()
                made.assert_equal_books()
                assert not made.engine.state.illegal

    asyncio.run(asyncio.wait_for(story(), 100))


@both
def test_paper_on_the_live_book(venue: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            FAKES[venue][0]().running() as server,
            machine(server, tmp_path, settings(server, "paper")) as made,
        ):
            await made.trade(4)
            assert not server.floor.known  # nothing of it reached the exchange
            assert not [row for row in server.log if row[0] == "POST"]

    asyncio.run(asyncio.wait_for(story(), 60))


@both
def test_what_refuses_to_start(venue: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with FAKES[venue][0]().running() as server:
            good = settings(server)
            keys = OneKey(venue)
            other = (SleeveConfig("okx_churn", "okx:BTC-USDT-SWAP"),)
            listed = (SleeveConfig("okx_churn", f"{venue}:NOSUCHUSDT"),)
            odd = (SleeveConfig("ema_trend", f"{venue}:BTCUSDT", "7m"),)
            cases: list[tuple[Config, Any, str]] = [
                (changed(good, run={"execution": "live"}), keys, "run.live = true"),
                (changed(good, run={"live": True, "execution": "live"}), keys, "without a typed word"),
                (good, None, f"cockpit keys add {venue}/demo/trade"),
                (changed(good, venue={"leverage": 9.0}), keys, "settings say venue.leverage = 9"),
                (changed(good, venue={"position_mode": "hedge"}), keys, "venue.position_mode = hedge"),
                (changed(good, venue={"margin_mode": "isolated"}), keys, "only cross is"),
                (msgspec.structs.replace(good, sleeves=other), keys, "has no okx:BTC-USDT-SWAP"),
                (msgspec.structs.replace(good, sleeves=listed), keys, "lists no perpetual NOSUCHUSDT"),
                (msgspec.structs.replace(good, sleeves=odd), keys, "has no bars of 7m"),
                (changed(good, **{venue: {"socket": ""}}), keys, "an address is two"),
            ]
            for config, store, said in cases:
                with pytest.raises(CockpitError, match=said):
                    await open_exchange(config, tmp_path / "refused", store)
            session = await open_exchange(good, tmp_path, keys)
            one = session.instruments[f"{venue}:BTCUSDT"]
            assert (one.tick, one.lot, one.min_notional) == (Decimal("0.1"), Decimal("0.001"), Decimal(5))
            assert (one.maker_fee, one.taker_fee) == (Decimal("0.0002"), Decimal("0.0005"))
            assert len(one.tiers) == 2
            assert len(session.warm) >= 20  # indicators begin warm
            await session.close()
            (tmp_path / f"{venue}.json").write_text('{"born":1,"execution":"demo","uid":"somebody"}')
            with pytest.raises(ConfigError, match="journal of demo account somebody"):
                await open_exchange(good, tmp_path, keys)

    asyncio.run(asyncio.wait_for(story(), 60))


def changed(config: Config, **tables: dict[str, object]) -> Config:
    """The same settings but for these keys."""
    fresh = {name: msgspec.structs.replace(getattr(config, name), **keys) for name, keys in tables.items()}
    return msgspec.structs.replace(config, **fresh)


def test_the_run_is_wired_like_any_other(tmp_path: Path) -> None:
    """``app.wiring`` knows it: door, clock, timers, and what must be closed."""

    async def story() -> None:
        async with FAKES["binance"][0]().running() as server:
            config = settings(server, "paper")
            session = await open_exchange(config, tmp_path, None)
            assert isinstance(session, ExchangeSession)
            store = await SqliteStore.open(tmp_path / "cockpit.db", mode="paper", synchronous="OFF")
            engine, _ = await recover(store, config, "paper", session)
            wiring = wire("paper", "", tmp_path, session, engine)
            assert {"feed", "paper", "timers"} <= wiring.jobs.keys()
            assert wiring.exchange is not None
            assert wiring.close is not None
            await wiring.close()
            await store.close()

    asyncio.run(asyncio.wait_for(story(), 30))
