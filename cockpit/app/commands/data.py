"""``cockpit data``: recorded files of others become tapes or go into the archive; both are looked after."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.app import console
from cockpit.app.data import fetch, repair, show, words
from cockpit.app.grammar import common
from cockpit.core.config import timeframe_ms, timeframe_text
from cockpit.core.errors import ConfigError, TapeError
from cockpit.text import tr

if TYPE_CHECKING:
    from cockpit.adapters.importers.intake import ImportReport
    from cockpit.adapters.store.tape_writer import TapeInfo
    from cockpit.app.settings import Loaded

SPREAD_COLUMNS = ("market", "seconds", "median", "ticks", "opens", "pays", "quotable", "hit_rate")
SAY_EVERY = 1_000_000
"""Facts between two lines of progress."""

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``data`` takes."""
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    bring = what.add_parser("import", help="make a tape from recorded files, or put them into the archive")
    bring.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="parquet, csv, jsonl, jsonl.gz; or a tape"
    )
    where = bring.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", metavar="TAPE", help="the tape to write; must not exist")
    where.add_argument("--archive", action="store_true", help="into the archive of the data directory")
    bring.add_argument("--symbols", metavar="LIST", help="only these, e.g. binance:BTCUSDT,binance:ETHUSDT")
    bring.add_argument("--venue", default="", help="where it was recorded, if the files do not say")
    bring.add_argument(
        "--rename", action="append", default=[], metavar="NAME=SYMBOL", help="recorded name=venue:symbol"
    )
    bring.add_argument("--format", default="", metavar="NAME", help="importer, if a file could be several")
    bring.add_argument("--from", dest="begin", metavar="TIME", help="from this instant (ISO, UTC)")
    bring.add_argument("--to", dest="end", metavar="TIME", help="up to, not including, this instant")
    bring.add_argument("--tf", metavar="TF", help="only bars of this length, e.g. 1h")
    info = what.add_parser("info", help="what a tape holds")
    info.add_argument("tape", metavar="TAPE")
    check = what.add_parser("verify", help="read a whole tape and compare it with its index")
    check.add_argument("tape", metavar="TAPE")
    late = what.add_parser("latency", help="how late a recording's messages came, for venue.latency_file")
    late.add_argument("tape", metavar="TAPE")
    late.add_argument("--out", required=True, metavar="FILE", help="the CSV file to write; must not exist")
    wide = what.add_parser("spreads", help="how often each market of a tape was wide enough to make")
    wide.add_argument("tape", metavar="TAPE")
    wide.add_argument(
        "--min-spread", type=float, metavar="X", help="fraction, e.g. 0.001 (default: the market maker's)"
    )
    made = what.add_parser("practice", help="a stretch of the invented market as a tape, to try things on")
    made.add_argument("--out", required=True, metavar="TAPE", help="the tape to write; must not exist")
    made.add_argument("--minutes", type=int, default=30, metavar="N", help="how much of it (30)")
    for below in (bring, info, check, late, wide, made):
        common(below)
    words.add(what)
    fetch.add(what)
    repair.add(what)
    show.add(what)


def run(args: argparse.Namespace) -> int:
    """Raises TapeError (exit 5) for what cannot be read."""
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.what in words.DOING:
        return words.DOING[args.what](args, found, lang)
    if args.what in fetch.DAYS:
        return fetch.run(args, found, lang)
    if args.what == "repair":
        return repair.run(args, found, lang)
    if args.what == "practice":
        return practice(args, found, lang)
    if args.what == "show":
        return show.run(args, found, lang)
    if args.what == "import" and args.archive:
        return words.bring(args, found, lang, lambda sources, out: imported(args, sources, out, lang).tape)
    doing = {"import": bring, "info": info, "verify": verify, "latency": latency, "spreads": spreads}
    return doing[args.what](args, lang)


def imported(args: argparse.Namespace, sources: list[Path], out: Path, lang: str) -> ImportReport:
    """Recorded files as the tape ``out``; on an error nothing is left behind."""
    from cockpit.adapters.importers.intake import import_source
    from cockpit.app.session import instant

    return import_source(
        sources,
        out,
        venue=args.venue,
        symbol_map=dict(renamed(text) for text in args.rename),
        symbols=[name.strip() for name in args.symbols.split(",")] if args.symbols else None,
        tf=length(args.tf),
        start=instant(args.begin) or None,
        end=instant(args.end) or None,
        format=args.format,
        progress=Progress(lang),
    )


def bring(args: argparse.Namespace, lang: str) -> int:
    """Import into a tape."""
    report = imported(args, [Path(source) for source in args.sources], Path(args.out), lang)
    rows = [
        tr("cli.data.source", lang, name=Path(s.path).name, format=s.format, rows=s.rows, facts=s.facts)
        for s in report.sources
    ]
    if report.inferred:
        rows.append(tr("cli.data.inferred", lang, symbols=", ".join(report.inferred)))
    document = msgspec.to_builtins(report)
    console.answer(args, document, "\n".join([*rows, describe(Path(report.path), report.tape, lang)]))
    return 0


