"""Tags, confidence and moved stops: from the pen to the orders, through gate, venue and round trips."""

from __future__ import annotations

from decimal import Decimal
from math import nan
from typing import Any

import msgspec
import pytest

from cockpit.app import compose
from cockpit.app.rehearse import HOUR, MARKET, candles
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.gate import Rule
from cockpit.core.intents import Amend
from cockpit.core.matching import Exchange, Rules, World
from cockpit.core.orders import Role
from cockpit.core.registry import strategy
from cockpit.core.trips import Trips
from cockpit.core.types import Side
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab import backtest
from tests.core.stand import LOOSE, Stand, loose_rules, places

SURE = msgspec.structs.replace(LOOSE, min_confidence=0.6)


def strict() -> tuple[Rule, ...]:
    return loose_rules(SURE)


# --- confidence -------------------------------------------------------------------------------------------


def test_quotes_that_it_is_not_sure_of_are_not_shown_and_shown_when_it_is() -> None:
    stand = Stand(rules=strict())
    assert stand.wish(lambda _v, w: w.quote(99.0, 1, 101.0, 1, "q", 0.5)) == ()
    assert stand.sleeve.verdicts[0].rule == "min_confidence"
    actions = stand.wish(lambda _v, w: w.quote(99.0, 1, 101.0, 1, "q", 0.7))
    assert [p.side for p in places(actions)] == [Side.BUY, Side.SELL]


def test_quotes_that_work_off_a_position_need_no_confidence() -> None:
    stand = Stand(rules=strict())
    stand.holding(5)
    (place,) = places(stand.wish(lambda _v, w: (w.release(), w.quote(nan, 0, 101.0, 5, "out", 0.1))))
    assert (place.side, place.role, place.tag) == (Side.SELL, Role.EXIT, "out")


def test_confidence_that_has_risen_is_news() -> None:
    stand = Stand(rules=strict())
    assert stand.wish(lambda _v, w: w.long(0.1, confidence=0.5)) == ()
    (place,) = places(stand.wish(lambda _v, w: w.long(0.1, confidence=0.9)))
    assert place.role is Role.ENTRY
    assert stand.wish(lambda _v, w: w.long(0.1, confidence=0.9)) == ()


# --- tags -------------------------------------------------------------------------------------------------


def test_a_quote_carries_its_tag_and_changes_it_with_the_next_one() -> None:
    stand = Stand()
    (bid,) = places(stand.wish(lambda _v, w: w.quote(99.0, 2, nan, 0, "open")))
    stand.ack(bid.cid)
    assert (bid.tag, stand.order(bid.cid).tag) == ("open", "open")
    (amend,) = stand.wish(lambda _v, w: w.quote(98.0, 2, nan, 0, "deeper"))
    assert isinstance(amend, Amend)
    assert stand.order(bid.cid).tag == "deeper"


@strategy("t_quoter")
class Quoter(msgspec.Struct):
    """Buys with a quote, sells with one."""

    @classmethod
    def create(cls, _params: None) -> Quoter:
        return cls()

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        if view.position:
            want.quote(nan, 0.0, bar.close * 1.02, view.position, "rich")
        else:
            want.quote(bar.close * 0.98, 3.0, nan, 0.0, "cheap")


def test_a_round_trip_of_quotes_says_why_in_and_why_out() -> None:
    bars = candles([100.0, 99.0, 96.0, 99.0, 103.0, 104.0])
    instruments = {MARKET.symbol: MARKET}
    world = World(iter(bars), Exchange(instruments, {"USDT": Decimal(10_000)}, Rules(queue="front"), 1))
    row = SleeveConfig("t_quoter", MARKET.symbol)
    engine = compose.fresh(
        Config(), "t", instruments, compose.cast([row], instruments, {MARKET.symbol: (HOUR,)})
    )
    trips = Trips(engine.state)
    backtest.run(engine, world, backtest.boot(world, "t", "", ""), lambda e, _o: trips.observe(e))
    (trip,) = [t for t in trips.finish() if t.closed]
    assert (trip.why_in, trip.why_out) == ("cheap", "rich")


def test_what_a_stop_closes_at_is_no_slippage_of_a_market_order() -> None:
    """Between the placing of a stop and its fill lies the market's own move: it stood in the report as 24 bp
    of slippage, and passports promised as much."""
    stand = Stand()
    trips = Trips(stand.state)

    def fill(cid: str, side: Side, price: str) -> tuple[Any, ...]:
        paid = Decimal("0.1")
        fact = ev.Fill(
            stand.now,
            cid,
            "v",
            f"t{cid}",
            stand.symbol,
            side,
            Decimal(price),
            Decimal(10),
            paid,
            "USDT",
            False,
        )
        after = stand.tell(fact)
        trips.observe(fact)
        return after

    (entry,) = places(stand.want(10, stop=90.0))
    stand.ack(entry.cid)
    (stop,) = places(fill(entry.cid, Side.BUY, "100.5"))
    worth = float(stand.instrument.quote_notional(Decimal(10), Decimal("100.5")))
    assert trips.slippage == pytest.approx(0.005 * worth)
    stand.ack(stop.cid)
    fill(stop.cid, Side.SELL, "89.9")
    assert (trips.slippage, trips.sent) == (pytest.approx(0.005 * worth), pytest.approx(worth))
    assert trips.turnover > trips.sent
    assert stand.have == 0


# --- stops that move --------------------------------------------------------------------------------------


def test_protect_moves_the_stop_and_sizes_nothing_anew() -> None:
    stand = Stand(cash="1000")
    (stop,) = places(stand.place_and_fill(stand.wish(lambda _v, w: w.long(0.5, stop=90.0, tag="in"))))
    stand.ack(stop.cid)
    stand.see(200.0)
    actions = stand.wish(lambda _v, w: w.protect(stop=150.0))
    (moved,) = places(actions)
    assert (moved.trigger, moved.qty, moved.role) == (Decimal(150), stand.have, Role.PROTECT)
    assert stand.sleeve.intent is not None
    assert (stand.sleeve.intent.target, stand.sleeve.intent.tag) == (stand.have, "in")
    assert stand.wish(lambda _v, w: w.protect(stop=150.0)) == ()


def test_long_with_another_stop_sizes_anew() -> None:
    stand = Stand(cash="1000")
    stand.place_and_fill(stand.wish(lambda _v, w: w.long(0.5, stop=90.0)))
    stand.see(200.0)
    stand.wish(lambda _v, w: w.long(0.5, stop=150.0))
    assert stand.sleeve.intent is not None
    assert stand.sleeve.intent.target != stand.have


def test_protect_in_the_breath_of_the_entry_is_part_of_it() -> None:
    stand = Stand(cash="1000")
    actions = stand.wish(lambda _v, w: (w.long(0.5), w.protect(stop=90.0, take=120.0)))
    (place,) = places(actions)
    assert place.qty == 500
    assert stand.sleeve.intent is not None
    assert (stand.sleeve.intent.stop, stand.sleeve.intent.take) == (90, 120)


@pytest.mark.parametrize("before", [None, "released"])
def test_protect_without_a_position_wanted_is_no_wish(before: str | None) -> None:
    want = Want()
    if before:
        want.position(2.0)
        want.release()
        want.dirty = False
    want.protect(stop=90.0)
    assert not want.dirty


def test_protect_after_the_stop_has_spoken_buys_nothing_back() -> None:
    stand = Stand()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    stand.fill(stop.cid, price=90)
    assert stand.have == 0
    assert stand.wish(lambda _v, w: w.protect(stop=95.0)) == ()
