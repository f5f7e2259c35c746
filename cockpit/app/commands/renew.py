"""``cockpit renew SLEEVE …``: search, examine the best out of sample, hand over what passes. For jobs."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cockpit.app import console, priority
from cockpit.core.errors import ConfigError
from cockpit.text import tr

EPILOG = """\
cockpit renew ema_trend@okx:BTC-USDT-SWAP/1h --archive --days 730 --offer    what passes goes on
cockpit renew 'ema_trend@*/1h' --tape 2025.tape                     every market of a tape; a line each
a year of candles as a tape: cockpit data import CANDLES.parquet --out 2025.tape (or backfill and --archive).
That none passes is a finding (exit 0), and told with what they failed; 1 and 2 are left for what went wrong.

as a job:  run = ["renew", "ema_trend@okx:BTC-USDT-SWAP/1h", "--archive", "--days", "730",
           "--offer"], cron = "10 0 * * *"
with release.automatic = true the running cockpit takes what is offered: cockpit help release
"""

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``renew`` takes."""
    # As in optimize: before numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cockpit.app.commands.passport import searched

    parser.epilog = EPILOG
    parser.add_argument(
        "sleeves", nargs="+", metavar="SLEEVE", help="NAME[:k=v,...]@SYMBOL[/TF]; patterns: 'ema_trend@*/1h'"
    )
    searched(parser)
    parser.add_argument(
        "--days", metavar="N", type=float, default=0.0, help="only the newest N (all there is)"
    )
    parser.add_argument(
        "--forward", metavar="N", type=float, default=45.0, help="days at the end that no search sees (45)"
    )
    parser.add_argument(
        "--bars", metavar="N", type=int, default=3_000, help="of the bias checks, the last N (3000)"
    )
    parser.add_argument(
        "--offer", action="store_true", help="hand what passes to the cockpit here (release.automatic)"
    )
    parser.add_argument("--workers", metavar="N", type=int, default=priority.cores(), help="all cores")
    parser.add_argument("--nice", metavar="N", type=int, default=10, help="as in cockpit optimize (10)")


def run(args: argparse.Namespace) -> int:
    """0 when every sleeve was looked at, whether or not one passes. Raises ConfigError, TapeError."""
    import msgspec

    from cockpit.adapters.store.tape import read_info
    from cockpit.app import renewing, session
    from cockpit.app.commands import optimize, passport
    from cockpit.app.data import cut
    from cockpit.app.discover import discover

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.workers < 1 or args.days < 0 or args.forward < 0:
        raise ConfigError("--workers must be 1 or more, --days and --forward not below 0")
    discover(found.config.run.plugins_dir)
    optimize.yields(args.nice, found.data_dir)
    asked = [session.parse_sleeve(text) for text in args.sleeves]
    course, line = passport.course(args), passport.Line(lang, not args.json)
    tape, _ = cut.played(args, found, lang, asked)
    info = read_info(Path(tape))
    told: list[renewing.Found] = []
    rows = renewing.rows_of(found.config, asked, info)
    for row in rows:
        wish = _wish(args, row, tape, info.end_ms)
        order = renewing.Order(wish, course, args.bars, args.offer, args.workers, lang)
        told.append(renewing.renewed(found.config, found.data_dir, order, line))
        line.close()
        if len(rows) > 1:
            print(_done(told, len(rows), lang), file=sys.stderr, flush=True)
    console.answer(args, msgspec.to_builtins(told), table(told, lang))
    return 0


def _wish(args: argparse.Namespace, row: Any, tape: str, last: int) -> Any:
    from cockpit.app import optimizing, session
    from cockpit.app.renewing import DAY

    end = session.instant(args.end) or last
    begin = session.instant(args.begin) or (int(end - args.days * DAY) if args.days else 0)
    return optimizing.Wish(
        tape, row, tuple(args.param), begin, int(end - args.forward * DAY),
        method=args.method, objective=args.objective, limits=tuple(args.require), trials=args.trials,
        seed=args.seed or 0, impact=args.impact, executor=args.executor,
    )  # fmt: skip


def _done(told: list[Any], count: int, lang: str) -> str:
    """What became of the last one, while the others go on."""
    last = told[-1]
    words = {"number": len(told), "count": count, "sleeve": console.clean(last.sleeve)}
    return tr("renew.done", lang, **words, verdict=_verdict(last, lang))


def _verdict(row: Any, lang: str) -> str:
    said = tr("passport.state.pass" if row.passed else "passport.state.fail", lang)
    why = row.error or ", ".join(row.reasons)
    return said + (f" ({console.clean(why)})" if why else "")


def table(rows: list[Any], lang: str) -> str:
    """A row a sleeve, and how many passed."""
    names = ("sleeve", "trials", "sharpe", "dsr", "pbo", "years", "walk", "forward", "verdict")
    lines = [tuple(tr(f"renew.column.{name}", lang) for name in names)]
    lines += [
        (
            console.clean(row.sleeve),
            str(row.trials),
            *map(_number, (row.sharpe, row.dsr, row.pbo)),
            f"{row.years:.2f}/{_number(row.needed)}",
            *map(_number, (row.walk, row.forward)),
            _verdict(row, lang),
        )
        for row in rows
    ]
    counts = {"passed": sum(row.passed for row in rows), "count": len(rows)}
    said = [console.columns(lines, frozenset(range(1, 8))), tr("renew.passed", lang, **counts)]
    offered = [row for row in rows if row.offered]
    said += [tr("renew.offered", lang, sleeve=row.sleeve, file=row.offered) for row in offered]
    failed = Counter(name for row in rows if not row.error for name in row.reasons)
    if failed and not counts["passed"]:
        why = ", ".join(f"{name} {count}" for name, count in failed.most_common())
        said.append(tr("renew.none", lang, why=why))
    return "\n".join(said)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
