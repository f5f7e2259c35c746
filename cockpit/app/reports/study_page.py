"""A study as files: one page, every trial as CSV, everything as JSON. No script, nothing fetched."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from html import escape
from itertools import combinations
from math import nan
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.reports import study, words
from cockpit.app.reports.drawing import chart
from cockpit.app.reports.page import STYLE
from cockpit.app.studies import Plan, Status
from cockpit.lab.search.landscape import Heat, Strip, heat, strips
from cockpit.lab.search.trial import Trial
from cockpit.text import tr

MAPS = 3
"""Heat maps: of the parameters that matter most, each with each."""
TALL = 160
FILES = ("study.json", "study.html", "trials.csv")


def write(status: Status, plan: Plan, trials: Sequence[Trial], folder: Path, lang: str) -> list[Path]:
    """``study.json  study.html  trials.csv`` in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    axes = strips(trials, plan.task.space)
    body = {
        "study": msgspec.to_builtins(status),
        "space": msgspec.to_builtins(plan.task.space),
        "seed": plan.seed,
        "code": plan.code_hash,
        "data": plan.task.data_hash,
        "axes": msgspec.to_builtins(axes),
        "heat": [msgspec.to_builtins(one) for one in maps(trials, plan, axes)],
    }
    (folder / FILES[0]).write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n")
    (folder / FILES[1]).write_text(page(status, plan, trials, lang), "utf-8")
    with (folder / FILES[2]).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table(status, plan, trials))
    return [folder / name for name in FILES]


def table(status: Status, plan: Plan, trials: Sequence[Trial]) -> Iterator[list[Any]]:
    """Every trial as a row: outcome, scores, parameters, figures of the searched and of the unseen rows."""
    axes = [axis.name for axis in plan.task.space.axes]
    heads = [f"{part}_{name}" for part in ("searched", "unseen") for name in study.FIGURES]
    yield ["number", "batch", "outcome", "twin", "why", *status.goals, *axes, *heads]
    for trial in trials:
        figures = [
            None if part is None else getattr(part, name)
            for part in (trial.train, trial.validate)
            for name in study.FIGURES
        ]
        twin = trial.twin if trial.twin >= 0 else None
        start = [trial.number, trial.batch, str(trial.outcome), twin, _plain(trial.why)]
        yield [*start, *trial.scores, *(_plain(trial.params[name]) for name in axes), *figures]


def page(status: Status, plan: Plan, trials: Sequence[Trial], lang: str) -> str:
    """The whole page."""
    axes = strips(trials, plan.task.space)
    title = f"{status.name}: {status.strategy}@{'+'.join(status.symbols)}"
    body = [f"<h1>{escape(title)}</h1>"]
    text = study.text(status, plan, lang)
    tried = sum(n for outcome, n in status.outcomes.items() if outcome != "barred")
    body.append(f'<p class="warn">{escape(tr("study.warning", lang, trials=str(tried)))}</p>')
    body.append(f"<p>{escape(text.splitlines()[0])}</p>")
    body += _curves(status, trials, lang)
    if status.best is not None:
        body.append(f"<h2>{escape(tr('study.best', lang, number=str(status.best.number)))}</h2>")
        body.append(_best(status, lang))
    body.append(f"<h2>{escape(tr('study.matters', lang))}</h2>{_strips(axes, lang)}")
    for one in maps(trials, plan, axes):
        body.append(f"<h2>{escape(tr('study.heat', lang, x=one.x, y=one.y))}</h2>{_map(one)}")
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def maps(trials: Sequence[Trial], plan: Plan, axes: Sequence[Strip]) -> list[Heat]:
    """Heat maps of the parameters that matter most."""
    pairs = list(combinations([strip.name for strip in axes], 2))
    return [heat(trials, plan.task.space, x, y) for x, y in pairs[:MAPS]]


def _curves(status: Status, trials: Sequence[Trial], lang: str) -> list[str]:
    """Every score as it came, and the best so far (OP-12). The worst twentieth is drawn at the edge."""
    scores = [(trial.scores[0] or 0.0) if trial.counts else nan for trial in trials]
    known = sorted(score for score in scores if score == score)
    if not known:
        return []
    best, top = [], nan
    for score in scores:
        top = score if top != top or score > top else top
        best.append(top)
    floor = known[len(known) // 20]
    shown = [max(score, floor) if score == score else score for score in scores]
    names = (tr("study.curve", lang), status.goals[0])
    return [f"<h2>{escape(names[0])}</h2>", chart((best, shown), names, TALL, words.ratio)]


def _best(status: Status, lang: str) -> str:
    best = status.best
    assert best is not None
    heads = (escape(tr(f"study.{name}", lang)) for name in ("train", "unseen"))
    rows = [f"<tr><th></th>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"]
    for name in study.FIGURES:
        cells = (study.figure(name, part) for part in (best.train, best.validate))
        made = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f"<tr><td>{escape(tr(f'study.figure.{name}', lang))}</td>{made}</tr>")
    for name in status.axes:
        value = escape(study.number(best.params[name]))
        rows.append(f"<tr><td>{escape(name)}</td><td colspan=2>{value}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _strips(axes: Sequence[Strip], lang: str) -> str:
    names = ("name", "influence", "along", "good")
    heads = "".join(f"<th>{escape(tr(f'study.param.{name}', lang))}</th>" for name in names)
    rows = [f"<tr>{heads}</tr>"]
    for row in axes:
        along = study.spark([cell.mean for cell in row.cells if cell.mean is not None], len(row.cells))
        good = "..".join(study.number(end) for end in row.good) if row.good else words.NOTHING
        cells = (row.name, words.share(row.influence), f"{row.labels[0]} {along} {row.labels[-1]}", good)
        rows.append(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _map(found: Heat) -> str:
    known = [cell.best for row in found.cells for cell in row if cell.best is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    rows = []
    for label, row in zip(reversed(found.rows), reversed(found.cells), strict=True):
        cells = []
        for cell in row:
            if cell.best is None:
                cells.append("<td></td>")
                continue
            strength = (cell.best - low) / (high - low) if high > low else 0.5
            tint = f"background:rgba(37,99,168,{0.08 + 0.72 * strength:.2f})"
            cells.append(f'<td style="{tint}" title="{cell.count}">{cell.best:.2f}</td>')
        rows.append(f"<tr><th>{escape(label)}</th>{''.join(cells)}</tr>")
    heads = "".join(f"<th>{escape(label)}</th>" for label in found.columns)
    return f"<table>{''.join(rows)}<tr><th></th>{heads}</tr></table>"


def _plain(value: Any) -> Any:
    """A cell that a spreadsheet does not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