def practice(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """Invented market data as a tape."""
    from cockpit.app.practice_tape import write

    if not 1 <= args.minutes <= 1440:
        raise ConfigError(f"--minutes {args.minutes}: from 1 to 1440")
    tape = write(Path(args.out), found.config, args.minutes)
    console.answer(args, msgspec.to_builtins(tape), describe(Path(args.out), tape, lang))
    return 0


class Progress:
    """A line on stderr per file and per million facts."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._said = 0

    def __call__(self, name: str, facts: int) -> None:
        if facts < self._said:
            self._said = 0
        if facts - self._said >= SAY_EVERY:
            self._said = facts
            console.talk(tr("cli.data.progress", self._lang, name=name, facts=f"{facts:,}"))


def renamed(text: str) -> tuple[str, str]:
    """``NAME=VENUE:SYMBOL``. Raises ConfigError."""
    name, equals, symbol = text.partition("=")
    if not (name and equals and ":" in symbol):
        raise ConfigError(f"not a name: {text!r} (write BTCUSDT=binance:BTCUSDT)")
    return name, symbol


def length(text: str | None) -> int | None:
    """A bar length in ms. Raises ConfigError."""
    if text is None:
        return None
    try:
        return timeframe_ms(text)
    except ValueError as error:
        raise ConfigError(f"--tf: {error}") from error


def info(args: argparse.Namespace, lang: str) -> int:
    """Describe a tape from its index."""
    from cockpit.adapters.store.tape import read_info

    path = Path(args.tape)
    tape = read_info(path)
    console.answer(args, msgspec.to_builtins(tape), describe(path, tape, lang))
    return 0


def verify(args: argparse.Namespace, lang: str) -> int:
    """Exit 0 when the tape is sound, 5 when it is not."""
    from cockpit.adapters.store.tape import verify as problems_of

    problems = problems_of(Path(args.tape))
    document: dict[str, Any] = {"tape": args.tape, "sound": not problems, "problems": problems}
    text = "\n".join(problems) if problems else tr("cli.data.sound", lang, tape=args.tape)
    console.answer(args, document, text)
    return TapeError.exit_code if problems else 0


def latency(args: argparse.Namespace, lang: str) -> int:
    """Write a recording's delays as a latency file. Raises TapeError when its rows say nothing of them."""
    from cockpit.adapters.store.delays import delays, write

    path = Path(args.out)
    found = delays(Path(args.tape))
    count = write(found, path)
    values = sorted(found.values)
    rows, median, worst = len(values), values[len(values) // 2], values[len(values) * 99 // 100]
    document = {
        "tape": args.tape,
        "file": str(path),
        "messages": rows,
        "written": count,
        "shift_ms": found.shift,
        "p50_ms": median,
        "p99_ms": worst,
    }
    words = {"tape": args.tape, "rows": f"{rows:,}", "count": f"{count:,}", "path": path}
    lines = [tr("cli.data.latency", lang, median=median, worst=worst, **words)]
    if found.shift:
        lines.append(tr("cli.data.latency.shifted", lang, ms=found.shift))
    console.answer(args, document, "\n".join(lines))
    return 0


def spreads(args: argparse.Namespace, lang: str) -> int:
    """Which markets a market maker could quote in. Raises TapeError, ConfigError for a wrong spread."""
    from cockpit.adapters.store.tape import read, read_info
    from cockpit.app import spreads as judged
    from cockpit.strategies.market_maker import Params

    path = Path(args.tape)
    instruments = {i.symbol: i for i in read_info(path).instruments}
    params = Params()
    if args.min_spread is not None:
        if not 0 <= args.min_spread <= 0.05:
            raise ConfigError(f"--min-spread {args.min_spread:g}: a fraction from 0 to 0.05")
        params = msgspec.structs.replace(params, min_spread=args.min_spread)
    found = judged.spreads(read(path), instruments, params)
    head = tuple(tr(f"cli.data.spreads.{name}", lang) for name in SPREAD_COLUMNS)
    rows = [
        (
            row.symbol,
            f"{row.seconds:,.0f}",
            f"{row.median * 100:.4f}",
            f"{row.ticks:,.1f}",
            f"{row.opens:.2%}",
            f"{row.pays:.2%}",
            f"{row.quotable:.2%}",
            tr("cli.data.spreads.never", lang) if row.hit_rate is None else f"{row.hit_rate:.0%}",
        )
        for row in found
    ]
    text = console.columns([head, *rows], frozenset(range(1, 8)))
    said = tr("cli.data.spreads.head", lang, least=f"{params.min_spread:.2%}") + "\n" + text
    empty = tr("cli.data.spreads.none", lang, tape=path)
    console.answer(args, [msgspec.to_builtins(row) for row in found], said if found else empty)
    return 0


def describe(path: Path, tape: TapeInfo, lang: str) -> str:
    """Span, markets, rows and defects."""
    lines = [
        tr("cli.data.head", lang, tape=path, source=tape.source),
        tr(
            "cli.data.span",
            lang,
            start=console.utc(tape.start_ms),
            end=console.utc(tape.end_ms),
            rows=f"{tape.rows:,}",
        ),
    ]
    rows: list[tuple[str, ...]] = []
    for instrument in tape.instruments:
        symbol = instrument.symbol
        lengths = ", ".join(timeframe_text(tf) for tf in tape.bar_lengths.get(symbol, ()))
        kinds = tape.symbols.get(symbol, {})
        held = ", ".join(
            f"{count:,} {kind}" + (f" ({lengths})" if kind == "bars" and lengths else "")
            for kind, count in kinds.items()
        )
        rows.append((console.clean(symbol), str(instrument.kind), f"tick {instrument.tick:f}", held))
    lines += [f"  {line}" for line in console.columns(rows).splitlines()]
    for what, counts in tape.defects.items():
        each = ", ".join(f"{symbol} {count:,}" for symbol, count in counts.items())
        lines.append(tr("cli.data.defect", lang, what=what, count=f"{sum(counts.values()):,}", each=each))
    lines += [tr("cli.data.note", lang, note=note) for note in tape.notes]
    return "\n".join(lines)
