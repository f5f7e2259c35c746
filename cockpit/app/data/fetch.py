"""``cockpit data ingest | backfill``: an exchange's past into the archive, with progress."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.adapters.archive.archive import Archive
from cockpit.adapters.archive.layout import Series
from cockpit.app import console
from cockpit.app.data.ingest import Done, fill, plan, samples
from cockpit.app.data.sources import by_venue, open_history
from cockpit.app.data.words import choose, counted, kinds, lengths, listed, root_of
from cockpit.app.grammar import common
from cockpit.app.settings import Loaded
from cockpit.core.config import Config
from cockpit.core.errors import ConfigError
from cockpit.text import tr

DAYS = {"ingest": 365, "backfill": 730}
DAY = 86_400_000
TIMEFRAMES = "15m,1h,4h,1d"
KINDS = "bars,funding"
BAR = 24
"""Cells of the progress bar."""


def add(what: Any) -> None:
    """The two commands that ask an exchange."""
    daily = what.add_parser("ingest", help="from an exchange: what is new since the last time")
    once = what.add_parser("backfill", help="from an exchange: all of the last days that is not there yet")
    for below, days in ((daily, DAYS["ingest"]), (once, DAYS["backfill"])):
        choose(below)
        below.add_argument(
            "--since-days", type=float, default=days, metavar="N", help=f"how far back (default {days})"
        )
        common(below)
    daily.add_argument("--every", type=float, metavar="S", help="again every S seconds, until interrupted")


pause = time.sleep


class Bars:
    """A bar on a terminal, a line every few seconds elsewhere; always on stderr."""

    EVERY_S = 3.0

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._live = sys.stderr.isatty()
        self._said = 0.0
        self._what: Series | None = None

    def __call__(self, series: Series, share: float, rows: int) -> None:
        now = time.monotonic()
        done = share >= 1.0
        if not done and series == self._what and now - self._said < (0.1 if self._live else self.EVERY_S):
            return
        self._what, self._said = series, now
        full = round(share * BAR)
        text = tr(
            "cli.archive.progress", self._lang, label=console.clean(series.label), rows=f"{rows:,}",
            bar="#" * full + "." * (BAR - full), share=f"{share:4.0%}",
        )  # fmt: skip
        if self._live:
            sys.stderr.write(f"\r{text}\x1b[K" + ("\n" if done else ""))
            sys.stderr.flush()
        else:
            console.talk(text)


def wanted(config: Config, args: argparse.Namespace) -> list[Series]:
    """The series that the options name. Raises ConfigError."""
    symbols = listed(args.symbols) or known(config)
    if not symbols:
        raise ConfigError("name the markets: --symbols okx:BTC-USDT-SWAP,okx:ETH-USDT-SWAP")
    tfs = lengths(args.timeframes or TIMEFRAMES)
    found = []
    for symbol in dict.fromkeys(symbols):
        for kind in kinds(args.kinds or KINDS):
            found += [Series(kind, symbol, tf) for tf in (tfs if kind == "bars" else [0])]
    return found


def known(config: Config) -> list[str]:
    """Markets that the settings trade or watch, of exchanges whose past can be asked for."""
    traded = [leg for row in config.sleeves for leg in row.legs]
    for venue, table in (("okx", config.okx), ("binance", config.binance), ("bybit", config.bybit)):
        traded += [name if ":" in name else f"{venue}:{name}" for name in table.symbols]
    return [name for name in traded if name.partition(":")[0] in ("okx", "binance", "bybit")]


def run(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """Raises ConfigError (exit 2), VenueError (6); interrupted (130) it goes on next time where it was."""
    if args.since_days <= 0:
        raise ConfigError(f"--since-days {args.since_days:g}: more than 0")
    every = getattr(args, "every", None)
    if every is not None and every < 1:
        raise ConfigError(f"--every {every:g}: 1 second or more")
    series = wanted(found.config, args)
    by_venue([one.symbol for one in series])
    with Archive(root_of(found), write=True) as archive:
        while True:
            done, left_out = asyncio.run(once(found.config, args, archive, series, Bars(lang)))
            say(args, found, done, left_out, lang)
            if every is None:
                return 0
            pause(every)


async def once(
    config: Config, args: argparse.Namespace, archive: Archive, series: Sequence[Series], bars: Bars
) -> tuple[list[Done], list[Series]]:
    """One round over all exchanges; also what they do not offer."""
    done: list[Done] = []
    left_out: list[Series] = []
    for venue, symbols in by_venue([one.symbol for one in series]).items():
        mine = [one for one in series if one.symbol in symbols]
        history = await open_history(config, venue, symbols)
        try:
            archive.define(history.instruments.values())
            now = await history.look()
            offered = [one for one in mine if history.offers(one.kind, one.symbol, one.tf)]
            paged = [one for one in offered if one.kind in history.paged]
            now_only = [one for one in offered if one.kind in history.sampled]
            if args.what == "backfill":
                now_only = []
            left_out += [one for one in mine if one not in (*paged, *now_only)]
            since = now - round(args.since_days * DAY)
            jobs = plan(archive, paged, since, now, incremental=args.what == "ingest")
            done += await fill(archive, history, jobs, now, bars)
            done += await samples(archive, history, now_only)
        finally:
            await history.close()
    return done, left_out


def say(
    args: argparse.Namespace, found: Loaded, done: Sequence[Done], left_out: Sequence[Series], lang: str
) -> None:
    """The sum of a round."""
    lines = [
        tr("cli.archive.took", lang, label=console.clean(one.series.label), **counted(one.took)) for one in done
    ]
    lines += [tr("cli.archive.none", lang, label=console.clean(one.label)) for one in left_out]
    document = {
        "archive": str(root_of(found)),
        "series": [
            {"label": one.series.label, "pages": one.pages, **msgspec.to_builtins(one.took)} for one in done
        ],
        "not_offered": [one.label for one in left_out],
    }
    console.answer(args, document, "\n".join(lines))
