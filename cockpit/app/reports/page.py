"""A report as one page: no script, nothing fetched, pictures drawn in it. Names from outside are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isnan, log, nan

from cockpit.app.reports import words
from cockpit.lab.curve import Curve
from cockpit.lab.report import Group, Report, underwater
from cockpit.text import tr

WIDE, TALL, LOW = 960, 300, 120
POINTS = 1_200
FAR = 5.0
STYLE = """
:root{color-scheme:light dark;--up:#0a7d4f;--down:#b3261e;--line:#2563a8;--faint:#8884}
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1rem;margin:2rem 0 .4rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.15rem .7rem;text-align:right;border-bottom:1px solid var(--faint);white-space:nowrap}
td:first-child,th:first-child{text-align:left}
.pairs{columns:2;column-gap:3rem}.pairs div{display:flex;justify-content:space-between;gap:1rem;
border-bottom:1px solid var(--faint)}.up{color:var(--up)}.down{color:var(--down)}
svg{width:100%;height:auto}.warn{border-left:3px solid var(--down);padding-left:.6rem}
text{font:11px system-ui;fill:currentColor}
""".strip()


def page(report: Report, curve: Curve, title: str, lang: str) -> str:
    """The whole page."""
    body = [f"<h1>{escape(title)}</h1>"]
    body.append(
        "<p>"
        + escape(
            tr(
                "report.span",
                lang,
                start=words.day(report.start),
                end=words.day(report.end),
                points=report.points,
            )
        )
        + "</p>"
    )
    body += [f'<p class="warn">{escape(tr(warning, lang))}</p>' for warning in report.warnings]
    body.append(f"<h2>{escape(tr('report.equity', lang, currency=report.currency))}</h2>")
    held = [curve.equity[0], *curve.held[1:]]
    body.append(chart((curve.equity, held), (tr("report.curve", lang), tr("report.held", lang)), TALL))
    body.append(f"<h2>{escape(tr('report.underwater_curve', lang))}</h2>")
    body.append(chart(([-v for v in underwater(curve.equity)],), ("",), LOW))
    pairs = "".join(
        f"<div><span>{escape(name)}</span><b>{escape(value)}</b></div>"
        for name, value in words.headline(report, lang)
    )
    body.append(f'<h2>{escape(tr("report.numbers", lang))}</h2><div class="pairs">{pairs}</div>')
    body.append(f"<h2>{escape(tr('report.months', lang))}</h2>{_months(report)}")
    for name in ("by_sleeve", "by_symbol", "by_entry", "by_exit", "by_side"):
        groups = getattr(report, name)
        if groups:
            body.append(f"<h2>{escape(tr(f'report.{name}', lang))}</h2>{_groups(groups, lang)}")
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def chart(lines: Sequence[Sequence[float]], names: Sequence[str], tall: int) -> str:
    """Lines over time as SVG, the first one strong; ends labelled.

    Far apart, they are drawn in logarithms.
    """
    known = [v for line in lines for v in line if not isnan(v)]
    low, high = min(known), max(known)
    ends = (_tick(low), _tick(high))
    if 0 < low < high / FAR:
        lines = [[log(v) if v > 0 else nan for v in line] for line in lines]
        low, high, ends = log(low), log(high), (ends[0], f"{ends[1]} (log)")
    if high == low:
        low, high = low - 1, high + 1
    parts = []
    for number, (line, name) in enumerate(zip(lines, names, strict=True)):
        step = max(1, -(-len(line) // POINTS))
        spots = [(i, v) for i, v in enumerate(line) if (i % step == 0 or i == len(line) - 1) and not isnan(v)]
        path = " ".join(
            f"{i / max(len(line) - 1, 1) * WIDE:.1f},{(high - v) / (high - low) * (tall - 24) + 12:.1f}"
            for i, v in spots
        )
        look = (
            'stroke="var(--line)" stroke-width="1.6"'
            if number == 0
            else 'stroke="currentColor" opacity=".35"'
        )
        label = f"<title>{escape(name)}</title>" if name else ""
        parts.append(f'<polyline fill="none" {look} points="{path}">{label}</polyline>')
    parts.append(f'<text x="2" y="10">{ends[1]}</text><text x="2" y="{tall - 2}">{ends[0]}</text>')
    return f'<svg viewBox="0 0 {WIDE} {tall}" role="img">{"".join(parts)}</svg>'


def _tick(value: float) -> str:
    return f"{value:.1%}" if abs(value) <= 1 else f"{value:,.2f}"


def _months(report: Report) -> str:
    known = {(m.year, m.month): m.change for m in report.months}
    strongest = max((abs(v) for v in known.values()), default=0.0) or 1.0
    heads = "".join(f"<th>{month:02d}</th>" for month in range(1, 13))
    rows = [f"<tr><th></th>{heads}<th>=</th></tr>"]
    for year in sorted({m.year for m in report.months}):
        cells, whole = [], 1.0
        for month in range(1, 13):
            change = known.get((year, month))
            whole *= 1 + (change or 0.0)
            if change is None:
                cells.append("<td></td>")
                continue
            colour = "10,125,79" if change >= 0 else "179,38,30"
            tint = f"background:rgba({colour},{0.1 + 0.5 * abs(change) / strongest:.2f})"
            cells.append(f'<td style="{tint}">{change * 100:+.1f}</td>')
        rows.append(f"<tr><td>{year}</td>{''.join(cells)}<td><b>{(whole - 1) * 100:+.1f}</b></td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _groups(groups: Sequence[Group], lang: str) -> str:
    heads = "".join(
        f"<th>{escape(tr(f'report.column.{name}', lang))}</th>"
        for name in ("trips", "wins", "net", "fees", "mean", "held")
    )
    rows = [f"<tr><th></th>{heads}</tr>"]
    for group in groups:
        side = "up" if group.net > 0 else "down"
        cells = (
            str(group.trips),
            f"{group.wins / group.trips:.0%}",
            words.money(group.net),
            words.money(-group.fees),
            words.percent(group.mean_share, 3),
            words.span(group.mean_held_ms),
        )
        made = "".join(
            f'<td class="{side}">{cell}</td>' if i == 2 else f"<td>{cell}</td>"
            for i, cell in enumerate(cells)
        )
        rows.append(f"<tr><td>{escape(group.name)}</td>{made}</tr>")
    return f"<table>{''.join(rows)}</table>"
