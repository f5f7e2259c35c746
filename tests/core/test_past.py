"""What the heat map shows is what the ledger says, by the hour in which it came, also over a restart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.orders import Role
from cockpit.core.past import DAY, HOUR, SPANS, WEEK, Past, begin, index
from tests.core.stand import LINEAR, D, places
from tests.core.test_project import Watched

MOMENTS = st.integers(0, 4_000_000_000_000)


@given(MOMENTS, st.sampled_from(list(SPANS)))
def test_a_moment_lies_in_its_stretch(ts: int, span: str) -> None:
    number = index(span, ts)
    assert begin(span, number) <= ts < begin(span, number + 1)


def test_weeks_begin_on_mondays() -> None:
    monday = datetime.fromtimestamp(begin("week", index("week", 1_709_280_249_000)) / 1000, UTC)
    assert (monday.weekday(), monday.hour, monday.isoformat()[:10]) == (0, 0, "2024-02-26")


def eye(stand: Watched) -> Past:
    assert stand.eye is not None
    return stand.eye.past


def money(stand: Watched, span: str) -> tuple[float, ...]:
    return stand.frame().sleeves[0].past[list(SPANS).index(span)].money


def test_results_fall_into_the_hour_the_day_and_the_week_in_which_they_came() -> None:
    stand = Watched()
    stand.now = 4 * WEEK + 2 * DAY
    stand.holding(100)
    stand.frame()
    stand.see(110.0)
    assert money(stand, "hour")[-1] == money(stand, "day")[-1] == pytest.approx(10, abs=0.1)
    stand.now += HOUR
    stand.frame()
    stand.see(120.0)
    assert money(stand, "hour") == pytest.approx((10, 10), abs=0.1)
    assert money(stand, "day") == pytest.approx((20,), abs=0.1)
    stand.now += DAY
    stand.frame()
    stand.see(115.0)
    assert money(stand, "day") == pytest.approx((20, -5), abs=0.1)
    assert money(stand, "week") == pytest.approx((15,), abs=0.1)
    stand.now += WEEK
    stand.frame()
    assert money(stand, "week") == pytest.approx((15, 0), abs=0.1)


def test_hours_nobody_looked_at_are_kept_apart_too() -> None:
    """A daemon without a screen draws no frames; fills and bars end its hours."""
    stand = Watched()
    stand.now = 100 * HOUR
    past = eye(stand)
    stand.holding(100)
    past.roll(stand.now)
    stand.see(110.0)
    stand.now += HOUR
    past.roll(stand.now)
    stand.see(130.0)
    assert money(stand, "hour") == pytest.approx((10, 20), abs=0.1)


def test_a_row_never_grows_beyond_what_is_kept_and_adds_up() -> None:
    stand = Watched()
    stand.now = 100 * HOUR
    stand.holding(100)
    stand.frame()
    for price in range(101, 161):
        stand.see(float(price))
        stand.now += HOUR
        stand.frame()
    for span, (_, keep) in SPANS.items():
        assert len(money(stand, span)) <= keep
    assert sum(money(stand, "day")) == pytest.approx(60, abs=0.2)


def test_it_goes_on_after_a_restart_and_refuses_what_is_not_its_own() -> None:
    stand = Watched()
    stand.now = 100 * HOUR
    stand.holding(100)
    stand.frame()
    stand.see(110.0)
    kept = eye(stand).save()
    again = Past(stand.state)
    assert again.restore(kept)
    pnl = stand.frame().sleeves[0].pnl
    sleeve = next(iter(stand.state.sleeves))
    assert again.rows(sleeve, pnl, stand.now) == stand.frame().sleeves[0].past
    assert not Past(stand.state).restore(b"not msgpack")
    stand.state.seq = 0
    assert not Past(stand.state).restore(kept), "a journal that is younger than what was kept"


def closed(stand: Watched, price: float, qty: float = 10, stop: float | None = 95.0) -> None:
    """In at 100, out at ``price``."""
    stand.holding(qty, stop=stop)
    exits = [place for place in places(stand.want(0)) if place.role == Role.EXIT]
    stand.fill(exits[0].cid, price=price, side=exits[0].side)


def test_a_closed_trade_is_kept_with_what_was_risked() -> None:
    stand = Watched()
    stand.now = 100 * HOUR
    stand.frame()
    closed(stand, 110.0)
    found = eye(stand).trades("p1")
    assert len(found) == 1
    trip, risk = found[0].trip, found[0].risk
    assert (trip.entry, trip.exit, trip.side) == (100, 110, "long")
    assert risk == pytest.approx(float(LINEAR.quote_notional(D(10), D(5))))
    assert found[0].r == pytest.approx(float(trip.net) / risk)
    record = stand.frame().sleeves[0].record
    assert (record.trades, record.wins, record.with_r) == (1, 1, 1)
    assert record.gained == pytest.approx(float(trip.net))
    assert stand.frame().sleeves[0].past[0].r[-1] == pytest.approx(found[0].r)
    assert eye(stand).trades("p1", since=stand.now + 1) == []
    assert eye(stand).trades("p1", until=stand.now) == []
    assert eye(stand).trades("p1", stand.now, stand.now + 1) == found
    again = Past(stand.state)
    assert again.restore(eye(stand).save())
    assert again.trades("p1") == found


def test_a_trade_without_a_stop_has_no_r() -> None:
    stand = Watched()
    closed(stand, 99.0, stop=None)
    found = eye(stand).trades("p1")
    assert [one.r for one in found] == [None]
    record = stand.frame().sleeves[0].record
    assert (record.trades, record.wins, record.with_r, record.r) == (1, 0, 0, 0.0)
    assert record.lost == pytest.approx(-float(found[0].trip.net))
