"""``step``: hooks, fences, timers, links, listings; the same events give the same outcomes."""

from __future__ import annotations

from math import nan

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.intents import Outcome, ReadAccount
from cockpit.core.ledger import Ledger
from cockpit.core.state import Sleeve, new_state
from cockpit.core.turn import NOTHING, Turn
from cockpit.core.types import InstrumentState, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from tests.core.stand import LINEAR, D, Stand, kinds, loose_rules, places


class Listener(msgspec.Struct):
    """Hears everything and says nothing, or breaks where it is told to."""

    timer_ms: int = 100
    heard: list[str] = []
    breaks: str = ""

    def _hear(self, what: str, view: View) -> None:
        assert view.now
        self.heard.append(what)
        if self.breaks == what:
            raise LookupError(what)

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        self._hear(f"bar{bar.tf}", view)

    def on_book(self, view: View, want: Want) -> None:
        self._hear("book", view)

    def on_trade(self, trade: ev.Trade, view: View, want: Want) -> None:
        self._hear("trade", view)

    def on_funding(self, rate: ev.FundingRate, view: View, want: Want) -> None:
        assert view.funding_rate == rate.rate
        self._hear("funding", view)

    def on_timer(self, view: View, want: Want) -> None:
        self._hear("timer", view)


SYMBOL = LINEAR.symbol


def machine(strategy: object, tf: int = 0) -> Engine:
    state = new_state("USDT", "test", D(1000), Ledger())
    state.instruments[SYMBOL] = LINEAR
    engine = Engine(state, loose_rules())
    state.now = 1_000
    engine.add_sleeve(Sleeve("l", 1, "listener", 1, SYMBOL, tf), strategy)
    return engine


def everything(ts: int) -> list[ev.AnyEvent]:
    return [
        ev.Bar(ts, SYMBOL, 60_000, 1, 2, 0.5, 1.5, 9),
        ev.Bar(ts, SYMBOL, 5_000, 1, 2, 0.5, 1.5, 9),
        ev.BookSnapshot(ts, SYMBOL, ts, ((99.0, 1.0),), ((101.0, 1.0),), 5),
        ev.BookDelta(ts, SYMBOL, ts, ((99.0, 2.0),), (), 6, 5),
        ev.Touch(ts, SYMBOL, ts, 99.0, 1.0, 101.0, 1.0),
        ev.Trade(ts, SYMBOL, ts, 100.0, 1.0, Side.BUY),
        ev.FundingRate(ts, SYMBOL, 0.0001, ts + 1),
        ev.Mark(ts, SYMBOL, 100.0, 100.0),
        ev.OpenInterest(ts, SYMBOL, 5.0),
        ev.Timer(ts),
    ]


def test_each_hook_hears_its_events_and_only_its_timeframe() -> None:
    listener = Listener(heard=[])
    engine = machine(listener, tf=5_000)
    assert engine.deadline == 1_100
    for event in everything(2_000):
        engine.step(event)
    assert listener.heard == ["bar5000", "book", "book", "book", "trade", "funding", "timer"]
    assert engine.deadline == 2_100


def test_market_news_that_leads_to_nothing_makes_no_record() -> None:
    engine = machine(Listener(heard=[]))
    digest = engine.digest
    assert all(engine.step(event) is NOTHING for event in everything(2_000))
    assert engine.digest == digest
    assert engine.state.seq == 10


def test_other_symbols_are_nobodys_business() -> None:
    listener = Listener(heard=[])
    engine = machine(listener)
    for event in everything(2_000)[:6]:
        engine.step(msgspec.structs.replace(event, symbol="sim:OTHER"))
    assert listener.heard == []


@pytest.mark.parametrize("hook", ["bar60000", "book", "trade", "funding", "timer"])
def test_a_hook_that_breaks_is_benched_once_and_the_machine_flies_on(hook: str) -> None:
    listener = Listener(heard=[], breaks=hook)
    engine = machine(listener)
    notes = []
    for event in everything(2_000) + everything(3_000):
        notes += [note.message for note in engine.step(event).notes]
    assert notes.count("sleeve.benched") == 1
    assert engine.state.sleeves["l"].benched.startswith(f"LookupError: {hook} (test_engine.py:")


def test_a_gap_is_counted_and_the_book_is_not_ok_until_the_next_snapshot() -> None:
    engine = machine(Listener(heard=[]))
    for event in everything(2_000)[2:4]:
        engine.step(event)
    engine.step(ev.BookDelta(2_100, SYMBOL, 0, ((98.0, 2.0),), (), 9, 8))
    assert engine.state.faults == {"gap": 1}
    assert not engine.markets[SYMBOL].book.ok
    engine.step(everything(2_200)[2])
    assert engine.markets[SYMBOL].book.ok


