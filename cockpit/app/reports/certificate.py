"""A passport and a walk forward for people: in the terminal, and as one page with nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from cockpit.app import console
from cockpit.app.reports import words
from cockpit.app.reports.drawing import chart
from cockpit.app.reports.page import STYLE, TALL
from cockpit.app.reports.terminal import plot
from cockpit.lab.proof.passport import Check, Passport
from cockpit.lab.proof.resampling import Figure
from cockpit.lab.proof.walkforward import Walk
from cockpit.text import tr

MARKS = {"pass": "+", "fail": "x", "note": "!", "none": "-"}
Rows = list[tuple[str, ...]]
SHARES = frozenset(("total", "cagr", "mdd"))
STEPS = 40
"""Windows shown in the terminal; the page and the JSON have them all."""


def text(passport: Passport, lang: str) -> str:
    """The whole certificate in the terminal."""
    parts = [headline(passport, lang), subject(passport, lang), sentence(passport, lang)]
    for heading, rows in sections(passport, lang):
        parts += ["", heading, console.columns(rows)]
    walk = passport.evidence.walk
    if walk is not None:
        parts += ["", walk_text(walk, lang, dates(passport))]
    parts += ["", tr("passport.seal", lang, seal=passport.seal, ledger=passport.ledger[:40])]
    return "\n".join(parts)


def headline(passport: Passport, lang: str) -> str:
    """Verdict and subject in one line."""
    said = "passport.passed" if passport.passed else "passport.failed"
    names = ", ".join(tr(f"passport.check.{check.name}", lang) for check in passport.reasons)
    return tr(
        said, lang, strategy=passport.subject.strategy, symbols="+".join(passport.subject.symbols),
        timeframe=passport.subject.timeframe, version=passport.subject.version, reasons=names,
    )  # fmt: skip


def subject(passport: Passport, lang: str) -> str:
    """What it is about."""
    about = passport.subject
    return tr(
        "passport.subject", lang, start=words.day(about.start), end=words.day(about.end), tape=about.tape,
        data=about.data[:12], code=about.code[:12], returns=f"{len(passport.evidence.returns)}",
        params=", ".join(f"{name}={value}" for name, value in about.params.items()),
    )  # fmt: skip


def sentence(passport: Passport, lang: str) -> str:
    """With N trials, so many years are needed; you have so many."""
    judged = passport.evidence.judged
    crowd = judged.crowd
    return tr(
        "passport.years" if judged.years_needed is not None else "passport.never", lang,
        raw=f"{crowd.whole.raw:,}", effective=f"{crowd.whole.effective:,.0f}",
        needed=words.ratio(judged.years_needed), sharpe=words.ratio(judged.sharpe.value),
        years=f"{judged.years:.2f}",
    )  # fmt: skip


def sections(passport: Passport, lang: str) -> list[tuple[str, Rows]]:
    """(heading, rows) of everything that is a table of names and values."""
    return [
        (tr("passport.verdict", lang), [_check(c, lang) for c in passport.checks if c.required]),
        (tr("passport.advice", lang), [_check(c, lang) for c in passport.checks if not c.required]),
        (tr("passport.figures", lang), _figures(passport, lang)),
        (tr("passport.crowd", lang), _crowd(passport, lang)),
        (tr("passport.robust", lang), _robust(passport, lang)),
    ]


def _check(check: Check, lang: str) -> tuple[str, ...]:
    value = words.NOTHING if check.value is None else f"{check.value:.4g}"
    bound = "" if check.bound is None else tr("passport.bound", lang, bound=f"{check.bound:.4g}")
    state = tr(f"passport.state.{check.state}", lang)
    return f"{MARKS[check.state]} {tr(f'passport.check.{check.name}', lang)}", state, value, bound


def figure(value: Figure, share: bool = False) -> str:
    """``1.52  [0.31 … 2.70]``"""
    if value.value is None:
        return words.NOTHING
    one = words.share if share else words.ratio
    if value.low is None or value.high is None:
        return one(value.value)
    return f"{one(value.value)}  [{one(value.low)} … {one(value.high)}]"


def _figures(passport: Passport, lang: str) -> Rows:
    judged, found = passport.evidence.judged, passport.evidence.figures
    rows = [("sharpe", figure(judged.sharpe))]
    names = ("sharpe", "sortino", "calmar", "cagr", "total", "mdd")
    rows += [
        ("sharpe_blocks" if name == "sharpe" else name, figure(getattr(found, name), name in SHARES))
        for name in names
    ]
    rows += [
        ("psr", words.share(judged.psr)),
        ("mdd_95", f"{words.share(found.mdd_95)} / {words.share(found.mdd_99)}"),
        ("loss", f"{words.share(found.loss)} ± {words.share(found.loss_error)}"),
        ("shape", f"{words.ratio(judged.skew)} / {words.ratio(judged.kurt)} / {judged.rho:.2f}"),
    ]
    named: Rows = [(tr(f"passport.figure.{name}", lang), value) for name, value in rows]
    deflated = (tr("passport.dsr", lang, run=words.ratio(judged.dsr_run)), figure(judged.dsr))
    return [*named, deflated, (tr("passport.pbo", lang, blocks=str(judged.blocks)), figure(judged.pbo))]


def _crowd(passport: Passport, lang: str) -> Rows:
    judged = passport.evidence.judged
    crowd, names = judged.crowd, ("scope", "raw", "effective", "variance", "bar")
    rows: Rows = [tuple(tr(f"passport.crowd.{name}", lang) for name in names)]
    for name in ("run", "data", "whole"):
        scope = getattr(crowd, name)
        spread = words.NOTHING if scope.var is None else f"{scope.var * judged.ppy:.3f}"
        bar = words.ratio(scope.sr0 * judged.ppy**0.5)
        rows.append(
            (tr(f"passport.scope.{name}", lang), f"{scope.raw:,}", f"{scope.effective:,.1f}", spread, bar)
        )
    return rows


def _robust(passport: Passport, lang: str) -> Rows:
    found, percent = passport.evidence, words.percent
    flat, other, signs, entries = found.plateau, found.elsewhere, found.signs, found.entries
    shaken = {"count": str(flat.count), "barred": str(flat.barred)}
    won = {"won": str(other.positive), "n": str(len(other.symbols))}
    gross = f"{words.ratio(signs.gross)} / {words.ratio(signs.twin)}"
    a_trip = f"{percent(entries.mean, 3)} / {percent(entries.random_mean, 3)}"
    rows = [
        ("plateau", shaken, figure(flat.ratio)),
        ("positive", {}, figure(flat.positive, share=True)),
        ("elsewhere", won, f"p {_p(other.p)}  n_eff {words.ratio(other.effective)}"),
        ("signs", {}, f"p {_p(signs.p, signs.p_error)}"),
        ("twin", {}, f"{gross}  p {_p(signs.p_gross)}"),
        ("entries", {"trips": str(entries.trips)}, f"{a_trip}  p {_p(entries.p, entries.p_error)}"),
        ("bias", {}, _bias(passport, lang)),
    ]
    named = [(tr(f"passport.robust.{name}", lang, **args), value) for name, args, value in rows]
    return [*named, *_forward(passport, lang)]


def _bias(passport: Passport, lang: str) -> str:
    bias = passport.evidence.bias
    if bias is None:
        return words.NOTHING
    return tr(
        "passport.robust.bias_found", lang, decisions=str(bias.decisions), found=str(len(bias.findings)),
        warm=words.NOTHING if bias.warm_up is None else str(bias.warm_up), doubts=str(bias.doubts),
        fills=str(bias.fills),
    )  # fmt: skip


def _forward(passport: Passport, lang: str) -> Rows:
    forward = passport.evidence.forward
    if forward is None:
        return []
    name = tr("passport.robust.forward", lang, start=words.day(forward.start), n=str(len(forward.returns)))
    return [(name, f"{words.ratio(forward.sharpe)}  P {words.share(forward.chance)}")]


def _p(value: float | None, error: float | None = None) -> str:
    if value is None:
        return words.NOTHING
    return f"{value:.3f}" if not error else f"{value:.3f} ± {error:.3f}"


def dates(passport: Passport) -> tuple[int, int]:
    """(UTC ms of row 0, period)."""
    about = passport.subject
    return about.start - about.start % about.period, about.period


def walk_text(walk: Walk, lang: str, grid: tuple[int, int]) -> str:
    """Windows, and the out-of-sample curve."""
    parts = [
        tr(
            "walk.head", lang, windows=str(len(walk.steps)), trials=f"{walk.trials:,}", purge=str(walk.purge),
            embargo=str(walk.embargo),
        )
    ]  # fmt: skip
    rows = steps(walk, lang, grid)
    parts.append(console.columns(rows[: STEPS + 1], frozenset((3, 4, 5, 6))))
    if len(rows) > STEPS + 1:
        parts.append(tr("report.more", lang, count=len(rows) - STEPS - 1))
    curve = growth(walk.returns)
    parts += ["", tr("walk.curve", lang), *plot(curve, rows=6)]
    pairs = [
        (tr("walk.sharpe", lang), figure(walk.figures.sharpe)),
        (tr("walk.total", lang), figure(walk.figures.total, share=True)),
        (tr("walk.mdd", lang), figure(walk.figures.mdd, share=True)),
        (tr("walk.efficiency", lang), figure(walk.efficiency)),
        (tr("walk.chance", lang), words.share(walk.chance)),
    ]
    return "\n".join([*parts, console.columns(pairs)])


def steps(walk: Walk, lang: str, grid: tuple[int, int]) -> Rows:
    """One row a window, under its heading."""
    first, period = grid
    names = ("train", "test", "params", "inside", "validate", "outside", "total")
    rows: Rows = [tuple(tr(f"walk.column.{name}", lang) for name in names)]
    chosen = [step.choice.params for step in walk.steps if step.choice is not None]
    moving = [
        name for name in (chosen[0] if chosen else ()) if any(p[name] != chosen[0][name] for p in chosen)
    ]
    for step in walk.steps:
        choice = step.choice
        said = "" if choice is None else _words({name: choice.params[name] for name in moving})
        train = " – ".join(words.day(first + row * period) for row in step.train)
        rows.append(
            (
                train, words.day(first + step.test[0] * period), said or words.NOTHING,
                words.ratio(step.inside), words.ratio(None if choice is None else choice.validate),
                words.ratio(step.outside), words.percent(step.total),
            )
        )  # fmt: skip
    return rows


def _words(params: dict[str, Any]) -> str:
    said = [f"{name}={_short(value)}" for name, value in params.items()]
    line = " ".join(said)
    return line if len(line) <= 40 else line[:39] + "…"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def page(passport: Passport, lang: str = "en") -> str:
    """The whole certificate as one page."""
    title = headline(passport, lang)
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(subject(passport, lang))}</p>"]
    body.append(f'<p class="warn">{escape(sentence(passport, lang))}</p>')
    for heading, rows in sections(passport, lang):
        body.append(f"<h2>{escape(heading)}</h2>{_table(rows)}")
    curve = growth(passport.evidence.returns)
    body.append(f"<h2>{escape(tr('passport.curve', lang))}</h2>" + chart((curve,), ("",), TALL))
    walk = passport.evidence.walk
    if walk is not None:
        outside = chart((growth(walk.returns),), ("",), TALL)
        body.append(f"<h2>{escape(tr('walk.curve', lang))}</h2>{outside}")
        body.append(_table(steps(walk, lang, dates(passport))))
    sealed = tr("passport.seal", lang, seal=passport.seal, ledger=passport.ledger)
    body.append(f'<p style="overflow-wrap:anywhere"><small>{escape(sealed)}</small></p>')
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def growth(returns: Sequence[float]) -> list[float]:
    """What a unit of money has gained since the start, point by point."""
    return [0.0, *(np.cumprod(1.0 + np.array(returns)) - 1.0).tolist()]


def _table(rows: Sequence[Sequence[str]]) -> str:
    made = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{made}</table>"
