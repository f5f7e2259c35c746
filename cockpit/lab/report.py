"""A run in numbers: growth, risk, trades, costs, months, and the same by tag, exit, sleeve, market
and regime.

Definitions: quant reference, section 6. Every ratio carries what it is uncertain by; what is undefined is
None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import fsum, isnan, sqrt

import msgspec

from cockpit.core.trips import Trip, Trips
from cockpit.lab.curve import ENOUGH, YEAR, Curve
from cockpit.lab.proof import deflated
from cockpit.lab.regimes import Regimes
from cockpit.portfolio import performance, tails
from cockpit.portfolio.drawdown import max_drawdown


class Growth(msgspec.Struct, frozen=True):
    """What became of the money. Fractions, not percent."""

    total: float
    cagr: float | None
    volatility: float | None
    """Annual."""
    sharpe: float | None
    """Annual."""
    sharpe_error: float | None
    """Its standard error, annual: the value beside it is worth no more than this allows."""
    sharpe_autocorrelated: float | None
    """Annual by Lo's factor: what remains when good days follow good days."""
    psr: float | None
    """Chance that the true Sharpe ratio is above 0, from this sample alone."""
    sortino: float | None
    calmar: float | None
    mdd: float
    mdd_from: int
    mdd_to: int
    longest_underwater_ms: int
    since_high_ms: int
    var_95: float | None
    """Loss of a period that one in twenty is worse than; None with too few periods."""
    es_95: float | None
    best: float | None
    worst: float | None
    exposure: float
    """Share of the points at which something was held."""
    gross_mean: float
    held_total: float | None
    """Buying and holding instead."""
    held_mdd: float | None


class Trading(msgspec.Struct, frozen=True):
    """What the trades did, net of everything. Money in the account's currency."""

    trips: int
    open: int
    wins: int
    hit_rate: float | None
    hit_low: float | None
    """95 % (Wilson)."""
    hit_high: float | None
    net: float
    expectancy: float | None
    profit_factor: float | None
    mean_win: float | None
    mean_loss: float | None
    best: float | None
    worst: float | None
    longest_losing: int
    mean_held_ms: float
    turnover_year: float | None
    """Traded notional a year over mean equity."""


class Costs(msgspec.Struct, frozen=True):
    """Where the money went; > 0 is paid, but for funding, where > 0 is received."""

    maker_fees: float
    taker_fees: float
    funding: float
    slippage: float
    """Prices of orders at market (no stops) against the last ones heard before; inside the PnL already."""
    slippage_bp: float
    """The same in basis points of their notional: what a run with money is held against."""


class Group(msgspec.Struct, frozen=True):
    """Trips that have something in common."""

    name: str
    trips: int
    wins: int
    net: float
    fees: float
    mean_share: float
    """Mean of net over notional."""
    mean_held_ms: float
    time: float | None = None
    """Share of the bars that the market spent in this regime; None for what is no regime."""


class Month(msgspec.Struct, frozen=True):
    """One calendar month (UTC)."""

    year: int
    month: int
    change: float


class Report(msgspec.Struct, frozen=True):
    """Everything a run is judged by."""

    currency: str
    start: int
    end: int
    period: int
    points: int
    opening: float
    closing: float
    growth: Growth
    trading: Trading
    costs: Costs
    months: tuple[Month, ...]
    by_sleeve: tuple[Group, ...]
    by_symbol: tuple[Group, ...]
    by_entry: tuple[Group, ...]
    by_exit: tuple[Group, ...]
    by_side: tuple[Group, ...]
    warnings: tuple[str, ...]
    """Ids of the catalogue: what the numbers must not be read without."""
    by_regime: tuple[Group, ...] = ()
    """By the market's regime when a trip was entered; also those in which nothing was entered."""


