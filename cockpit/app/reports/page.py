"""A report as one page: no script, nothing fetched, pictures drawn in it. Names from outside are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cockpit.app.reports import pair, words
from cockpit.app.reports.drawing import chart
from cockpit.app.trial import Result
from cockpit.lab.report import Group, Report, underwater
from cockpit.text import tr

TALL, LOW = 300, 120
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


def page(result: Result, title: str, lang: str) -> str:
    """The whole page."""
    report, curve = result.report, result.curve
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
    body += pair.page(result, lang)
    body.append(f"<h2>{escape(tr('report.months', lang))}</h2>{_months(report)}")
    for name in ("by_sleeve", "by_symbol", "by_entry", "by_exit", "by_side", "by_regime"):
        groups = getattr(report, name)
        if groups:
            body.append(f"<h2>{escape(tr(f'report.{name}', lang))}</h2>{_groups(groups, lang)}")
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{"".join(body)}</body></html>\n'


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
    timed = any(group.time is not None for group in groups)
    names = ("trips", "wins", "net", "fees", "mean", "held", *(("time",) if timed else ()))
    heads = "".join(f"<th>{escape(tr(f'report.column.{name}', lang))}</th>" for name in names)
    rows = [f"<tr><th></th>{heads}</tr>"]
    for group in groups:
        side = "up" if group.net > 0 else "down"
        cells = words.group(group, timed=timed)
        made = "".join(
            f'<td class="{side}">{cell}</td>' if i == 2 else f"<td>{cell}</td>"
            for i, cell in enumerate(cells)
        )
        rows.append(f"<tr><td>{escape(group.name)}</td>{made}</tr>")
    return f"<table>{''.join(rows)}</table>"
