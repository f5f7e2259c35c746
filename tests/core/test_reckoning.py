"""Our books against the venue's: at the start, at every read-back, and what follows from a difference."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.core.events import AccountReport, Boot, FillKind, Link, Transfer, VenueOrder, VenuePosition
from cockpit.core.intents import Query, ReadAccount
from cockpit.core.ledger.position import value
from cockpit.core.posture import Posture
from cockpit.core.reckoning import ADOPTIONS
from cockpit.core.types import Side
from tests.core.stand import LINEAR, SPOT, D, Stand, kinds, loose_rules, places

SYMBOL = LINEAR.symbol


def report(stand: Stand, positions: Any = None, orders: Any = (), **more: Any) -> tuple[object, ...]:
    """The venue says what we know ourselves, but for what is given."""
    if positions is None:
        positions = tuple(
            VenuePosition(p.symbol, p.qty, p.entry, p.pos_side)
            for p in stand.state.ledger.held()
            if stand.instruments[p.symbol].derivative
        )
    balances = more.pop("balances", dict(stand.state.ledger.balances))
    return stand.tell(AccountReport(stand.now, balances, positions, tuple(orders), **more))


def test_a_start_reads_the_venue_and_asks_about_every_order() -> None:
    stand = Stand()
    (place,) = places(stand.want(5))
    actions = stand.tell(Boot(stand.now, 7, "test", "1", ""))
    assert Query(place.cid, SYMBOL) in actions
    (read,) = [a for a in actions if isinstance(a, ReadAccount)]
    assert read.request_id == "boot-7-0"
    assert not stand.state.reconciled
    assert stand.engine.markets[SYMBOL].heard == 0, "nothing is fresh"
    assert not stand.engine.markets[SYMBOL].book.ok
    assert stand.wait(4_999) == () or all(isinstance(a, Query) for a in stand.outcome.actions)


def test_a_read_back_without_an_answer_is_repeated() -> None:
    stand = Stand()
    stand.tell(Boot(stand.now, 1, "test", "1", ""))
    assert kinds(stand.wait(5_000)) == ["ReadAccount"]
    assert kinds(stand.wait(5_000)) == ["ReadAccount"]


def test_half_an_answer_proves_nothing_and_is_asked_again() -> None:
    stand = Stand()
    stand.tell(Boot(stand.now, 1, "test", "1", ""))
    report(stand, complete=False)
    assert not stand.state.reconciled
    assert kinds(stand.wait(5_000)) == ["ReadAccount"]


def fresh(cash: str = "100") -> tuple[Stand, str]:
    """A fresh journal whose first reading has just been adopted; with the id of the one asked for next."""
    stand = Stand(cash=cash, reconciled=False)
    stand.tell(Boot(stand.now, 1, "test", "1", ""))
    assert stand.want(5) == ()
    (read,) = report(stand, balances={"USDT": D(777), "BTC": D(2)}, request_id="boot-1-0")
    assert isinstance(read, ReadAccount)
    assert read.since == 0, "every fill and bill once more"
    return stand, read.request_id


def test_the_first_read_of_a_fresh_journal_adopts_the_cash_and_the_second_proves_it() -> None:
    stand, request = fresh()
    assert stand.state.ledger.balances == {"USDT": D(777), "BTC": D(2)}
    assert "reconcile.adopted" in stand.notes()
    assert not stand.state.reconciled
    found = report(stand, request_id=request)
    assert stand.state.reconciled
    assert len(places(found)) == 1, "the wish that waited is heard"  # type: ignore[arg-type]
    stand.tell(Boot(stand.now, 2, "test", "1", ""))
    stand.state.fills = 1
    report(stand, balances={"USDT": D(778), "BTC": D(2)})
    assert stand.state.ledger.balances["USDT"] == 777


def test_the_same_answer_told_twice_does_not_prove_the_cash_that_was_taken_from_it() -> None:
    stand, request = fresh()
    report(stand, request_id="boot-1-0")
    assert not stand.state.reconciled
    assert kinds(stand.wait(5_000)) == ["ReadAccount"], "the one that would is asked for again"
    report(stand, request_id=request)
    assert stand.state.reconciled, "an answer that comes late is one"


def test_what_the_adopted_cash_already_held_and_is_told_later_counts_once() -> None:
    """A trade by hand, closed again, and a transfer that the first reading overtook (seed 8000656)."""
    stand, request = fresh()
    stand.fill("", 2, 100, side=Side.BUY, kind=FillKind.EXTERNAL)
    stand.fill("", 2, 110, side=Side.SELL, kind=FillKind.LIQUIDATION)
    stand.tell(Transfer(stand.now, "USDT", D(50), "b1"))
    cash = stand.state.ledger.balances["USDT"]
    assert cash > 777
    assert report(stand, balances={"USDT": D(777), "BTC": D(2)}, request_id=request) == ()
    (read,) = stand.wait(1_000)
    assert isinstance(read, ReadAccount)
    (read,) = report(stand, balances={"USDT": D(777), "BTC": D(2)}, request_id=read.request_id)
    assert isinstance(read, ReadAccount)
    assert stand.state.ledger.balances["USDT"] == 777
    assert not stand.state.reconciled
    report(stand, request_id=read.request_id)
    assert stand.state.reconciled
    assert stand.state.posture is Posture.NORMAL
    assert stand.state.ledger.opening("USDT") == 777 - (cash - 777)


def test_an_answer_that_a_transfer_has_overtaken_is_no_opening_balance() -> None:
    """It was asked for before the transfer was heard, and does not hold it (dying seed 1793)."""
    stand = began()
    stand.tell(Transfer(stand.now, "USDT", D(1), "b1"))
    report(stand, balances={"USDT": D(100)}, request_id="boot-1-0")
    assert "reconcile.adopted" not in stand.notes()
    assert stand.state.ledger.balances["USDT"] == 101
    opening(stand, "101")
    assert stand.state.ledger.opening("USDT") == 100


def test_a_transfer_takes_the_proof_from_an_answer_that_was_asked_for_before() -> None:
    stand, request = fresh()
    stand.tell(Transfer(stand.now, "USDT", D(1), "b1"))
    report(stand, request_id=request)
    assert not stand.state.reconciled
    opening(stand, "778")


def test_cash_that_does_not_come_to_rest_is_an_alarm() -> None:
    stand, request = fresh()
    for extra in range(1, 13):
        found = report(stand, balances={"USDT": D(777 + extra)}, request_id=request)
        request = next((a.request_id for a in found if isinstance(a, ReadAccount)), request)
    assert "reconcile.diff" in stand.notes()
    assert not stand.state.posture.entries


def opening(stand: Stand, cash: str, *held: tuple[int, int]) -> None:
    """What the venue says, again and again, until the books agree."""
    positions = [VenuePosition(SYMBOL, D(qty), D(entry)) for qty, entry in held]
    for _ in range(8):
        if stand.state.reconciled:
            break
        asked = [a for a in stand.outcome.actions if isinstance(a, ReadAccount)]
        asked = asked or [a for a in stand.wait(5_000) if isinstance(a, ReadAccount)]
        report(stand, positions, balances={"USDT": D(cash)}, request_id=asked[-1].request_id)
    assert stand.state.reconciled
    assert stand.state.posture is Posture.NORMAL
    assert not stand.state.ledger.discrepancies()


def began() -> Stand:
    stand = Stand(cash="100", reconciled=False)
    stand.tell(Boot(stand.now, 1, "test", "1", ""))
    return stand


def by_hand(stand: Stand, side: Side, qty: int, price: int) -> None:
    stand.fill("", qty, price, side=side, kind=FillKind.EXTERNAL)


def test_answers_that_a_fill_has_overtaken_are_no_opening_position() -> None:
    """Both were asked for, and answered, before the trade that closed it was heard (dying seed 219)."""
    stand = began()
    by_hand(stand, Side.SELL, 2, 100)
    (retry,) = [a for a in stand.wait(5_000) if isinstance(a, ReadAccount)]
    by_hand(stand, Side.BUY, 2, 110)
    late = [VenuePosition(SYMBOL, D(-2), D(100))]
    for request in ("boot-1-0", retry.request_id, "boot-1-0"):
        report(stand, late, balances={"USDT": D(500)}, request_id=request)
    assert not stand.state.ledger.held()
    assert not stand.state.reconciled
    opening(stand, "480")
    assert not stand.state.ledger.held()


@pytest.mark.parametrize(
    ("side", "qty", "held"),
    [(Side.BUY, 2, ()), (Side.BUY, 1, ((-1, 90),)), (Side.SELL, 1, ((-3, 93),)), (Side.BUY, 5, ((3, 100),))],
)
def test_a_position_from_before_that_a_person_trades_on_before_the_first_reading(
    side: Side, qty: int, held: tuple[tuple[int, int], ...]
) -> None:
    """Two were short when the journal began: closed, halved, added to, turned round."""
    stand = began()
    by_hand(stand, side, qty, 100)
    opening(stand, "500", *held)
    (book,) = stand.state.ledger.positions.values()
    assert book.qty == sum(of for of, _ in held)
    cost = sum(value(LINEAR, D(of), D(at)) for of, at in held)
    assert stand.state.ledger.balances["USDT"] - book.cost == D(500) - cost, "worth the same at every price"


def test_positions_that_do_not_come_to_rest_are_an_alarm() -> None:
    stand = began()
    request, alarmed = "boot-1-0", 0
    for extra in range(1, 40):
        positions = [VenuePosition(SYMBOL, D(extra), D(100))]
        report(stand, positions, balances={"USDT": D(100)}, request_id=request)
        alarmed += "reconcile.diff" in stand.notes()
        request = next(a.request_id for a in stand.wait(5_000) if isinstance(a, ReadAccount))
    assert alarmed
    assert stand.state.adoptions == ADOPTIONS
    assert not stand.state.posture.entries


def test_one_difference_is_looked_at_again_two_stop_entries_and_agreement_lifts_it() -> None:
    stand = Stand()
    stand.holding(5)
    stand.state.fills_at_read = stand.state.fills
    wrong = (VenuePosition(SYMBOL, D(4), D(100)),)
    report(stand, wrong)
    assert stand.state.posture is Posture.NORMAL
    assert "reconcile.diff" not in stand.notes()
    assert kinds(stand.wait(5_000)) == ["ReadAccount"]
    report(stand, wrong)
    assert stand.state.posture is Posture.REDUCE_ONLY
    assert "reconcile.diff" in stand.notes()
    assert places(stand.want(7)) == []
    found = report(stand)
    assert stand.state.posture is Posture.NORMAL
    (place,) = places(found)  # type: ignore[arg-type]
    assert place.qty == 2, "the wish that waited is heard"


def test_a_fill_between_two_reads_starts_the_suspicion_anew() -> None:
    stand = Stand()
    stand.holding(5)
    stand.state.fills_at_read = stand.state.fills
    wrong = (VenuePosition(SYMBOL, D(4), D(100)),)
    report(stand, wrong)
    stand.place_and_fill(stand.want(6))
    report(stand, wrong)
    assert stand.state.suspicions == 1
    assert stand.state.posture is Posture.NORMAL


def test_missing_money_is_a_difference() -> None:
    stand = Stand()
    stand.holding(5)
    stand.state.fills_at_read = stand.state.fills
    report(stand)
    short = {"USDT": stand.state.ledger.balances["USDT"] - D("0.01")}
    report(stand, balances=short)
    report(stand, balances=short)
    assert stand.state.posture is Posture.REDUCE_ONLY


def test_what_the_venue_rounds_is_no_difference_and_a_missing_contract_always_is() -> None:
    """The read-back says how much money its rounding explains: that much, and nothing of a position."""
    stand = Stand()
    stand.holding(5)
    stand.state.fills_at_read = stand.state.fills
    cash = stand.state.ledger.balances["USDT"]
    slack = {"rounding": D("0.001")}
    for _ in range(2):
        report(stand, balances={"USDT": cash - D("0.0009")}, **slack)
    assert stand.state.posture is Posture.NORMAL
    assert stand.state.suspicions == 0
    for _ in range(2):
        report(stand, balances={"USDT": cash - D("0.0011")}, **slack)
    assert stand.state.posture is Posture.REDUCE_ONLY
    report(stand, **slack)
    assert stand.state.posture is Posture.NORMAL
    for _ in range(2):
        report(stand, (VenuePosition(SYMBOL, D(4), D(100)),), rounding=D(1_000))
    assert stand.state.posture is Posture.REDUCE_ONLY


def test_spot_is_compared_as_a_balance_not_as_a_position() -> None:
    stand = Stand(SPOT)
    stand.holding(3)
    stand.state.fills_at_read = stand.state.fills
    for _ in range(3):
        report(stand)
    assert stand.state.posture is Posture.NORMAL
    assert stand.state.suspicions == 0


def test_an_order_that_the_venue_does_not_list_is_asked_about_not_buried() -> None:
    stand = Stand()
    (place,) = places(stand.quote(99.0, 1, float("nan"), 0))
    stand.ack(place.cid)
    stand.now += 1
    assert report(stand) == (Query(place.cid, SYMBOL),)
    assert stand.order(place.cid).open
    assert report(stand) == (), "asked once"


def test_strangers_orders_are_said() -> None:
    stand = Stand()
    theirs = VenueOrder("byhand", "v", SYMBOL, Side.BUY, D(1), D(1), D(0))
    report(stand, orders=[theirs])
    assert "stranger.order" in stand.notes()
    report(stand, orders=[theirs])
    assert "stranger.order" not in stand.notes(), "said once"
    assert stand.state.strangers == {"byhand": theirs}
    report(stand)
    assert "stranger.order_gone" in stand.notes()
    assert not stand.state.strangers


def test_agreement_moves_the_proven_instant_and_the_next_read_asks_from_there() -> None:
    stand = Stand()
    stand.now = 10_000_000
    report(stand)
    assert stand.state.fills_proven == 10_000_000 - 60_000
    stand.tell(Boot(stand.now, 2, "test", "1", ""))
    (read,) = [a for a in stand.outcome.actions if isinstance(a, ReadAccount)]
    assert read.since == stand.state.fills_proven


def test_after_a_cut_nothing_is_entered_until_what_was_missed_has_been_read() -> None:
    """The stop may have gone off meanwhile: an entry sized by what was held then would be a guess (I12)."""
    stand = Stand(rules=loose_rules())
    stand.tell(Link(stand.now, "private", False, "cut"))
    assert places(stand.want(5)) == []
    assert kinds(stand.tell(Link(stand.now, "private", True))) == ["ReadAccount"]
    assert places(stand.wait(2_000)) == []
    half = report(stand, complete=False)
    assert places(half) == []
    (place,) = places(report(stand))
    assert place.qty == 5
