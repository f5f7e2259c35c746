"""When funding is paid: the schedule of a tape beside the venue's own settling, step by step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.events import FundingRate
from cockpit.core.matching import funding, liquidation
from cockpit.lab.compiled import tape as tapes
from cockpit.lab.compiled.flight import AFTER, SETTLE
from cockpit.lab.compiled.settlements import schedule

HOUR = 3_600_000
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 30), st.booleans()), max_size=60)


def world(rows: list[tuple[int, int, bool]], bars: int = 20) -> tapes.Tape:
    """Rates half-hours apart, each for a settlement so many half-hours before or after it is told."""
    rates, after, now = [], [], HOUR
    for index, (gap, lead, late) in enumerate(rows):
        now += gap * HOUR // 2
        rates.append(FundingRate(now, "X", index + 1.0, now + lead * HOUR // 2, lead <= 0))
        after.append(late and now % HOUR == 0)
    stamps = [HOUR * (i + 1) for i in range(bars)]
    return tapes.from_columns("X", HOUR, [stamps, *[[1.0] * bars] * 5], rates, after)


def paid_by_the_venue(tape: tapes.Tape) -> list[tuple[int, int, int]]:
    """(when, for which settlement, by which rate) as ``matching.funding`` goes about it."""
    found: list[tuple[int, int, int]] = []
    market: Any = SimpleNamespace(rates={}, paid=0, instrument=SimpleNamespace(symbol="X", derivative=True))
    clock = [0]

    def pay(_desk: Any, _market: Any, _holding: Any, rate: Any, at: int) -> None:
        found.append((clock[0], at, int(rate) - 1))

    desk: Any = SimpleNamespace(account=SimpleNamespace(held=lambda _symbol: [None]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(funding, "_pay", pay)
        patch.setattr(liquidation, "check", lambda *_: None)

        def until(end: int) -> None:
            while (due := funding.next_due({"X": market})) <= end:
                clock[0] = max(due, clock[0])
                funding.settle(desk, market, clock[0])

        for row in tape.rates:
            until(row.ts)
            clock[0] = row.ts
            funding.learn(market, row)
            funding.settle(desk, market, row.ts)
        until(max([*tape.ts[-1:], *(row.ts for row in tape.rates[-1:])]) + 1)
    return found


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_every_settlement_is_paid_when_and_as_the_venue_pays_it(rows: list[tuple[int, int, bool]]) -> None:
    tape = world(rows)
    plan = schedule(tape, spot=False)
    assert [(due.when, due.at, due.rate) for due in plan.dues] == paid_by_the_venue(tape)
    assert all(due.when <= plan.end for due in plan.dues)
    assert schedule(tape, spot=True).dues == []


def test_a_rate_that_is_told_late_is_paid_in_its_own_turn() -> None:
    tape = world([(0, 0, False), (2, -1, False), (1, 30, False), (3, 2, True)])
    plan = schedule(tape, spot=False)
    first, second, *_ = plan.dues
    assert (first.when, first.rank, first.rate) == (HOUR + 1, SETTLE, 0)
    assert (second.when, second.at, second.rate) == (2 * HOUR, 2 * HOUR - HOUR // 2, 1)
    assert second.rank == tape.rate_rank[1]
    assert plan.near == [True, False, True, False]
    assert tape.rate_rank[3] == AFTER
