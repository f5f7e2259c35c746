"""The kill receipt: only the venue's word makes one, and every line of it is true."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from cockpit.core import memory
from cockpit.core.events import AccountReport, Timer, VenueOrder, VenuePosition
from cockpit.core.receipt import Receipt
from cockpit.core.types import Side
from tests.core.stand import D, places
from tests.core.test_halting import Halted, resting


def receipt(stand: Halted) -> Receipt | None:
    assert stand.state.halt is not None
    return stand.state.halt.receipt


def protected(stand: Halted) -> str:
    """Five long with a stop at the venue; returns the stop's id."""
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    return stop.cid


def test_it_says_who_what_was_cancelled_what_is_kept_and_by_which_stop() -> None:
    stand = Halted()
    stop = protected(stand)
    (bid,) = places(stand.quote(99.0, 2, float("nan"), 0))
    stand.ack(bid.cid)
    stand.say("halt", closed="999990")
    stand.now += 40
    actions = stand.cancelled(bid.cid)
    hand = VenueOrder("byhand1", "v", stand.symbol, Side.BUY, D(90), D(1), D(0))
    stand.now += 25
    stand.read_back(actions, resting(stop, stand), hand, held={stand.symbol: 5})
    found = receipt(stand)
    assert found is not None
    assert (found.by, found.closed, found.flatten) == ("test", 999_990, False)
    assert (found.cancelled, found.never, found.filled, found.orphans) == ((bid.cid,), (), (), ())
    (kept,) = found.kept
    assert (kept.qty, kept.covered, kept.layer) == (D(5), D(5), "hard")
    assert kept.stops == (f"{stop} @ {stand.order(stop).trigger}",)
    assert [(row.what, row.cid, row.qty) for row in found.remains] == [("order", "byhand1", D(1))]
    assert found.took == {"cancelled": 40, "flat": 40, "read": 65}
    assert found.read == f"halt-{stand.state.halt.since}-{found.reads}"  # type: ignore[union-attr]
    (note,) = [n for n in stand.outcome.notes if n.message == "halt.receipt"]
    assert note.args["digest"] == found.digest


def test_no_receipt_while_the_stop_that_was_wanted_does_not_rest() -> None:
    stand = Halted()
    stop = protected(stand)
    actions = stand.say("halt")
    stand.read_back(actions, held={stand.symbol: 5})
    assert stand.phase == "reading"
    assert receipt(stand) is None
    assert stand.state.halt is not None
    assert stand.state.halt.detail == stand.symbol
    assert "halt.failed" in stand.notes()
    again = tuple(a for a in stand.wait(1_000) if type(a).__name__ == "ReadAccount")[:1]
    stand.read_back(again, resting(stop, stand), held={stand.symbol: 5})
    assert receipt(stand) is not None


def test_a_position_nobody_wanted_a_stop_for_is_said_to_be_naked() -> None:
    stand = Halted()
    stand.holding(5)
    stand.read_back(stand.say("halt"), held={stand.symbol: 5})
    found = receipt(stand)
    assert found is not None
    assert [(row.qty, row.covered, row.layer) for row in found.naked] == [(D(5), D(0), "")]
    (note,) = [n for n in stand.outcome.notes if n.message == "halt.receipt"]
    assert note.level == "alarm"


def test_no_receipt_from_an_incomplete_answer_or_one_that_holds_other_positions() -> None:
    stand = Halted()
    stop = protected(stand)
    (read,) = stand.say("halt")
    rows = (resting(stop, stand),)
    balances = dict(stand.state.ledger.balances)
    held = (VenuePosition(stand.symbol, D(5), D(100)),)
    stand.tell(AccountReport(stand.now, balances, held, rows, False, read.request_id))  # type: ignore[attr-defined]
    assert receipt(stand) is None
    more = (VenuePosition(stand.symbol, D(7), D(100)),)
    stand.tell(AccountReport(stand.now, balances, more, rows, True, read.request_id))  # type: ignore[attr-defined]
    assert receipt(stand) is None
    assert "halt.failed" in stand.notes()


def test_a_flatten_lists_what_it_closed_and_a_later_one_gets_a_receipt_of_its_own() -> None:
    stand = Halted()
    stand.holding(5)
    stand.read_back(stand.say("halt"), held={stand.symbol: 5})
    first = receipt(stand)
    stand.now += 1_000
    (leave,) = places(stand.say("halt", flatten="1"))
    assert receipt(stand) is None
    stand.ack(leave.cid)
    stand.read_back(stand.fill(leave.cid))
    second = receipt(stand)
    assert first is not None
    assert second is not None
    assert second.asked == first.asked + 1_000
    assert [(row.symbol, row.before, row.after) for row in second.flattened] == [(stand.symbol, D(5), D(0))]
    assert (second.kept, second.remains) == ((), ())


def test_entries_that_never_rested_or_traded_first_are_told_apart() -> None:
    stand = Halted(sleeves=2)
    (refused,) = places(stand.want(5))
    (late,) = places(stand.want(3, sleeve=2))
    stand.say("halt")
    stand.reject(refused.cid, "halted")
    stand.ack(late.cid)
    stand.read_back(stand.fill(late.cid), held={stand.symbol: 3})
    found = receipt(stand)
    assert found is not None
    assert (found.never, found.filled, found.cancelled) == ((refused.cid,), (late.cid,), ())


def test_a_halt_that_cannot_finish_says_what_remains_again_and_ever_more_rarely() -> None:
    stand = Halted()
    (bid,) = places(stand.quote(99.0, 2, float("nan"), 0))
    stand.ack(bid.cid)
    stand.say("halt")
    said: dict[int, str] = {}
    for _ in range(120):
        stand.wait(1_000)
        for note in stand.outcome.notes:
            if note.message == "halt.remains":
                said[int(note.args["seconds"])] = note.args["what"]
    assert set(said.values()) == {bid.cid}
    gaps = [later - earlier for earlier, later in pairwise(said)]
    assert 3 <= len(said) <= 6
    assert gaps == sorted(gaps)
    assert receipt(stand) is None


def test_it_survives_a_snapshot_and_its_digest_is_of_every_field() -> None:
    stand = Halted()
    stand.read_back(stand.say("halt"))
    found = receipt(stand)
    assert found is not None
    state = memory.read(memory.freeze(stand.engine)).state
    assert state.halt is not None
    assert state.halt.receipt == found
    assert state.halt.receipt.digest == found.digest
    assert msgspec.structs.replace(found, by="somebody else").digest != found.digest


def test_an_answer_that_comes_late_proves_nothing_and_the_next_one_does() -> None:
    stand = Halted()
    first = stand.say("halt")
    stand.now += 5_001
    later = tuple(a for a in stand.tell(Timer(stand.now)) if getattr(a, "reason", "") == "halt")
    stand.read_back(first)
    assert stand.phase == "reading"
    assert receipt(stand) is None
    stand.read_back(later)
    found = receipt(stand)
    assert found is not None
    assert (found.read.rpartition("-")[2], found.reads) == ("2", 2)
