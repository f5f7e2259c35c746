"""A run and the same run under other settings, number beside number; and what stops of the account did.

In the terminal, on the page and in the JSON alike; ``cockpit backtest --beside K=V`` makes the second run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import msgspec

from cockpit.app import console
from cockpit.app.reports import words
from cockpit.app.reports.drawing import chart
from cockpit.app.trial import Fired, Result
from cockpit.text import safe_text, tr

TALL = 300
SHOWN = 8


def plain(result: Result) -> dict[str, Any]:
    """What the JSON has of it: what fired, and the run beside."""
    found: dict[str, Any] = {"fired": msgspec.to_builtins(result.fired)}
    if result.beside is not None:
        row = result.beside
        found["beside"] = {
            "settings": list(row.settings),
            "report": msgspec.to_builtins(row.report),
            "fired": msgspec.to_builtins(row.fired),
            "digest": row.digest,
        }
    return found


def table(result: Result, lang: str) -> list[tuple[str, str, str]]:
    """(name, this run, the run beside) of every number."""
    assert result.beside is not None
    mine, theirs = (words.headline(report, lang) for report in (result.report, result.beside.report))
    rows = [(name, value, other) for (name, value), (_, other) in zip(mine, theirs, strict=True)]
    closing = (result.report.closing, result.beside.report.closing)
    name = tr("report.closing", lang, currency=result.report.currency)
    return [(name, f"{closing[0]:,.2f}", f"{closing[1]:,.2f}"), *rows]


def heads(result: Result, lang: str) -> tuple[str, str, str]:
    """Of the three columns."""
    assert result.beside is not None
    return ("", tr("report.this", lang), " ".join(map(safe_text, result.beside.settings)))


def lines(result: Result, lang: str) -> list[str]:
    """For the terminal."""
    found = _fired(result.fired, tr("report.fired", lang))
    if result.beside is not None:
        rows = [heads(result, lang), *table(result, lang)]
        found += ["", tr("report.beside", lang), console.columns(rows, frozenset((1, 2)))]
        found += _fired(result.beside.fired, tr("report.fired_beside", lang))
    return found


def page(result: Result, lang: str) -> list[str]:
    """For the page: both curves, both columns, what fired."""
    parts = _list(result.fired, tr("report.fired", lang))
    row = result.beside
    if row is None:
        return parts
    names = heads(result, lang)
    parts.append(f"<h2>{escape(tr('report.beside', lang))}</h2>")
    parts.append(chart((result.curve.equity, row.curve.equity), names[1:], TALL))
    body = [f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"]
    body += [
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>" for cells in table(result, lang)
    ]
    return [*parts, f"<table>{''.join(body)}</table>", *_list(row.fired, tr("report.fired_beside", lang))]


def _fired(rows: Sequence[Fired], title: str) -> list[str]:
    if not rows:
        return []
    shown = [f"  {_when(row.ts)}  {row.by} ({row.did}): {safe_text(row.reason)}" for row in rows[:SHOWN]]
    more = [f"  +{len(rows) - SHOWN}"] if len(rows) > SHOWN else []
    return ["", title, *shown, *more]


def _list(rows: Sequence[Fired], title: str) -> list[str]:
    if not rows:
        return []
    items = (f"<li>{_when(r.ts)} {escape(r.by)} ({escape(r.did)}): {escape(r.reason)}</li>" for r in rows)
    return [f"<h2>{escape(title)}</h2><ul>{''.join(items)}</ul>"]


def _when(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts / 1000, UTC):%Y-%m-%d %H:%MZ}"
