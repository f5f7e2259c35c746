"""Which sleeves go where, and that play money never takes real money along."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.app import beside, rig
from cockpit.app.beside import _kept, split
from cockpit.core import events as ev
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError


def sleeve(execution: str) -> SleeveConfig:
    return SleeveConfig("market_maker", "okx:BTC-USDT-SWAP", execution=execution)


def test_sleeves_are_divided_by_their_execution() -> None:
    same, paper, named = sleeve(""), sleeve("paper"), sleeve("live")
    assert split((same, paper, named), "live") == ((same, named), (paper,))
    assert split((same, paper), "paper") == ((same, paper), ())
    for rows, execution, said in (
        ((sleeve("demo"),), "live", "this run is live"),
        ((sleeve("live"), same), "paper", "this run is paper"),
        ((paper, paper), "demo", "every sleeve is on paper"),
    ):
        with pytest.raises(ConfigError, match=said):
            split(rows, execution)


def test_what_ends_the_paper_machine_is_said_and_ends_nothing_else() -> None:
    told: list[Any] = []

    async def fails() -> None:
        raise RuntimeError("a bug in a paper strategy")

    async def story() -> None:
        main: Any = SimpleNamespace(
            beside=object(),
            wall=SimpleNamespace(now_ms=lambda: 5),
            crew=SimpleNamespace(source=SimpleNamespace(put=told.append)),
        )
        await _kept(main, SimpleNamespace(run=fails))  # type: ignore[arg-type]
        assert main.beside is None

    asyncio.run(story())
    assert told == [ev.DataFault(5, "paper", "paper_sleeves", "RuntimeError: a bug in a paper strategy")]


def test_the_screen_hears_of_orders_of_both_machines_whichever_was_there_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def machine(other: Any = None) -> Any:
        return SimpleNamespace(crew=SimpleNamespace(kernel=SimpleNamespace(on_order=None)), beside=other)

    def knock() -> None:
        """Hears nothing."""

    later, first = machine(), machine(machine())
    link: Any = object.__new__(rig.LocalLink)
    link._runtime = first
    rig.LocalLink.on_order(link, knock)
    assert first.crew.kernel.on_order is first.beside.crew.kernel.on_order is knock

    class Opened(Exception):
        """As far as this test goes."""

    def door(_runtime: Any) -> Any:
        raise Opened

    async def story() -> None:
        first.beside = None
        async with beside.together(first, later):
            """Never."""

    monkeypatch.setattr(rig, "door", door)
    with pytest.raises(Opened):
        asyncio.run(story())
    assert later.crew.kernel.on_order is knock
