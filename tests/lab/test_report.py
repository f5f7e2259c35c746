"""Round trips add up to the ledger; the curve has a point a period; the report says what can be said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cockpit.app.reports import page, terminal
from cockpit.app.trial import Beside, Fired, Result
from cockpit.core.events import Fill
from cockpit.core.trips import Trips
from cockpit.lab import backtest
from cockpit.lab.curve import DAY, HOUR, MINUTE, Curve, Sampler, period_for
from cockpit.lab.report import growth, months, report, underwater
from tests.app.stream_worlds import Bench

STEP = 5_000


def watched(events: int = 9_000, seed: int = 7) -> tuple[Bench, Trips, Curve]:
    bench = Bench(events, seed)
    state = bench.engine.state
    trips, sampler = Trips(state), Sampler(state, STEP, bench.first.ts)
    backtest.run(bench.engine, bench.world, bench.first, lambda e, _o: trips.observe(e), sampler)
    return bench, trips, sampler.done(state.now)


@pytest.mark.parametrize("seed", [7, 11, 12])
def test_trips_are_the_ledger_to_the_last_decimal(seed: int) -> None:
    """Bars and quotes, flips and partial fills: every trip, open ones too, is a part of the books."""
    bench, trips, _ = watched(seed=seed)
    ledger = bench.engine.state.ledger
    rows = trips.finish()
    assert len(rows) > 8
    for sleeve in bench.engine.state.sleeves:
        own = [t for t in rows if t.sleeve == sleeve]
        books = ledger.sleeve_books(sleeve)
        assert sum((t.gross for t in own), Decimal(0)) == sum((b.realised for b in books), Decimal(0))
        assert sum((t.fees for t in own), Decimal(0)) == sum((b.fees for b in books), Decimal(0))
        assert sum((t.net for t in own), Decimal(0)) == sum(
            (b.realised - b.fees + b.funding for b in books), Decimal(0)
        )
    assert all(t.side in {"long", "short"} and t.qty > 0 and t.closed >= t.opened for t in rows if t.closed)
    assert trips.maker_fees + trips.taker_fees == sum((b.fees for b in ledger.positions.values()), Decimal(0))


def test_a_fill_that_is_repeated_is_no_new_trip() -> None:
    bench, trips, _ = watched()
    again = list(trips.closed)
    for fill in [e for e in bench.exchange.fills if isinstance(e, Fill)][:5]:
        trips.observe(fill)  # the venue repeats itself when it is read back
    assert trips.closed == again


def test_the_curve_has_a_point_a_period_and_ends_where_the_money_is() -> None:
    bench, _, curve = watched()
    gaps = {b - a for a, b in zip(curve.ts[1:-1], curve.ts[2:-1], strict=False)}
    assert gaps == {STEP}
    assert curve.equity[0] == 10_000
    assert curve.equity[-1] == pytest.approx(bench.engine.state.equity())
    assert len(curve.ts) == len(curve.equity) == len(curve.gross) == len(curve.held)
    assert max(curve.gross) > 0


def test_the_period_fits_the_span() -> None:
    assert period_for(400 * DAY) == DAY
    assert period_for(3 * DAY) == HOUR
    assert period_for(3 * HOUR) == MINUTE


def made(values: list[float], start: int = 1_704_067_200_000, period: int = DAY) -> Curve:
    ts = tuple(start + i * period for i in range(len(values)))
    flat = (0.0,) * len(values)
    return Curve(period, ts, tuple(values), flat, tuple(values))


def test_growth_by_hand() -> None:
    found = growth(made([100.0, 110.0, 99.0, 108.9]))
    assert found.total == pytest.approx(0.089)
    assert found.mdd == pytest.approx(0.1)
    assert (found.best, found.worst) == (pytest.approx(0.1), pytest.approx(-0.1))
    assert found.cagr is None  # three days are no year
    assert found.var_95 is None
    assert found.exposure == 0
    still = growth(made([100.0] * 40))
    assert (still.sharpe, still.sortino, still.calmar, still.mdd) == (None, None, None, 0.0)
    assert still.cagr == pytest.approx(0.0)


def test_months_end_at_midnight_of_the_first() -> None:
    curve = made([100.0 + i for i in range(62)])  # 2024-01-01 … 2024-03-02
    found = months(curve)
    assert [(m.year, m.month) for m in found[-3:]] == [(2024, 1), (2024, 2), (2024, 3)]
    assert found[-3].change == pytest.approx(131 / 100 - 1)  # the point at 2024-02-01 00:00 ends January
    assert underwater([1.0, 2.0, 1.0]) == [0.0, 0.0, 0.5]


def test_a_report_warns_of_what_it_cannot_say() -> None:
    bench, trips, curve = watched(2_000)
    found = report(curve, trips, "USDT")
    assert "report.warn.short" in found.warnings
    text = terminal.text(found, curve, "en")
    assert "too short a run" in text
    assert "By exit" in text or found.trading.trips == 0
    for lang in ("en", "zh"):
        fired = (Fired(0, "account_drawdown", "close", "<script>2 %", 1.0),)
        other = Beside(("x='<script>'",), found, curve, fired, "")
        run = Result(found, curve, (), {}, (), "", "", fired, other)
        shown = page.page(run, "<script>alert(1)</script>", lang)
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown
        assert "http" not in shown.replace("http://www.w3.org", "")
        assert "report." not in shown  # every word has a sentence
    assert "report." not in terminal.text(found, curve, "zh")
    assert bench.engine.state.reconciled


def test_a_plot_is_as_wide_as_it_says() -> None:
    lines = terminal.plot([1.0, 5.0, 2.0, 2.0], 20, 4)
    assert len(lines) == 4
    assert all(len(line.split(" ")[0]) == 20 for line in lines)
    assert terminal.plot([3.0], 20, 4)[0].endswith("3.00")