def report(curve: Curve, trips: Trips, currency: str, regimes: Regimes | None = None) -> Report:
    """Judge a finished run; without ``regimes`` nothing is told of them."""
    rows = trips.finish()
    done = [trip for trip in rows if trip.closed]
    mean = fsum(curve.equity) / len(curve.equity)
    span = curve.ts[-1] - curve.ts[0]
    costs = Costs(
        float(trips.maker_fees),
        float(trips.taker_fees),
        fsum(_money(t, t.funding, currency) for t in rows),
        trips.slippage,
        trips.slippage / trips.sent * 1e4 if trips.sent else 0.0,
    )
    return Report(
        currency,
        curve.ts[0],
        curve.ts[-1],
        curve.period,
        len(curve.ts),
        curve.equity[0],
        curve.equity[-1],
        growth(curve),
        trading(rows, currency, trips.turnover, mean, span),
        costs,
        months(curve),
        by_sleeve=_groups(done, lambda t: t.sleeve, currency),
        by_symbol=_groups(done, lambda t: t.symbol, currency),
        by_entry=_groups(done, lambda t: t.why_in or "-", currency),
        by_exit=_groups(done, lambda t: t.why_out or "-", currency),
        by_side=_groups(done, lambda t: t.side, currency),
        warnings=_warnings(curve, done),
        by_regime=() if regimes is None else _by_regime(done, regimes, currency),
    )


def growth(curve: Curve) -> Growth:
    """The equity curve alone."""
    equity, returns, ppy = curve.equity, curve.returns(), curve.ppy
    ratio, shape = performance.sharpe(returns, 0.0, ppy), performance.moments(returns)
    error = eta = chance = None
    if ratio.per_period is not None and shape.skew is not None and shape.kurt is not None:
        n = len(returns)
        error = performance.sharpe_error(ratio.per_period, n, shape.skew, shape.kurt)
        eta = performance.lo_eta(returns, round(ppy)) if n >= ENOUGH and ppy < 1_000 else None
        chance = deflated.psr(ratio.per_period, 0.0, n, shape.skew, shape.kurt)
    fall = max_drawdown(equity)
    far = tails.historical(returns, 0.95) if tails.enough(len(returns), 0.95) else None
    years = (curve.ts[-1] - curve.ts[0]) / YEAR
    yearly = (equity[-1] / equity[0]) ** (1 / years) - 1 if years > 0 and equity[-1] > 0 else None
    held = [v for v in curve.held[1:] if not isnan(v)]
    held_fall = max_drawdown([equity[0], *held]).mdd if held else None
    sd = performance.spread(returns, 1) if len(returns) > 1 else None
    steps = [g for g in curve.gross if not isnan(g)]
    return Growth(
        total=equity[-1] / equity[0] - 1,
        cagr=yearly if years >= 0.05 else None,
        volatility=sd * sqrt(ppy) if sd is not None else None,
        sharpe=ratio.annual,
        sharpe_error=error * sqrt(ppy) if error is not None else None,
        sharpe_autocorrelated=ratio.per_period * eta
        if eta is not None and ratio.per_period is not None
        else None,
        psr=chance,
        sortino=performance.sortino(returns, 0.0, ppy),
        calmar=yearly / fall.mdd if yearly is not None and years >= 0.05 and fall.mdd > 0 else None,
        mdd=fall.mdd,
        mdd_from=curve.ts[fall.peak_index] if fall.peak_index is not None else 0,
        mdd_to=curve.ts[fall.trough_index] if fall.trough_index is not None else 0,
        longest_underwater_ms=fall.longest_underwater * curve.period,
        since_high_ms=fall.since_high * curve.period,
        var_95=far.var if far else None,
        es_95=far.es if far else None,
        best=max(returns, default=None),
        worst=min(returns, default=None),
        exposure=sum(1 for g in steps if g > 0) / len(steps),
        gross_mean=fsum(steps) / len(steps),
        held_total=held[-1] / equity[0] - 1 if held else None,
        held_mdd=held_fall,
    )


