"""A cut of the archive as the tape that a run is played from: ``--archive`` instead of ``--tape``.

    DATA/cuts/3f1c0a….tape     named by what it holds: made once, used again, made anew when it is gone

Whatever plays tapes (kernel, compiled executor, search, passport, screen) so plays history as it was ingested.
What was cut is written down with the run, with the end at which the archive stood, so that the run can be
repeated after the archive has grown. A row's place is the instant at which it could first be known.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from cockpit.adapters.archive.archive import FOREVER, Archive
from cockpit.adapters.archive.layout import Series
from cockpit.adapters.candles import TRADES, recipe
from cockpit.adapters.store.tape_columns import NS
from cockpit.app import console
from cockpit.app.data import moving
from cockpit.app.data.service import FOLDER
from cockpit.app.settings import Loaded
from cockpit.core.config import SleeveConfig, timeframe_ms, timeframe_text
from cockpit.core.errors import ConfigError, TapeError
from cockpit.text import tr

CUTS = "cuts"
KEEP, KEEP_S = 20, 30 * 86_400
"""The newest cuts stay, and those that were used in the last thirty days."""
BESIDE = ("funding", "marks", "oi")
"""What belongs to candles: settled rates, mark and index, open interest."""


class Cut(msgspec.Struct, frozen=True):
    """What was taken: series, and the instants [lo, hi) (UTC ms) within which their rows were known."""

    series: tuple[Series, ...]
    lo: int
    hi: int


def chosen(archive: Archive, sleeves: Iterable[SleeveConfig], kinds: Sequence[str] = ()) -> list[Series]:
    """The series that these sleeves live on: their candles (or what those are made of) and ``BESIDE``; for
    a sleeve without candles everything of its market. ``kinds``: of the rest only these.

    Raises TapeError naming what is missing and the command that fetches it.
    """
    have = {holding.series for holding in archive.holdings()}
    known = sorted({series.symbol for series in have})
    found: set[Series] = set()
    for sleeve in sleeves:
        for pattern in sleeve.legs:
            symbols = [name for name in known if fnmatchcase(name, pattern)]
            if not symbols:
                raise TapeError(_absent(archive, pattern, sleeve.timeframe, known))
            found.update(*(_of(archive, have, name, sleeve.timeframe, kinds) for name in symbols))
    if not found:
        raise ConfigError("name what to run: --strategy NAME@SYMBOL/TF, or sleeves in the settings")
    return sorted(found)


def _of(
    archive: Archive, have: set[Series], symbol: str, timeframe: str, kinds: Sequence[str]
) -> set[Series]:  # fmt: skip
    mine = {series for series in have if series.symbol == symbol}
    lengths = sorted(series.tf for series in mine if series.kind == "bars")
    if not timeframe:
        return {series for series in mine if not kinds or series.kind in kinds}
    try:
        tf = timeframe_ms(timeframe)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    traded = Series("trades", symbol) in mine
    source = tf if tf in lengths else recipe(tf, lengths, traded)
    if source is None:
        names = [f"{symbol} ({', '.join(map(timeframe_text, lengths)) or 'no candles'})"]
        raise TapeError(_absent(archive, symbol, timeframe, names))
    candles = Series("trades", symbol) if source == TRADES else Series("bars", symbol, source)
    rest = {series for series in mine if series.kind in (kinds or BESIDE) and series.kind != "bars"}
    return {candles, *rest}


def _absent(archive: Archive, symbol: str, timeframe: str, known: Sequence[str]) -> str:
    tf = f" {timeframe}" if timeframe else ""
    what = f" --timeframes {timeframe}" if timeframe else ""
    return (
        f"the archive {archive.root} holds nothing to make {symbol}{tf} of; it has {', '.join(known) or 'nothing'}"
        f" (cockpit data backfill --symbols {symbol}{what}, or cockpit data import FILE --archive)"
    )


def within(archive: Archive, series: Sequence[Series], lo: int, hi: int) -> Cut:
    """The chosen series, up to what there is now. Candles and what belongs to them are taken whole, so that
    every stretch of them is one set of data to the trial ledger; of trades and books, which are many, only
    what was known in [lo, hi) (UTC ms; 0 = open). Raises TapeError when nothing is there."""
    held = [holding for holding in archive.holdings() if holding.series in series]
    if all(one.kind in ("bars", *BESIDE) for one in series):
        lo = hi = 0
    end = max((holding.last_ms for holding in held), default=-1) + 1
    found = Cut(tuple(series), lo or -FOREVER, min(hi or FOREVER, end))
    if not any(holding.first_ms < found.hi and holding.last_ms >= found.lo for holding in held):
        raise TapeError(f"the archive {archive.root} holds nothing of that between these instants")
    return found


def name_of(archive: Archive, cut: Cut) -> str:
    """A digest of what the cut holds: the same rows under the same terms, the same name."""
    found = hashlib.sha256(msgspec.json.encode(cut))
    markets = archive.index.markets()
    for symbol in sorted({series.symbol for series in cut.series}):
        if symbol in markets:
            found.update(msgspec.json.encode(markets[symbol]))
    for series in cut.series:
        for month in archive.index.months(series):
            if month.last_ns >= cut.lo * NS and month.first_ns < cut.hi * NS:
                found.update(month.sha256.encode())
        for row in archive.index.hot(series, cut.lo, cut.hi).to_pylist():
            found.update(msgspec.json.encode(row))
    return found.hexdigest()[:16]


def laid(data_dir: Path, archive: Archive, cut: Cut, say: moving.Say) -> Path:
    """The cut as a tape in ``DATA/cuts``. Raises TapeError."""
    folder = data_dir / CUTS
    path = folder / f"{name_of(archive, cut)}.tape"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{path.stem}.{os.getpid()}.tape"
        try:
            moving.to_tape(archive, cut.series, draft, cut.lo, cut.hi, say)
            draft.rename(path)
        except OSError as error:
            if not path.exists():  # else another process was quicker
                raise TapeError(f"{path} cannot be made: {error.strerror}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _sweep(data_dir)
    os.utime(path)
    return path


def open_archive(data_dir: Path) -> Archive:
    """The archive of a data directory, to read. Raises TapeError with how to fill it."""
    root = data_dir / FOLDER
    if not root.exists():
        raise TapeError(
            f"there is no archive {root} yet: cockpit data backfill, or cockpit data import FILE --archive"
        )
    return Archive(root)


def again(data_dir: Path, tape: str, cut: Cut | None, say: moving.Say) -> str:
    """The tape of a run that is repeated: made anew from the archive when its cut is gone."""
    if cut is None or Path(tape).exists():
        return tape
    with open_archive(data_dir) as archive:
        return str(laid(data_dir, archive, cut, say).absolute())


def holes(archive: Archive, cut: Cut) -> dict[str, int]:
    """Candles that are missing between the first and the last, by series, from the index; where some are."""
    found = {}
    for one in archive.holdings():
        if one.series in cut.series and one.series.tf:
            absent = (one.last_ms - one.first_ms) // one.series.tf + 1 - one.rows
            if absent > 0:
                found[one.series.label] = absent
    return found


def _sweep(data_dir: Path) -> None:
    """Cuts that nobody has used for long go; a study or passport keeps its own."""
    cuts = sorted((data_dir / CUTS).glob("*.tape"), key=lambda path: path.stat().st_mtime, reverse=True)
    old = [path for path in cuts[KEEP:] if path.stat().st_mtime < time.time() - KEEP_S]
    if not old:
        return
    named = [*data_dir.glob("studies/*/task.json"), *data_dir.glob("passports/*.json")]
    texts = [file.read_text("utf-8", errors="replace") for file in named]
    for path in old:
        if not any(path.name in text for text in texts):
            shutil.rmtree(path, ignore_errors=True)


def played(
    args: argparse.Namespace, found: Loaded, lang: str, sleeves: Sequence[SleeveConfig], *, window: bool = False
) -> tuple[str, Cut | None]:
    """The tape that a command plays: ``--tape``, or a cut for ``--archive``. ``window``: it hears only
    ``--from`` to ``--to``. Raises ConfigError when neither or both are named, TapeError."""
    from cockpit.app.data.words import Progress, kinds
    from cockpit.app.session import instant

    if bool(args.tape) == bool(args.archive):
        raise ConfigError("name what to play: --tape TAPE, or --archive for what cockpit data has gathered")
    if args.kinds and args.tape:
        raise ConfigError("--kinds is for --archive: a tape is played whole")
    if args.tape:
        return str(Path(args.tape).absolute()), None
    lo, hi = (instant(args.begin), instant(args.end)) if window else (0, 0)
    with open_archive(found.data_dir) as archive:
        series = chosen(archive, sleeves or found.config.sleeves, kinds(args.kinds))
        cut = within(archive, series, lo, hi)
        path = laid(found.data_dir, archive, cut, Progress(lang))
        for label, count in holes(archive, cut).items():
            console.talk(tr("cli.archive.holes", lang, label=console.clean(label), count=f"{count:,}"))
    return str(path.absolute()), cut
