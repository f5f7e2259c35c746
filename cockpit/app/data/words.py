"""``cockpit data status | check | export`` and the archive's side of ``import``: asked, done, said."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.archive.archive import FOREVER, Archive, Took
from cockpit.adapters.archive.layout import KINDS, Series
from cockpit.adapters.store.tape_writer import TapeInfo
from cockpit.app import console
from cockpit.app.data import moving
from cockpit.app.data.quality import Quality, check
from cockpit.app.data.service import FOLDER, wall_ms
from cockpit.app.grammar import common
from cockpit.app.session import instant
from cockpit.app.settings import Loaded
from cockpit.core.config import timeframe_ms, timeframe_text
from cockpit.core.errors import ConfigError, TapeError
from cockpit.text import tr

SHOWN = 8
"""Gaps and findings of a series that are told in words; --json tells all."""
STATUS = ("market", "kind", "rows", "hot", "first", "last", "covered", "size")


def choose(parser: argparse.ArgumentParser) -> None:
    """Which series."""
    parser.add_argument(
        "--symbols", metavar="LIST", help="only these, e.g. okx:BTC-USDT-SWAP,okx:ETH-USDT-SWAP"
    )
    parser.add_argument("--kinds", metavar="LIST", help=f"of {','.join(KINDS)}")
    parser.add_argument(
        "--timeframes", "--timeframe", metavar="LIST", help="lengths of candles, e.g. 15m,1h,4h,1d"
    )


def add(what: Any) -> None:
    """The archive's commands."""
    status = what.add_parser("status", help="what the archive holds: rows, span, coverage, where it lies")
    look = what.add_parser("check", help="look for gaps, duplicates, impossible candles, spikes and damage")
    out = what.add_parser("export", help="the archive, or a part of it, as a tape, Parquet or CSV")
    out.add_argument("out", metavar="FILE", help="NAME.tape, NAME.parquet or NAME.csv; must not exist")
    out.add_argument("--from", dest="begin", metavar="TIME", help="from this instant (ISO, UTC)")
    out.add_argument("--to", dest="end", metavar="TIME", help="up to, not including, this instant")
    for below in (status, look, out):
        choose(below)
        common(below)


def listed(text: str | None) -> list[str]:
    return [word for part in (text or "").split(",") if (word := part.strip())]


def lengths(text: str | None) -> list[int]:
    """Bar lengths in ms. Raises ConfigError."""
    try:
        return [timeframe_ms(word) for word in listed(text)]
    except ValueError as error:
        raise ConfigError(f"--timeframes: {error}") from error


def kinds(text: str | None) -> list[str]:
    """Raises ConfigError for a kind that the archive does not keep."""
    found = listed(text)
    for kind in found:
        if kind not in KINDS:
            raise ConfigError(f"--kinds: no {kind!r}; there are {', '.join(KINDS)}")
    return found


def chosen(archive: Archive, args: argparse.Namespace) -> list[Series]:
    """The series of the archive that the options name. Raises TapeError when there are none."""
    symbols, sorts, tfs = listed(args.symbols), kinds(args.kinds), lengths(args.timeframes)
    have = [holding.series for holding in archive.holdings()]
    found = [
        series
        for series in have
        if (not symbols or series.symbol in symbols)
        and (not sorts or series.kind in sorts)
        and (not tfs or series.tf in (0, *tfs))
    ]
    if not found:
        names = ", ".join(sorted({series.symbol for series in have}))
        raise TapeError(f"the archive {archive.root} holds none of that; it has {names or 'nothing yet'}")
    return found


def root_of(found: Loaded) -> Path:
    return found.data_dir / FOLDER


class Progress:
    """A line on stderr a series, and one per million rows of it."""

    EVERY = 1_000_000

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._what = ""
        self._said = 0

    def __call__(self, what: str, rows: int) -> None:
        if what != self._what or rows - self._said >= self.EVERY:
            self._what, self._said = what, rows
            console.talk(tr("cli.data.progress", self._lang, name=console.clean(what), facts=f"{rows:,}"))


def bring(args: argparse.Namespace, found: Loaded, lang: str, make: Any) -> int:
    """``import --archive``: tapes directly, other files by way of a passing tape that ``make`` writes."""
    tapes = [Path(source) for source in args.sources if moving.is_tape(Path(source))]
    rest = [Path(source) for source in args.sources if not moving.is_tape(Path(source))]
    symbols = listed(args.symbols) or None
    say = Progress(lang)
    if tapes and any((args.begin, args.end, args.tf, args.rename, args.venue, args.format)):
        raise ConfigError(
            "a tape is taken whole: --from, --to, --tf, --rename, --venue and --format are for files"
        )
    brought = []
    with Archive(root_of(found), write=True) as archive:
        brought += [moving.bring_tape(archive, tape, symbols, say) for tape in tapes]
        if rest:
            written: list[TapeInfo] = []

            def through(out: Path) -> TapeInfo:
                written.append(make(rest, out))
                return written[0]

            brought.append(moving.bring_files(archive, through, symbols, say))
    lines = []
    for one in brought:
        for label, took in one.series.items():
            lines.append(tr("cli.archive.took", lang, label=console.clean(label), **counted(took)))
        lines += [
            tr("cli.archive.left", lang, what=what, count=f"{count:,}")
            for what, count in one.left_out.items()
            if count
        ]
    document = {"archive": str(root_of(found)), "sources": [msgspec.to_builtins(one) for one in brought]}
    console.answer(args, document, "\n".join(lines))
    return 0


