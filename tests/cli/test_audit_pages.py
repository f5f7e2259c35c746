"""Pages of the journal hold every row once; a chain found backwards is the one found forwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.adapters.store import journal_read as read
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app import audit, explain
from cockpit.core.audit import FACTS, AuditRow, Wanted, rows_of, wanted
from cockpit.core.events import Command


def walked(journal: JournalFile, ask: Wanted) -> list[AuditRow]:
    owners = journal.ask(read.read_owners)
    found = audit.Page([], audit.NEWEST, False)
    while not found.done:
        more = journal.ask(audit.page, ask, found.before, 0, owners)
        assert more.before < found.before or more.done
        found = audit.Page([*found.rows, *more.rows], more.before, more.done)
    return found.rows


def everything(journal: JournalFile) -> list[AuditRow]:
    owners = journal.ask(read.read_owners)
    facts = {seq: e for seq, e in journal.events() if e.__struct_config__.tag in FACTS}
    outcomes = {o.seq: o for o in journal.outcomes()}
    steps = [rows_of(s, facts.get(s), outcomes.get(s), owners) for s in sorted({*facts, *outcomes})]
    return [row for step in steps for row in step][::-1]


def test_every_row_comes_once_and_a_filter_drops_only_what_it_says(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = read.read_passage
    monkeypatch.setattr(read, "read_passage", lambda c, before, kinds: real(c, before, kinds, 7))
    with JournalFile(journal) as opened:
        rows = walked(opened, Wanted())
        assert rows == everything(opened)
        assert {row.kind for row in rows} >= {"signal", "order", "fill", "boot"}
        middle = rows[len(rows) // 2]
        for ask in (
            Wanted(kinds=frozenset({"fill"})),
            Wanted(cid=next(row.cid for row in rows if row.cid)),
            Wanted(until=middle.ts),
            Wanted(since=middle.ts),
            Wanted(words=("taker",)),
            Wanted(sleeve="nobody"),
        ):
            assert walked(opened, ask) == [row for row in rows if ask.matches(row)], ask
            assert wanted(ask.plain()) == ask


def test_a_moment_is_found_by_halving(journal: Path) -> None:
    with JournalFile(journal) as opened:
        events = list(opened.events())
        for seq, event in events[:: len(events) // 9]:
            found = opened.ask(read.seq_at, event.ts)
            assert found >= max(s for s, e in events if e.ts < event.ts or s == seq) - 4096
            assert all(e.ts <= event.ts for s, e in events if s <= found)
        assert opened.ask(read.seq_at, 0) <= 0


def test_the_chain_found_backwards_is_the_one_found_forwards(journal: Path) -> None:
    with JournalFile(journal) as opened:
        outcomes = list(opened.outcomes())
        for order in opened.orders():
            wish = explain.Wish(order)
            verdicts, found = [], None
            for outcome in outcomes:
                if outcome.seq > order.intent:
                    break
                for intent in outcome.intents:
                    if intent.sleeve == order.sleeve:
                        found, verdicts = intent, []
                verdicts += [v for v in outcome.verdicts if v.sleeve == order.sleeve]
            told = opened.ask(explain.whole, order.cid)
            while not wish.step(opened._connection):
                pass
            assert wish.found == found
            assert [v for v in wish.verdicts if wish.found] == verdicts
            assert told is not None
            assert order.cid in explain.text(told)
            assert told["because"]["event"].split()[0] in ("bar", "fill", "ack", "boot", "cancelled")
        assert opened.ask(explain.whole, "ckp999000000001") is None


def test_deeds_and_fills_are_rows_of_their_own() -> None:
    row = rows_of(5, Command(1, "c1", "cancel", {"cid": "ckp001000000001"}, "screen"), None, {})[0]
    assert (row.kind, row.what, row.cid, row.text) == (
        "command", "cancel", "ckp001000000001", "screen cid=ckp001000000001",
    )  # fmt: skip
    with pytest.raises(ValueError, match="invalid"):
        audit.asked({"before": "x"})
