"""Facts of a market that nothing has named wait for its terms."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from cockpit.adapters.connectivity import newcomers
from cockpit.adapters.connectivity.newcomers import Newcomers
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import Instrument, PosSide, Side
from tests.core.stand import LINEAR
from tests.okx.scripted import alive, until

NEW = "okx:NEW-USDT-SWAP"
TERMS = msgspec.structs.replace(LINEAR, symbol=NEW)


def fill(number: int, symbol: str = NEW) -> ev.Fill:
    one = Decimal(1)
    return ev.Fill(number, "", "v", f"t{number}", symbol, Side.BUY, one, one, Decimal(0), "USDT", False)


def report(*symbols: str) -> ev.AccountReport:
    rows = tuple(ev.VenuePosition(name, Decimal(1), Decimal(1), PosSide.NET) for name in symbols)
    return ev.AccountReport(9, {}, rows, ())


class Asked:
    """Answers with the next of ``answers``: terms, None, or an error to raise."""

    def __init__(self, *answers: Instrument | Exception | None) -> None:
        self.answers = list(answers)
        self.heard: list[ev.AnyEvent] = []
        self.made = Newcomers([TERMS.symbol + "-KNOWN"], self.heard.append, lambda: 1, self.fetch)

    async def fetch(self, symbol: str) -> Instrument | None:
        assert symbol == NEW
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_terms_go_first_and_nothing_is_lost_or_turned_round() -> None:
    async def story() -> None:
        asked = Asked(TERMS)
        asked.made.put(fill(1))
        asked.made.put(fill(2, NEW + "-KNOWN"))
        asked.made.put(report(NEW))
        paid = ev.FundingPaid(3, NEW, Decimal(1), "USDT", Decimal(0), "b1")
        asked.made.put(paid)
        assert asked.heard[0] == fill(2, NEW + "-KNOWN")
        (told,) = asked.heard[1:]
        assert isinstance(told, ev.AccountReport)
        assert not told.complete  # it proves nothing while the fill of that market is not told
        async with alive(asked.made.run()):
            await until(lambda: len(asked.heard) == 5)
        assert asked.heard[2:] == [ev.Listing(1, TERMS), fill(1), paid]
        asked.made.put(report(NEW))
        assert asked.heard[-1] == report(NEW)

    asyncio.run(story())


def test_a_market_that_is_only_held_is_asked_for_and_so_is_one_to_act_on() -> None:
    async def story() -> None:
        for meet in (lambda made: made.put(report(NEW)), lambda made: made.want(NEW)):
            asked = Asked(TERMS)
            meet(asked.made)
            async with alive(asked.made.run()):
                await until(lambda asked=asked: ev.Listing(1, TERMS) in asked.heard)

    asyncio.run(story())


def test_an_exchange_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newcomers, "AGAIN_S", 0.01)

    async def story() -> None:
        asked = Asked(Transient("away"), Transient("away"), TERMS)
        asked.made.put(fill(1))
        async with alive(asked.made.run()):
            await until(lambda: fill(1) in asked.heard)
        fault = ev.DataFault(1, NEW, "listing", "away")
        assert asked.heard == [fault, fault, ev.Listing(1, TERMS), fill(1)]

    asyncio.run(story())


def test_what_cannot_be_kept_here_is_passed_on_as_it_is() -> None:
    """The engine says so; and it is not asked for again with every reading."""

    async def story() -> None:
        asked = Asked(None)
        asked.made.put(fill(1))
        async with alive(asked.made.run()):
            await until(lambda: fill(1) in asked.heard)
            asked.made.put(report(NEW))
            await asyncio.sleep(0.02)
        assert asked.heard == [fill(1), report(NEW)]

    asyncio.run(story())