def test_time_does_not_go_back() -> None:
    engine = machine(Listener(heard=[]))
    engine.step(ev.Timer(5_000))
    engine.step(ev.Timer(4_000))
    assert engine.state.now == 5_000


def test_data_faults_are_said_at_powers_of_ten() -> None:
    engine = machine(Listener(heard=[]))
    said = [bool(engine.step(ev.DataFault(1_000, SYMBOL, "late", "")).notes) for _ in range(100)]
    assert [n + 1 for n, yes in enumerate(said) if yes] == [1, 10, 100]


def test_a_link_that_comes_back_reads_the_account() -> None:
    stand = Stand()
    stand.tell(ev.Link(stand.now, "private", True))
    assert stand.tell(ev.Link(stand.now, "private", False, "cut")) == ()
    assert stand.notes() == ["link.down"]
    assert stand.tell(ev.Link(stand.now, "private", False, "cut")) == ()
    assert stand.notes() == [], "said once"
    (read,) = stand.tell(ev.Link(stand.now, "private", True))
    assert isinstance(read, ReadAccount)
    assert stand.tell(ev.Link(stand.now, "market", True)) == ()


def test_a_line_that_is_not_up_yet_is_no_alarm_but_lets_nothing_enter() -> None:
    """A process starts: what it was told of orders before is no news of now (I12)."""
    stand = Stand(rules=loose_rules())
    stand.tell(ev.Boot(stand.now, 2, "demo", "0", "c"))
    stand.tell(ev.AccountReport(stand.now, dict(stand.state.ledger.balances), (), (), request_id="boot-2-0"))
    stand.tell(ev.Link(stand.now, "private", False, "connecting"))
    assert stand.notes() == ["link.opening"]
    assert places(stand.want(5)) == []
    stand.tell(ev.Link(stand.now, "private", True))
    assert stand.notes() == ["link.up"]


def test_a_listing_that_opens_again_lets_the_wish_through() -> None:
    suspended = msgspec.structs.replace(LINEAR, state=InstrumentState.SUSPENDED)
    stand = Stand(suspended, rules=loose_rules())
    assert stand.want(5) == ()
    (place,) = places(stand.tell(ev.Listing(stand.now, LINEAR)))
    assert place.qty == 5


def test_a_strategy_sees_the_grid_that_the_venue_has_changed() -> None:
    """A restart would see it: without this the same strategy decided otherwise after one."""
    stand = Stand()
    view = stand.engine.slots[stand.sleeve.id].view
    coarse = msgspec.structs.replace(LINEAR, tick=LINEAR.tick * 5, maker_fee=LINEAR.maker_fee * 2)
    stand.tell(ev.Listing(stand.now, coarse))
    assert (view.tick, view.maker_fee) == (float(coarse.tick), float(coarse.maker_fee))
    assert view.tick == 5 * float(LINEAR.tick)


def test_a_stop_stands_on_the_grid_that_the_venue_has_changed() -> None:
    """Off the grid it would be refused for ever, and the position would have none (seed 5006)."""
    stand = Stand()
    stand.holding(5, stop=95.1)
    assert stand.alive()[-1].trigger == D("95.1")
    coarse = msgspec.structs.replace(LINEAR, tick=D("0.5"))
    stand.cancelled(stand.alive()[-1].cid, "instrument changed")
    stand.tell(ev.Listing(stand.now, coarse))
    intent = stand.sleeve.intent
    assert intent is not None
    assert intent.stop == D("95.5"), "a stop of a long rounds towards the market"
    actions = stand.wait(2_000)
    assert [place.trigger for place in places(actions)] in ([D("95.5")], [])
    assert any(order.trigger == D("95.5") for order in stand.alive())


def test_a_new_listing_opens_a_market() -> None:
    stand = Stand()
    other = msgspec.structs.replace(LINEAR, symbol="sim:NEW")
    stand.tell(ev.Listing(stand.now, other))
    assert stand.engine.markets["sim:NEW"].instrument == other


def test_a_sleeve_without_strategy_does_not_wake_the_engine_for_ever() -> None:
    """After a restart with fewer sleeves the State still knows the old ones and their timers."""
    stand = Stand()
    ghost = Sleeve("ghost", 9, "gone", 1, SYMBOL, timer_at=1, retry_at=1, reduce_at=1)
    stand.state.sleeves["ghost"] = ghost
    stand.tell(ev.Timer(stand.now))
    assert stand.engine.deadline == 0
    assert stand.wait(60_000) == ()


def test_the_view_follows_position_orders_and_equity() -> None:
    stand = Stand()
    view = stand.engine.slots["p1"].view
    assert (view.position, view.resting) == (0.0, 0)
    assert view.entry != view.entry
    (place,) = places(stand.want(5))
    assert view.resting == 1
    stand.ack(place.cid)
    stand.fill(place.cid, price=101)
    assert (view.position, view.entry, view.resting) == (5.0, 101.0, 0)
    stand.see(110.0)
    assert view.mark == 110.0
    assert view.equity == pytest.approx(100_000 - 0.05 + 0.01 * 5 * 9)


