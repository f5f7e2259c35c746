"""``cockpit hotlist``: which markets were hot at an instant of a recorded market, and why."""

from __future__ import annotations

import argparse
from pathlib import Path

from cockpit.app import console
from cockpit.core.candidates import Candidate
from cockpit.core.errors import ConfigError
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``hotlist`` takes."""
    parser.add_argument(
        "--tape", metavar="TAPE", required=True, help="a recorded market with many instruments"
    )
    parser.add_argument(
        "--at", metavar="TIME", required=True, help="as it was known at this instant (ISO, UTC)"
    )
    parser.add_argument(
        "--caps", metavar="FILE", help="market capitalisations: symbol, ts_ms, market_cap_usd"
    )
    parser.add_argument("--mood", metavar="FILE", help="sentiment index: ts_ms, value (0 to 100)")
    parser.add_argument("--top", metavar="N", type=int, help="only the first N")


def run(args: argparse.Namespace) -> int:
    """Print the ranking. Raises TapeError (5), ConfigError (2)."""
    from cockpit.adapters import readings
    from cockpit.app import hotlist
    from cockpit.app.discover import discover
    from cockpit.app.session import instant

    found = console.loaded(args)
    config = found.config
    lang = console.language(args, config.screen.language)
    discover(config.run.plugins_dir)
    now = instant(args.at)
    top = config.hotlist.top if args.top is None else args.top
    if top < 1:
        raise ConfigError(f"--top {top}: at least 1")
    caps = readings.capitals(Path(args.caps)) if args.caps else {}
    source = args.mood or config.hotlist.mood_file
    mood = readings.mood_at(readings.moods(Path(source)), now) if source else None
    candidates = hotlist.on_tape(Path(args.tape), now, config.hotlist, caps)[:top]
    document = hotlist.rows_of(candidates, mood, now)
    lines = [tr("cli.hotlist.head", lang, at=console.utc(now), count=len(candidates))]
    if mood is None:
        lines.append(tr("cli.hotlist.no_mood", lang))
    else:
        days = (now - mood.ts) / 86_400_000
        word = tr(f"mood.{mood.word}", lang)
        lines.append(
            tr(
                "cli.hotlist.old_mood" if days > 3 else "cli.hotlist.mood",
                lang,
                value=f"{mood.value:g}",
                word=word,
                source=mood.source,
                days=f"{days:.1f}",
            )
        )
    lines += [table(candidates, lang), "", tr("cli.hotlist.legend", lang)]
    console.answer(args, document, "\n".join(lines))
    return 0


def table(candidates: list[Candidate], lang: str) -> str:
    """A row a market, a column a term."""
    names = [term.name for term in candidates[0].terms]
    head = (
        "#",
        tr("column.symbol", lang),
        tr("hotlist.score", lang),
        *names,
        tr("hotlist.range", lang),
        tr("hotlist.leverage", lang),
    )
    rows = [
        (
            str(row.place),
            console.clean(row.symbol),
            f"{row.score:.3f}",
            *("?" if t.value is None else f"{t.value:.3f}" for t in row.terms),
            "?" if row.low is None else f"{row.low:g}..{row.high:g}",
            f"{row.leverage}x" if row.leverage else "?",
        )
        for row in candidates
    ]
    return console.columns([head, *rows], frozenset((0, *range(2, len(head)))))