def trading(rows: Sequence[Trip], currency: str, turnover: float, mean_equity: float, span: int) -> Trading:
    """The round trips alone; those still open are counted apart and not judged."""
    done = [trip for trip in rows if trip.closed]
    net = [_money(trip, trip.net, currency) for trip in done]
    wins, losses = [v for v in net if v > 0], [v for v in net if v <= 0]
    span_years, interval = span / YEAR, performance.wilson(len(wins), len(net))
    return Trading(
        trips=len(done),
        open=len(rows) - len(done),
        wins=len(wins),
        hit_rate=len(wins) / len(net) if net else None,
        hit_low=interval[0] if interval else None,
        hit_high=interval[1] if interval else None,
        net=fsum(net),
        expectancy=fsum(net) / len(net) if net else None,
        profit_factor=performance.profit_factor(net) if net else None,
        mean_win=fsum(wins) / len(wins) if wins else None,
        mean_loss=fsum(losses) / len(losses) if losses else None,
        best=max(net, default=None),
        worst=min(net, default=None),
        longest_losing=_longest(net),
        mean_held_ms=fsum(t.held_ms for t in done) / len(done) if done else 0.0,
        turnover_year=turnover / mean_equity / span_years if span_years > 0 and mean_equity > 0 else None,
    )


def months(curve: Curve) -> tuple[Month, ...]:
    """Change of equity per calendar month; the first and the last may be parts of one."""
    ends: dict[tuple[int, int], float] = {}
    for ts, money in zip(curve.ts, curve.equity, strict=True):
        moment = datetime.fromtimestamp((ts - 1) / 1000, UTC)  # 00:00 of the 1st ends the month before
        ends[moment.year, moment.month] = money
    found, before = [], curve.equity[0]
    for (year, month), money in ends.items():
        found.append(Month(year, month, money / before - 1 if before > 0 else 0.0))
        before = money
    return tuple(found)


def underwater(equity: Sequence[float]) -> list[float]:
    """Fraction below the highest point so far, at each point."""
    high, found = equity[0], []
    for money in equity:
        high = max(high, money)
        found.append(1 - money / high)
    return found


def _groups(rows: Sequence[Trip], key: Callable[[Trip], str], currency: str) -> tuple[Group, ...]:
    parts: dict[str, list[Trip]] = {}
    for trip in rows:
        parts.setdefault(key(trip), []).append(trip)
    found = []
    for name, own in parts.items():
        net = [_money(t, t.net, currency) for t in own]
        found.append(
            Group(
                name,
                len(own),
                sum(1 for v in net if v > 0),
                fsum(net),
                fsum(_money(t, t.fees, currency) for t in own),
                fsum(t.share for t in own) / len(own),
                fsum(t.held_ms for t in own) / len(own),
            )
        )
    return tuple(sorted(found, key=lambda g: -g.net))


def _by_regime(rows: Sequence[Trip], regimes: Regimes, currency: str) -> tuple[Group, ...]:
    shares = regimes.shares()
    found = _groups(rows, lambda t: regimes.at(t.sleeve, t.symbol, t.opened), currency)
    traded = {group.name for group in found}
    idle = [Group(name, 0, 0, 0.0, 0.0, 0.0, 0.0) for name in sorted(shares) if name not in traded]
    return tuple(msgspec.structs.replace(group, time=shares.get(group.name)) for group in (*found, *idle))


def _money(trip: Trip, amount: object, currency: str) -> float:
    """In the account's currency; coin at the price of the exit."""
    value = float(amount)  # type: ignore[arg-type]
    return value if trip.settle == currency else value * float(trip.exit or trip.entry)


def _longest(net: Sequence[float]) -> int:
    longest = run = 0
    for value in net:
        run = run + 1 if value <= 0 else 0
        longest = max(longest, run)
    return longest


def _warnings(curve: Curve, done: Sequence[Trip]) -> tuple[str, ...]:
    found = []
    if len(curve.returns()) < ENOUGH:
        found.append("report.warn.short")
    if 0 < len(done) < ENOUGH:
        found.append("report.warn.few_trips")
    if not done:
        found.append("report.warn.no_trips")
    return tuple(found)