def counted(took: Took) -> dict[str, str]:
    return {name: f"{value:,}" for name, value in msgspec.structs.asdict(took).items()}


def status(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """From the index alone: a coverage that counts rows, not one that reads them (that is ``check``)."""
    with Archive(root_of(found)) as archive:
        wanted = set(chosen(archive, args))
        held = [holding for holding in archive.holdings() if holding.series in wanted]
    now = wall_ms()
    rows: list[tuple[str, ...]] = [tuple(tr(f"cli.archive.{name}", lang) for name in STATUS)]
    documents = []
    for one in held:
        series = one.series
        expected = (one.last_ms - one.first_ms) // series.tf + 1 if series.tf else 0
        coverage = min(1.0, one.rows / expected) if expected else None
        rows.append(
            (
                console.clean(series.symbol),
                series.kind + (f" {timeframe_text(series.tf)}" if series.tf else ""),
                f"{one.rows:,}",
                f"{one.hot:,}",
                console.utc(one.first_ms),
                console.utc(one.last_ms),
                share(coverage),
                f"{one.bytes / 1e6:,.1f} MB",
            )
        )
        age = {"age_s": (now - one.last_ms) // 1000, "coverage": coverage}
        documents.append({**msgspec.to_builtins(one), **age})
    head = tr("cli.archive.head", lang, root=root_of(found))
    console.answer(
        args,
        {"archive": str(root_of(found)), "series": documents},
        head + "\n" + console.columns(rows, frozenset((2, 3, 6, 7))),
    )
    return 0


def look(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """Exit 0 when everything is sound, 5 when something is missing, impossible or damaged."""
    with Archive(root_of(found)) as archive:
        wanted = set(chosen(archive, args))
        changes = archive.index.changes()
        say = Progress(lang)
        judged = []
        for holding in archive.holdings():
            if holding.series in wanted:
                judged.append(check(archive, holding, changes))
                say(holding.series.label, judged[-1].rows)
    sound = all(quality.sound for quality in judged)
    document = {
        "archive": str(root_of(found)),
        "sound": sound,
        "series": [{**msgspec.to_builtins(quality), "sound": quality.sound} for quality in judged],
    }
    console.answer(args, document, "\n".join(line for quality in judged for line in said(quality, lang)))
    return 0 if sound else TapeError.exit_code


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def said(quality: Quality, lang: str) -> list[str]:
    """A series in words: the sum first, then its worst gaps and the first findings."""
    words = {"label": console.clean(quality.series.label), "rows": f"{quality.rows:,}"}
    key = "cli.archive.sound" if quality.sound else "cli.archive.unsound"
    absent = sum(gap.missing for gap in quality.gaps)
    lines = [
        tr(
            key, lang, covered=share(quality.coverage), gaps=len(quality.gaps), missing=f"{absent:,}",
            findings=len(quality.findings), changed=f"{quality.changed:,}", **words,
        )
    ]  # fmt: skip
    for gap in sorted(quality.gaps, key=lambda gap: -gap.missing)[:SHOWN]:
        whose = "cli.archive.gap.theirs" if gap.asked else "cli.archive.gap"
        span = {"start": console.utc(gap.start), "end": console.utc(gap.end), "missing": f"{gap.missing:,}"}
        lines.append("  " + tr(whose, lang, **span))
    for finding in quality.findings[:SHOWN]:
        told = {"what": finding.what, "ts": console.utc(finding.ts), "detail": console.clean(finding.detail)}
        lines.append("  " + tr("cli.archive.finding", lang, **told))
    more = max(0, len(quality.gaps) - SHOWN) + max(0, len(quality.findings) - SHOWN)
    return [*lines, "  " + tr("cli.archive.more", lang, count=more)] if more else lines


def export(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """Which format is in the file's name."""
    out = Path(args.out)
    lo = instant(args.begin) or -FOREVER
    hi = instant(args.end) or FOREVER
    say = Progress(lang)
    with Archive(root_of(found)) as archive:
        wanted: Sequence[Series] = chosen(archive, args)
        if out.suffix == ".tape":
            info = moving.to_tape(archive, wanted, out, lo, hi, say)
            rows, document = info.rows, msgspec.to_builtins(info)
        elif out.suffix in (".csv", ".parquet"):
            rows = moving.to_table(archive, wanted, out, lo, hi, say)
            document = {"rows": rows}
        else:
            raise ConfigError(f"{out}: the name ends in .tape, .parquet or .csv")
    text = tr("cli.archive.exported", lang, path=out, rows=f"{rows:,}")
    console.answer(args, {"path": str(out), **document}, text)
    return 0


DOING = {"status": status, "check": look, "export": export}