def test_a_weight_is_sized_once_at_the_decision() -> None:
    stand = Stand(cash="1000")
    (place,) = places(stand.wish(lambda _view, want: want.long(0.5, tag="half")))
    assert place.qty == 500
    stand.place_and_fill((place,))
    stand.see(150.0)
    assert stand.wish(lambda _view, want: want.long(0.5, tag="half")) == ()


def test_a_weight_without_a_price_is_no_wish_to_trade() -> None:
    stand = Stand()
    stand.state.marks.clear()
    stand.state.last.clear()
    stand.engine.slots["p1"].want.long(0.5)
    assert stand.engine.slots["p1"].intent(stand.state).target == 0


def test_intents_land_on_the_grid_and_protect_on_the_right_side() -> None:
    stand = Stand()
    slot = stand.engine.slots["p1"]
    slot.want.position(5.7, 90.07, 120.03)
    intent = slot.intent(stand.state)
    assert (intent.target, intent.stop, intent.take) == (D(5), D("90.1"), D("120.1"))
    slot.want.quote(99.07, 2.9, 101.03, 0.4)
    (bid,) = slot.intent(stand.state).quotes
    assert (bid.side, bid.price, bid.qty) == (Side.BUY, D("99.0"), D(2))
    slot.want.flat()
    flat = slot.intent(stand.state)
    assert (flat.target, flat.stop, flat.take, flat.quotes) == (D(0), None, None, ())


def test_commands_are_obeyed_once() -> None:
    stand = Stand()
    (place,) = places(stand.quote(99.0, 1, nan, 0))
    stand.ack(place.cid)
    cancel = ev.Command(stand.now, "same", "cancel", {"cid": place.cid}, "me")
    assert kinds(stand.tell(cancel)) == ["Cancel"]
    assert stand.tell(cancel) == ()
    assert kinds(stand.tell(msgspec.structs.replace(cancel, command_id="other"))) == []
    stand.tell(ev.Command(stand.now, "x", "cancel", {"cid": "nobody"}, "me"))
    assert stand.notes() == ["command.no_order"]
    stand.tell(ev.Command(stand.now, "y", "sleeve_on", {"sleeve": "nobody"}, "me"))
    assert stand.notes() == ["command.no_sleeve"]
    stand.tell(ev.Command(stand.now, "z", "dance", {}, "me"))
    assert stand.notes() == ["command.unknown"]
    assert kinds(stand.tell(ev.Command(stand.now, "r", "read", {}, "watchdog"))) == ["ReadAccount"]


def test_command_ids_are_forgotten_only_after_a_thousand_others() -> None:
    stand = Stand()
    for n in range(1_001):
        stand.tell(ev.Command(stand.now, f"c{n}", "note-nothing", {}, "me"))
    assert len(stand.state.commands) == 1_000
    assert "c0" not in stand.state.commands


def test_cancels_and_questions_leave_before_orders() -> None:
    stand = Stand()
    turn = Turn()
    (place,) = places(stand.want(5))
    turn.actions += [place, ReadAccount("r", "")]
    assert kinds(turn.outcome(1, 1, "x").actions) == ["ReadAccount", "Place"]
    assert Turn().outcome(1, 1, "x") is NOTHING
    assert Outcome(1, 1, "x").empty


def test_the_digest_is_a_chain_over_every_record() -> None:
    one, other = Stand(), Stand()
    for stand in (one, other):
        stand.holding(5)
    assert one.engine.digest == other.engine.digest
    one.want(6)
    other.want(7)
    assert one.engine.digest != other.engine.digest


def test_client_ids_are_alphanumeric_short_and_never_twice() -> None:
    stand = Stand()
    seen = set()
    for n in range(1, 200):
        (place,) = places(stand.want(n if n % 2 else -n))
        assert place.cid.isalnum()
        assert len(place.cid) <= 32
        assert place.cid not in seen
        seen.add(place.cid)
        stand.ack(place.cid)
        while places(actions := stand.fill(place.cid)):
            (place,) = places(actions)
            seen.add(place.cid)
            stand.ack(place.cid)


def test_ended_orders_are_forgotten_only_when_there_are_many() -> None:
    from cockpit.core.state import RECENT

    stand = Stand()
    for n in range(RECENT + 5):
        (place,) = places(stand.quote(99.0, 1 + n % 2, nan, 0))
        stand.reject(place.cid)
        stand.sleeve.rejects = stand.sleeve.faulted = 0
        stand.sleeve.retry_at = 0
    assert len(stand.state.recent) == RECENT
    assert len(stand.state.orders) == 0
