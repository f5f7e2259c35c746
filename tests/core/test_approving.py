"""The hotlist in the engine: an approval is good for what was seen; only approved markets are entered."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.approving import UNDO_MS
from cockpit.core.candidates import Candidate, Mood, Term
from cockpit.core.config import HotlistConfig
from cockpit.core.intents import Cancel
from cockpit.core.types import InstrumentState
from cockpit.core.wire import refused_at_wire
from tests.core.stand import LINEAR, Stand, loose_rules, places

SYMBOL = LINEAR.symbol
MINUTE = 60_000


def candidate(symbol: str = SYMBOL, price: float = 100.0, score: float = 0.7) -> Candidate:
    return Candidate(symbol, 1, score, price, (Term("vol_jump", 1.5, 0.7, 1.0),), 90.0, 110.0, 0.03, 9)


class Desk:
    """A stand with a scan, and a person with keys."""

    def __init__(self, **settings: object) -> None:
        self.stand = Stand(LINEAR, rules=loose_rules())
        self.state = self.stand.state
        self.state.hotlist.settings = HotlistConfig(**settings)  # type: ignore[arg-type]
        self.count = 0
        self.scan(candidate())

    def scan(self, *rows: Candidate, universe: tuple[str, ...] | None = None) -> None:
        names = tuple(row.symbol for row in rows) if universe is None else universe
        self.stand.tell(ev.Scan(self.stand.now, rows, names, Mood(40.0, "fear_greed", 1)))

    def say(self, verb: str, symbol: str = SYMBOL, **args: str) -> str:
        """Give a command; the message it was answered with."""
        self.count += 1
        scan = self.state.hotlist.scan
        if verb == "approve" and scan is not None:
            row = next((row for row in scan.candidates if row.symbol == symbol), None)
            args = {"scan": str(scan.ts), "seal": row.seal if row else "", **args}
        command = ev.Command(self.stand.now, f"c{self.count}", verb, {"symbol": symbol, **args}, "anna")
        self.stand.tell(command)
        return self.stand.outcome.notes[0].message

    def later(self, ms: int) -> None:
        self.stand.now += ms
        self.stand.tell(ev.Timer(self.stand.now))

    @property
    def approved(self) -> bool:
        return self.state.hotlist.approved() == [SYMBOL]


def test_an_approval_names_who_and_what_was_seen() -> None:
    desk = Desk()
    assert desk.say("approve") == "hotlist.approve"
    assert desk.approved
    line = desk.state.hotlist.log[-1]
    assert (line.by, line.score, line.place, line.scan) == ("anna", 0.7, 1, desk.state.hotlist.scan.ts)  # type: ignore[union-attr]
    assert line.seal == candidate().seal
    assert desk.say("approve") == "hotlist.already", "a second Enter approves nothing"
    again = ev.Command(desk.stand.now, "c1", "reject", {"symbol": SYMBOL, "reason": "other"}, "anna")
    desk.stand.tell(again)
    assert desk.approved, "a command id is obeyed once"


def test_what_was_not_seen_is_not_approved() -> None:
    desk = Desk(valid_minutes=60.0, max_move=0.01)
    assert desk.say("approve", scan="1") == "hotlist.newer_scan"
    assert desk.say("approve", seal="0000") == "hotlist.changed"
    assert desk.say("approve", "x:Y") == "hotlist.no_candidate"
    desk.stand.see(101.5)
    assert desk.say("approve") == "hotlist.moved"
    desk.stand.see(100.5)
    desk.stand.tell(ev.Link(desk.stand.now, "market", up=False))
    assert desk.say("approve") == "hotlist.link_down"
    desk.stand.tell(ev.Link(desk.stand.now, "market", up=True))
    paused = msgspec.structs.replace(LINEAR, state=InstrumentState.SUSPENDED)
    desk.stand.tell(ev.Listing(desk.stand.now, paused))
    assert desk.say("approve") == "hotlist.not_listed"
    desk.stand.tell(ev.Listing(desk.stand.now, LINEAR))
    desk.later(61 * MINUTE)
    assert desk.say("approve") == "hotlist.expired"
    assert not desk.state.hotlist.standings
    assert [line.refused != "" for line in desk.state.hotlist.log] == [True] * 7
    desk.scan(candidate())
    assert desk.say("approve") == "hotlist.approve"
    assert Desk().state.hotlist.log == []


def test_without_a_scan_there_is_nothing_to_approve() -> None:
    desk = Desk()
    desk.state.hotlist.scan = None
    assert desk.say("approve") == "hotlist.no_scan"


def test_a_rejection_needs_a_reason_and_takes_an_approval_back() -> None:
    desk = Desk()
    desk.say("approve")
    assert desk.say("reject") == "hotlist.needs_reason"
    assert desk.approved
    assert desk.say("reject", reason="thin") == "hotlist.reject"
    assert not desk.approved
    assert desk.state.hotlist.standings[SYMBOL].reason == "thin"
    assert desk.say("reject", "x:Y", reason="thin") == "hotlist.no_candidate"


def test_a_snooze_ends_by_itself() -> None:
    desk = Desk(snooze_hours=2.0)
    assert desk.say("snooze") == "hotlist.snooze"
    assert desk.state.hotlist.standing(SYMBOL, desk.stand.now) is not None
    desk.later(121 * MINUTE)
    assert desk.state.hotlist.standing(SYMBOL, desk.stand.now) is None
    desk.scan(candidate())
    desk.say("approve")
    assert desk.say("snooze") == "hotlist.approved_not_snoozed"


def test_undo_takes_back_the_last_word_only_and_only_soon() -> None:
    desk = Desk()
    assert desk.say("undo") == "hotlist.nothing_to_undo"
    desk.say("approve")
    desk.say("reject", reason="news")
    assert desk.say("undo") == "hotlist.undo"
    assert desk.approved
    assert desk.say("undo") == "hotlist.undo"
    assert not desk.state.hotlist.standings
    assert desk.say("undo") == "hotlist.nothing_to_undo"
    desk.say("approve")
    desk.later(UNDO_MS + 1)
    assert desk.say("undo") == "hotlist.too_late"
    assert desk.approved


def test_only_approved_markets_are_entered_when_that_is_wanted() -> None:
    free = Desk()
    assert places(free.stand.want(1.0)), "off by default: nothing changes"
    desk = Desk(enforce=True)
    assert not places(desk.stand.want(1.0))
    assert desk.state.sleeves["p1"].verdicts[0].rule == "hotlist"
    desk.say("approve")
    assert not places(desk.stand.outcome.actions), "from the next bar, not in the same breath"
    desk.later(1)
    (order,) = places(desk.stand.outcome.actions)
    assert not refused_at_wire(desk.state, desk.state.orders[order.cid], halted=False)
    desk.say("reject", reason="thin")
    assert "not approved" in refused_at_wire(desk.state, desk.state.orders[order.cid], halted=False)


def test_a_resting_entry_is_called_back_with_the_approval() -> None:
    desk = Desk(enforce=True)
    desk.say("approve")
    desk.later(1)
    (quote,) = places(desk.stand.wish(lambda _view, want: want.quote(99.0, 1.0, 0.0, 0.0)))
    desk.stand.ack(quote.cid)
    desk.say("undo")
    assert [a.cid for a in desk.stand.outcome.actions if isinstance(a, Cancel)] == [quote.cid]


def test_what_is_held_may_still_be_closed() -> None:
    desk = Desk(enforce=True)
    desk.say("approve")
    desk.later(1)
    (entry,) = places(desk.stand.want(1.0))
    desk.stand.fill(entry.cid, "1", "100")
    desk.say("reject", reason="thin")
    (exit_,) = places(desk.stand.want(0.0))
    assert exit_.reduce_only


def test_what_is_gone_or_delisted_or_failing_leaves() -> None:
    desk = Desk(max_losses=3)
    desk.say("approve")
    desk.scan(candidate("x:Y"))
    assert not desk.approved
    assert desk.state.hotlist.log[-1].reason == "hotlist.left.gone"
    assert desk.say("undo") == "hotlist.left_not_undone"

    desk.scan(candidate())
    desk.say("approve")
    desk.stand.tell(
        ev.Listing(desk.stand.now, msgspec.structs.replace(LINEAR, state=InstrumentState.EXPIRED))
    )
    assert desk.state.hotlist.log[-1].reason == "hotlist.left.delisted"
    desk.stand.tell(ev.Listing(desk.stand.now, LINEAR))

    sleeve = desk.state.sleeves["p1"]
    sleeve.losses, sleeve.lost_at = 3, desk.stand.now - 1
    desk.scan(candidate())
    desk.say("approve")
    desk.scan(candidate())
    assert desk.approved, "losses from before the approval were known to whoever approved"
    sleeve.lost_at = desk.stand.now + 1
    desk.scan(candidate())
    assert desk.state.hotlist.log[-1].reason == "hotlist.left.failing"

    desk.say("approve")
    sleeve.losses, sleeve.benched = 0, "broke"
    desk.scan(candidate())
    assert not desk.approved


def test_a_snapshot_and_the_journal_keep_it() -> None:
    desk = Desk(enforce=True)
    desk.say("approve")
    back = memory.read(memory.freeze(desk.stand.engine)).state.hotlist
    assert back == desk.state.hotlist
    scan = desk.state.hotlist.scan
    assert scan is not None
    assert ev.decode(ev.encode(scan)) == scan


VERBS = st.sampled_from(["approve", "reject", "snooze", "undo", "wait", "scan", "gone"])


@given(st.lists(VERBS, max_size=25))
def test_the_whitelist_is_what_the_log_says(words: list[str]) -> None:
    desk = Desk(snooze_hours=1.0)
    for word in words:
        if word == "wait":
            desk.later(7 * MINUTE)
        elif word == "scan":
            desk.scan(candidate())
        elif word == "gone":
            desk.scan(universe=())
        else:
            desk.say(word, reason="other")
    allowed = False
    for line in desk.state.hotlist.log:
        if line.refused:
            continue
        if line.verb == "undo":
            allowed = _restored(desk, line)
        else:
            allowed = line.verb == "approve"
        assert line.before is None or line.before.word in {"approved", "rejected", "snoozed"}
    assert desk.approved is allowed


def _restored(desk: Desk, undo: object) -> bool:
    """What an undo brought back: what stood before the decision that it names."""
    log = desk.state.hotlist.log
    at = next(i for i, line in enumerate(log) if line is undo)
    after = next((line.before for line in log[at + 1 :]), desk.state.hotlist.standings.get(SYMBOL))
    return after is not None and after.word == "approved"
