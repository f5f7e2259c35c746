"""The whole cockpit trades on the local exchange over real sockets, and its books equal the venue's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters.keys import Store
from cockpit.app.okx import open_okx
from cockpit.core import events as ev
from cockpit.core.config import Config
from cockpit.core.errors import CockpitError, ConfigError, Transient
from tests.okx.desks import OPTIONS, exchange
from tests.okx.machine import SWAP, OneKey, machine, settings, trade
from tests.okx.scripted import until


def test_it_trades_and_the_books_are_equal(tmp_path: Path) -> None:
    async def story() -> None:
        async with exchange() as running, machine(running, tmp_path) as made:
            await trade(made, 12)
            await made.quiet()
            made.assert_equal_books()
            assert not made.engine.state.illegal
            # A machine under load is late like a silent venue is: it asks anew, and that is no fault of ours.
            assert set(made.engine.state.faults) <= {"silent"}

    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_restart_in_the_middle_of_it_finds_everything_again(tmp_path: Path) -> None:
    """Orders, stops, positions and money from before: same journal, next process, nothing sent twice."""

    async def story() -> None:
        async with exchange() as running:
            before = []
            for _ in range(2):
                async with machine(running, tmp_path, orderly=False) as made:
                    await trade(made, 4)
                    before += made.heard
            async with machine(running, tmp_path) as made:
                made.heard[:0] = before
                assert made.engine.state.fills >= 8
                await trade(made, 2)
                await made.quiet()
                made.assert_equal_books()

    asyncio.run(asyncio.wait_for(story(), 90))


def test_a_crossed_book_is_told_not_traded_on_and_mended(tmp_path: Path) -> None:
    """An update lies although the chain holds: no later one makes it good, so the book is asked for anew."""

    async def story() -> None:
        async with exchange() as running, machine(running, tmp_path, settings(running)) as made:
            await trade(made, 3)
            book = made.engine.markets[SWAP].book
            lie = ((book.best_ask * 1.01, 1.0),)
            now = made.crew.engine.state.now
            made.crew.source.put(ev.BookDelta(now, SWAP, now, lie, (), book.seq, -1))
            await until(lambda: book.crossed, 5)
            await until(
                lambda: [e for e in made.heard if isinstance(e, ev.DataFault) and e.what == "crossed"]
            )
            await until(lambda: book.ok, 10)
            await trade(made, 3)
            await made.quiet()
            made.assert_equal_books()

    asyncio.run(asyncio.wait_for(story(), 90))


def test_what_refuses_to_start(tmp_path: Path) -> None:
    async def story() -> None:
        async with exchange() as running:
            good = settings(running)
            keys = OneKey(running)
            cases: list[tuple[Config, Store | None, str]] = [
                (changed(good, run={"execution": "live"}), keys, "set run.live = true as well"),
                (changed(good, run={"live": True, "execution": "live"}), keys, "without a typed word"),
                (good, None, "cockpit keys add okx/demo/trade"),
                (changed(good, venue={"leverage": 9.0}), keys, "settings say venue.leverage = 9"),
                (changed(good, venue={"position_mode": "hedge"}), keys, "venue.position_mode = hedge"),
                (changed(good, okx={"symbols": ("NO-SUCH-SWAP",)}), keys, "lists no NO-SUCH-SWAP"),
            ]
            for config, store, said in cases:
                with pytest.raises(CockpitError, match=said):
                    await open_okx(config, tmp_path, store)
            session = await open_okx(good, tmp_path, keys)
            assert session.born.uid
            assert len(session.warm) >= 20  # indicators begin warm
            await session.close()
            (tmp_path / "okx.json").write_text('{"born":1,"execution":"demo","uid":"somebody"}')
            with pytest.raises(ConfigError, match="journal of demo account somebody"):
                await open_okx(good, tmp_path, keys)

    asyncio.run(asyncio.wait_for(story(), 60))


def changed(config: Config, **tables: dict[str, object]) -> Config:
    """The same settings but for these keys."""
    fresh = {name: msgspec.structs.replace(getattr(config, name), **keys) for name, keys in tables.items()}
    return msgspec.structs.replace(config, **fresh)


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


def test_over_tls_only_a_certificate_that_is_trusted_is_talked_to(tmp_path: Path) -> None:
    """https and wss as at OKX: with the certificate named it trades, without it nothing is sent."""

    async def story() -> None:
        async with exchange(msgspec.structs.replace(OPTIONS, tls=True)) as running:
            strange = settings(running)
            assert strange.okx.rest.startswith("https://")
            assert strange.okx.socket.startswith("wss://")
            with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
                await open_okx(strange, tmp_path, OneKey(running))
            with pytest.raises(ConfigError, match="no file"):
                await open_okx(changed(strange, okx={"ca_file": "gone.pem"}), tmp_path, OneKey(running))
            known = changed(strange, okx={"ca_file": str(running.certificate)})
            async with machine(running, tmp_path, known) as made:
                await trade(made, 4)
                await made.quiet()
                made.assert_equal_books()

    asyncio.run(asyncio.wait_for(story(), 90))
