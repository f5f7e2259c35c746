"""How the numbers of a report are written, in every form of it."""

from __future__ import annotations

from datetime import UTC, datetime

from cockpit.lab.report import Group, Report
from cockpit.text import tr

NOTHING = "–"


def percent(value: float | None, digits: int = 2) -> str:
    """A signed fraction as percent."""
    return NOTHING if value is None else f"{value:+.{digits}%}"


def share(value: float | None) -> str:
    """An unsigned fraction as percent."""
    return NOTHING if value is None else f"{value:.2%}"


def ratio(value: float | None, error: float | None = None) -> str:
    """A ratio, and what it is uncertain by."""
    if value is None:
        return NOTHING
    return f"{value:.2f}" if error is None else f"{value:.2f} ± {error:.2f}"


def money(value: float | None) -> str:
    """An amount with thousands marked."""
    return NOTHING if value is None else f"{value + 0.0:+,.2f}"


def span(ms: float) -> str:
    """A length of time with the unit that fits."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        if ms >= size:
            return f"{ms / size:.1f}{unit}"
    return f"{ms / 1000:.0f}s"


def day(ts: int) -> str:
    """A date (UTC)."""
    return f"{datetime.fromtimestamp(ts / 1000, UTC):%Y-%m-%d}" if ts else NOTHING


def group(one: Group, *, timed: bool) -> tuple[str, ...]:
    """The cells of a group of trips behind its name; ``timed``: with its regime's share of the time."""
    won = f"{one.wins / one.trips:.0%}" if one.trips else NOTHING
    mean = percent(one.mean_share, 3) if one.trips else NOTHING
    held = span(one.mean_held_ms) if one.trips else NOTHING
    time = (NOTHING if one.time is None else share(one.time),) if timed else ()
    return (str(one.trips), won, money(one.net), money(-one.fees), mean, held, *time)


def headline(report: Report, lang: str) -> list[tuple[str, str]]:
    """The numbers everybody asks for, as (name, value)."""
    g, t, c = report.growth, report.trading, report.costs
    hits = ratio(None)
    if t.hit_rate is not None and t.hit_low is not None and t.hit_high is not None:
        hits = f"{t.hit_rate:.0%} ({t.hit_low:.0%}–{t.hit_high:.0%})"
    rows = [
        ("total", percent(g.total)),
        ("held", percent(g.held_total)),
        ("cagr", percent(g.cagr)),
        ("volatility", share(g.volatility)),
        ("sharpe", ratio(g.sharpe, g.sharpe_error)),
        ("sharpe_lo", ratio(g.sharpe_autocorrelated)),
        ("psr", share(g.psr)),
        ("sortino", ratio(g.sortino)),
        ("calmar", ratio(g.calmar)),
        ("mdd", f"{share(g.mdd)}  {day(g.mdd_from)} → {day(g.mdd_to)}" if g.mdd else share(0.0)),
        ("held_mdd", share(g.held_mdd)),
        ("underwater", span(g.longest_underwater_ms)),
        ("var", f"{share(g.var_95)} / {share(g.es_95)}"),
        ("exposure", f"{share(g.exposure)} ({g.gross_mean:.2f}x)"),
        ("trips", f"{t.trips}" + (f" (+{t.open})" if t.open else "")),
        ("hit_rate", hits),
        ("expectancy", money(t.expectancy)),
        ("profit_factor", ratio(t.profit_factor)),
        ("win_loss", f"{money(t.mean_win)} / {money(t.mean_loss)}"),
        ("losing", f"{t.longest_losing}"),
        ("held_time", span(t.mean_held_ms)),
        ("turnover", ratio(t.turnover_year)),
        ("net", money(t.net)),
        ("fees", f"{money(-c.maker_fees)} / {money(-c.taker_fees)}"),
        ("funding", money(c.funding)),
        ("slippage", money(-c.slippage)),
    ]
    return [(tr(f"report.{name}", lang), value) for name, value in rows]
