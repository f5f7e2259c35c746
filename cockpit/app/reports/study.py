"""A study in the terminal: one line while it runs, a page when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.app import console
from cockpit.app.reports import words
from cockpit.app.reports.terminal import plot
from cockpit.app.studies import Plan, Status, Winner
from cockpit.lab.search.landscape import Heat, Strip, strips
from cockpit.lab.search.measure import Measured
from cockpit.lab.search.trial import Trial
from cockpit.text import tr

BLOCKS = "▁▂▃▄▅▆▇█"
SHOWN = 12
"""Rows of a front."""
FIGURES = ("total", "cagr", "sharpe", "sortino", "calmar", "mdd", "turnover", "trades")
PERCENT, SHARES = frozenset(("total", "cagr")), frozenset(("mdd",))


def line(status: Status, lang: str, width: int = 80) -> str:
    """How far it is, in one line."""
    names = {
        "done": str(status.trials),
        "total": str(status.total),
        "rate": f"{status.rate:,.0f}" if status.rate >= 10 else f"{status.rate:.1f}",
        "left": words.span(status.eta_s * 1000) if status.eta_s is not None else words.NOTHING,
        "best": words.ratio(status.best.scores[0]) if status.best else words.NOTHING,
    }
    said = tr("study.line", lang, **names) + "  " + spark([score for _, score in status.curve], 16)
    while console.width(said) > width:
        said = said[:-1]
    return said


def spark(values: Sequence[float], most: int) -> str:
    """A curve in block characters."""
    rows = values[-most:]
    if not rows:
        return ""
    low, high = min(rows), max(rows)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[int((value - low) * scale)] for value in rows)


def text(status: Status, plan: Plan, lang: str, trials: Sequence[Trial] = ()) -> str:
    """The page of a study. ``trials``: all of them, to say which parameters matter."""
    head = {"name": status.name, "method": status.method, "objective": status.objective}
    parts = [
        tr(f"study.{status.state}", lang, trials=str(status.trials), total=str(status.total), **head),
        tr("study.ran", lang, executor=status.executor, where=status.where, workers=str(status.workers)),
        tr("study.outcomes", lang, counts=counts(status.outcomes, lang)),
        tr("study.limits", lang, limits=", ".join(status.limits)),
    ]
    if status.why:
        parts.append(f"! {console.clean(status.why)}")
    if status.best is None:
        return "\n".join([*parts, "", tr("study.nothing", lang)])
    if len(status.curve) > 1:
        parts += ["", tr("study.curve", lang), *plot([score for _, score in status.curve], rows=5)]
    if len(status.goals) > 1:
        parts += ["", tr("study.front", lang, count=str(len(status.front))), _front(status, lang)]
    else:
        parts += ["", tr("study.best", lang, number=str(status.best.number)), _figures(status.best, lang)]
        parts += ["", _params(status.best, plan, lang)]
    if trials:
        parts += ["", tr("study.matters", lang), influence(strips(trials, plan.task.space), lang)]
    tried = sum(n for outcome, n in status.outcomes.items() if outcome != "barred")
    parts += ["", tr("study.warning", lang, trials=str(tried))]
    return "\n".join(parts)


def counts(outcomes: Mapping[str, int], lang: str) -> str:
    """``120 counted, 8 broke a constraint``."""
    return ", ".join(f"{n} {tr(f'study.outcome.{name}', lang)}" for name, n in outcomes.items())


def listing(rows: Sequence[Status], lang: str) -> str:
    """All studies as a table."""
    heads = ("name", "state", "strategy", "method", "trials", "best", "unseen", "left")
    lines = [tuple(tr(f"studies.{name}", lang) for name in heads)]
    for one in rows:
        seen = one.best.validate.sharpe if one.best and one.best.validate else None
        lines.append((
            console.clean(one.name),
            tr(f"studies.state.{one.state}", lang),
            console.clean(f"{one.strategy}@{'+'.join(one.symbols)}"),
            one.method,
            f"{one.trials}/{one.total}",
            words.ratio(one.best.scores[0]) if one.best else words.NOTHING,
            words.ratio(seen),
            words.span(one.eta_s * 1000) if one.eta_s is not None else words.NOTHING,
        ))  # fmt: skip
    return console.columns(lines, frozenset((4, 5, 6, 7)))


def figure(name: str, measured: Measured | None) -> str:
    """One number of a run, written as its kind is."""
    value = None if measured is None else getattr(measured, name)
    if name == "sharpe" and measured is not None:
        return words.ratio(measured.sharpe, measured.error)
    if name in PERCENT:
        return words.percent(value)
    if name in SHARES:
        return words.share(value)
    return str(value) if name == "trades" and value is not None else words.ratio(value)


def _figures(best: Winner, lang: str) -> str:
    rows = [("", tr("study.train", lang), tr("study.unseen", lang))]
    rows += [
        (tr(f"study.figure.{name}", lang), figure(name, best.train), figure(name, best.validate))
        for name in FIGURES
    ]
    return console.columns(rows, frozenset((1, 2)))


def _params(best: Winner, plan: Plan, lang: str) -> str:
    rows = [tuple(tr(f"study.param.{name}", lang) for name in ("name", "value", "range", "unit"))]
    for axis in plan.task.space.axes:
        step = f":{axis.step:g}" if axis.step else ""
        reach = "|".join(map(str, axis.choices)) or f"{axis.low:g}..{axis.high:g}{step}"
        rows.append((axis.name, number(best.params[axis.name]), reach, axis.unit))
    return console.columns(rows, frozenset((1,)))


def _front(status: Status, lang: str) -> str:
    rows = [("", *(console.clean(goal) for goal in status.goals), tr("study.param.name", lang))]
    for one in status.front[:SHOWN]:
        searched = ", ".join(f"{name}={number(one.params[name])}" for name in status.axes)
        rows.append((str(one.number), *(words.ratio(score) for score in one.scores), searched))
    return console.columns(rows, frozenset(range(len(status.goals) + 1)))


def number(value: object) -> str:
    """A parameter, short."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def influence(rows: Sequence[Strip], lang: str) -> str:
    """Every parameter: how much it explains, its mean score along its range, where the good trials lie."""
    names = ("name", "influence", "along", "good")
    lines = [tuple(tr(f"study.param.{name}", lang) for name in names)]
    for row in rows:
        scores = [cell.mean for cell in row.cells if cell.mean is not None]
        reach = (row.labels[0], row.labels[-1])
        good = "..".join(number(end) for end in row.good) if row.good else words.NOTHING
        along = f"{reach[0]} {spark(scores, len(row.cells))} {reach[1]}"
        lines.append((row.name, words.share(row.influence), along, f"{good} {row.unit}".strip()))
    return console.columns(lines, frozenset((1,)))


SHADES = " ░▒▓█"


def heat_map(found: Heat, lang: str) -> str:
    """Two parameters against each other: the best score of each field, shaded; ``·`` = nothing tried."""
    known = [cell.best for row in found.cells for cell in row if cell.best is not None]
    if not known:
        return tr("study.nothing", lang)
    low, high = min(known), max(known)
    scale = (len(SHADES) - 1) / (high - low) if high > low else 0.0
    wide = max(6, *(console.width(label) + 1 for label in found.columns))
    side = max(console.width(label) for label in (*found.rows, found.y))
    lines = [tr("study.heat", lang, x=found.x, y=found.y)]
    for label, row in zip(reversed(found.rows), reversed(found.cells), strict=True):
        cells = []
        for cell in row:
            shade = "·" if cell.best is None else SHADES[int((cell.best - low) * scale)]
            figure_ = "" if cell.best is None else f"{cell.best:.2f}"
            cells.append(f"{shade}{figure_}".rjust(wide))
        lines.append(label.rjust(side) + " " + "".join(cells))
    lines.append(" " * (side + 1) + "".join(label.rjust(wide) for label in found.columns))
    return "\n".join(lines)
