"""``cockpit data repair``: what ``check`` found is asked for again, and what the exchange says now counts.

Gaps are asked for, impossible candles and spikes asked about, rows that a file holds twice kept once, a damaged
month laid aside (``*.damaged``) and fetched anew. Nothing is invented: what the exchange does not have stays a
gap and is told. Without ``--write`` it only says what it would do.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.archive import months as files
from cockpit.adapters.archive.archive import Archive
from cockpit.adapters.archive.index import Span, joined
from cockpit.adapters.archive.layout import Series, month_span
from cockpit.app import console
from cockpit.app.data.fetch import Bars
from cockpit.app.data.ingest import Job, fill
from cockpit.app.data.quality import Quality, check
from cockpit.app.data.sources import askable, by_venue, open_history
from cockpit.app.data.words import choose, chosen, root_of, said
from cockpit.app.grammar import common
from cockpit.app.settings import Loaded
from cockpit.core.config import Config
from cockpit.core.errors import TapeError
from cockpit.indicators.candle_quality import FAULTS
from cockpit.text import tr

DOUBTFUL = frozenset((*FAULTS[1:], "spike"))


class Mended(msgspec.Struct):
    """One series, before and after."""

    series: Series
    spans: int
    """Spans to ask for."""
    laid_aside: int
    """Damaged months."""
    new: int = 0
    changed: int = 0
    after: Quality | None = None
    asked: bool = False
    """The exchange was asked; False: nothing was written, or nobody can be asked for this series."""


def add(what: Any) -> None:
    mend = what.add_parser("repair", help="ask the exchange again for what check found; only with --write")
    choose(mend)
    mend.add_argument("--write", action="store_true", help="do it; without this it only says what it would do")
    common(mend)


def run(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """Exit 0 when everything is sound (afterwards), 5 when something is left. Raises VenueError (6)."""
    root = root_of(found)
    if not args.write or not root.exists():
        with Archive(root) as archive:
            mended = [planned(archive, one) for one in judged(archive, args)]
    else:
        with Archive(root, write=True) as archive:
            mended = asyncio.run(repaired(found.config, archive, judged(archive, args), Bars(lang)))
    say(args, root, mended, lang)
    return 0 if all(one.after is not None and one.after.sound for one in mended) else TapeError.exit_code


def judged(archive: Archive, args: argparse.Namespace) -> list[Quality]:
    wanted = set(chosen(archive, args))
    changes = archive.index.changes()
    return [check(archive, held, changes) for held in archive.holdings() if held.series in wanted]


def planned(archive: Archive, quality: Quality) -> Mended:
    """What would be done about a series."""
    one = Mended(quality.series, len(spans(quality)), len(damaged(archive, quality.series)))
    one.after = quality
    return one


def spans(quality: Quality) -> list[Span]:
    """What is to be asked for, in the exchange's terms: candles and marks by opening time."""
    series = quality.series
    shift = series.tf or (quality.step_ms if series.kind == "marks" else 0)
    holes = [(gap.start - shift, gap.end - shift + 1) for gap in quality.gaps]
    doubts = [(f.ts - shift, f.ts - shift + 1) for f in quality.findings if f.what in DOUBTFUL]
    return joined([*holes, *doubts])


def damaged(archive: Archive, series: Series) -> list[files.Month]:
    """Months whose file is not what was written."""
    return [month for month in archive.index.months(series) if files.sound(archive.root, month)]


async def repaired(
    config: Config, archive: Archive, found: Sequence[Quality], bars: Bars
) -> list[Mended]:
    """Exchange by exchange. Raises VenueError; what was mended until then is kept."""
    done = {quality.series: planned(archive, quality) for quality in found}
    for quality in found:
        once_each(archive, quality.series)
    sick = [q for q in found if (spans(q) or damaged(archive, q.series)) and askable(q.series.symbol)]
    for venue, symbols in by_venue([q.series.symbol for q in sick]).items():
        history = await open_history(config, venue, symbols)
        try:
            now = await history.look()
            for quality in sick:
                series = quality.series
                paged = series.kind in history.paged and series.symbol in symbols
                if not paged or not history.offers(series.kind, series.symbol, series.tf):
                    continue
                wanted = spans(quality)
                for month in damaged(archive, series):
                    archive.replace(month, files.merged(series.kind, []))
                    lo, hi = month_span(month.month)
                    wanted = joined([*wanted, (lo - series.tf, min(hi, now) - series.tf + 1)])
                (one,) = await fill(archive, history, [Job(series, tuple(wanted))], now, bars)
                done[series].new, done[series].changed = one.took.new, one.took.changed
                done[series].asked = True
        finally:
            await history.close()
    changes = archive.index.changes()
    for held in archive.holdings():
        if held.series in done:
            done[held.series].after = check(archive, held, changes)
    return list(done.values())


def once_each(archive: Archive, series: Series) -> None:
    """Months that hold a key twice are written anew."""
    for month in archive.index.months(series):
        if not files.sound(archive.root, month):
            table = files.read(archive.root, month)
            whole = files.merged(series.kind, [table])
            if len(whole) < len(table):
                archive.replace(month, whole)


def say(args: argparse.Namespace, root: Path, mended: Sequence[Mended], lang: str) -> None:
    """Before and after; series that were and are sound are not told one by one."""
    lines: list[str] = []
    for one in mended:
        words = {"label": console.clean(one.series.label), "spans": one.spans, "months": one.laid_aside}
        if one.asked:
            lines.append(
                tr("cli.archive.mended", lang, new=f"{one.new:,}", changed=f"{one.changed:,}", **words)
            )
        elif one.spans or one.laid_aside:
            key = "cli.archive.plan" if askable(one.series.symbol) else "cli.archive.unasked"
            lines.append(tr(key, lang, **words))
        if one.after is not None and not one.after.sound:
            lines += said(one.after, lang)
    if not args.write and lines:
        lines.append(tr("cli.archive.dry", lang))
    document = {"archive": str(root), "written": args.write, "series": [msgspec.to_builtins(m) for m in mended]}
    console.answer(args, document, "\n".join(lines or [tr("cli.archive.nothing", lang)]))
