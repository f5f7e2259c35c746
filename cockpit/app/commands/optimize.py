"""``cockpit optimize STRATEGY@SYMBOL --tape TAPE``: a search for parameters, kept as a study."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from cockpit.app import console, priority
from cockpit.app.grammar import span
from cockpit.core.errors import ConfigError

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``optimize`` takes."""
    # Before numpy is loaded: trials run side by side already, threads of its algebra stand in their way, and
    # with another number of them it adds up in another order.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cockpit.core.registry import OBJECTIVES, SEARCHES
    from cockpit.lab.search.method import discover

    discover()
    parser.add_argument(
        "sleeve", nargs="?", metavar="SLEEVE", help="NAME[:k=v,...]@SYMBOL[/TF]; k=v stay fixed"
    )
    span(parser)
    parser.add_argument(
        "--param",
        metavar="P",
        action="append",
        default=[],
        help="NAME=LOW..HIGH[:STEP] searches exactly the parameters named so, NAME=VALUE fixes one,"
        " '*' adds all others; repeatable",
    )
    parser.add_argument(
        "--method", metavar="NAME", default="auto", help=f"{', '.join(SEARCHES)}; auto: by dimension"
    )
    parser.add_argument(
        "--objective",
        metavar="NAME[:k=v,...]",
        default="sharpe",
        help=f"{', '.join(OBJECTIVES)} (sharpe)",
    )
    parser.add_argument(
        "--require", metavar="LIMIT", action="append", default=[], help="trades>=30, mdd<=0.25; repeatable"
    )
    parser.add_argument("--trials", metavar="N", type=int, help="how many (200)")
    parser.add_argument(
        "--validate", metavar="SHARE", type=float, default=0.25, help="of the span, unseen (0.25)"
    )
    parser.add_argument(
        "--impact", metavar="Y", type=float, default=1.0, help="of the square-root impact (1)"
    )
    parser.add_argument("--prune", action="store_true", help="give up most of each batch early")
    parser.add_argument("--executor", choices=("auto", "compiled", "interpreted"), default="auto")
    parser.add_argument("--study", metavar="NAME", help="what it is called (strategy, market and time)")
    parser.add_argument("--resume", action="store_true", help="go on with --study where it was left")
    _crew(parser)


def _crew(parser: argparse.ArgumentParser) -> None:
    """Who runs the trials."""
    parser.add_argument("--workers", metavar="N", type=int, default=priority.cores(), help="all cores")
    parser.add_argument(
        "--pool", choices=("auto", "threads", "processes"), default="auto", help="what the workers are"
    )
    parser.add_argument("--cluster", metavar="tcp://...", default="", help="a Dask scheduler that runs them")
    parser.add_argument(
        "--storage",
        metavar="URL",
        default=os.environ.get("COCKPIT_STUDY_STORAGE", ""),
        help="a database that several machines share one study in (or COCKPIT_STUDY_STORAGE)",
    )
    parser.add_argument(
        "--machine", metavar="N", type=int, default=0, help="which of them this is: 0, 1, ..."
    )
    parser.add_argument(
        "--nice",
        metavar="N",
        type=int,
        default=10,
        help="how far trading and everybody else go before it (10)",
    )


def run(args: argparse.Namespace) -> int:
    """0 when the study has all its trials or nothing is left to try, 130 when it was interrupted."""
    from cockpit.app import optimizing
    from cockpit.app.studies import plan

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.workers < 1 or args.machine < 0:
        raise ConfigError(f"--workers {args.workers}, --machine {args.machine}: at least 1 and 0")
    if args.storage and not args.study:
        raise ConfigError("--storage needs --study NAME, the same on every machine")
    crew = optimizing.Crew(args.workers, args.cluster, args.pool, args.storage, args.machine)
    if args.resume:
        if not args.study:
            raise ConfigError("--resume needs --study NAME; cockpit studies lists them")
        name = optimizing.checked_name(args.study)
        begun = optimizing.unchanged(plan(found.data_dir, name))
        total = args.trials or begun.budget
    else:
        wish = _wish(args, found, lang)
        begun = optimizing.planned(found.config, wish)
        total, name = wish.trials, optimizing.checked_name(args.study or _name(wish))
    yields(args.nice, found.data_dir)
    line = Line(lang)
    status = optimizing.search(
        found.data_dir, name, begun, total, crew, resume=args.resume, told=None if args.json else line
    )
    line.close()
    import msgspec

    from cockpit.app.reports.study import text

    console.answer(args, msgspec.to_builtins(status), text(status, begun, lang))
    return 130 if status.state == "stopped" else 0


def yields(nice: int, data_dir: Path) -> None:
    """Let others go first: a search takes all it can get, a trading process needs little, but at once.

    Beside a cockpit that runs here a core stays free for it. Workers that this process starts yield as well.
    Raises ConfigError.
    """
    if not 0 <= nice <= 19:
        raise ConfigError(f"--nice {nice}: 0 (as others) to 19 (last)")
    if nice > os.getpriority(os.PRIO_PROCESS, 0):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    from cockpit.app import whereabouts

    if whereabouts.running(data_dir):
        priority.leave_a_core()


def _wish(args: argparse.Namespace, found: Any, lang: str) -> Any:
    from cockpit.app import optimizing, session
    from cockpit.app.data import cut

    if args.strategy:
        raise ConfigError(
            "optimize takes its strategy as a word: cockpit optimize ema_trend@okx:BTC-USDT-SWAP/1h"
        )
    if not args.sleeve:
        raise ConfigError("optimize needs a strategy and market, e.g. ema_trend@okx:BTC-USDT-SWAP/1h")
    sleeve = session.parse_sleeve(args.sleeve)
    tape, _ = cut.played(args, found, lang, (sleeve,))
    begin, end = session.instant(args.begin), session.instant(args.end)
    return optimizing.Wish(
        tape, sleeve, tuple(args.param), begin, end,
        args.validate, args.method, args.objective, tuple(args.require), 200 if args.trials is None else
        args.trials, args.seed or 0, args.impact, args.executor, args.prune,
    )  # fmt: skip


def _name(wish: Any) -> str:
    market = wish.sleeve.legs[0].partition(":")[2] or wish.sleeve.legs[0]
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in f"{wish.sleeve.strategy}-{market}")
    return f"{kept[:40]}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"


class Line:
    """One line on a terminal that is written over as it goes."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.shown = sys.stderr.isatty()

    def __call__(self, status: Any) -> None:
        """How far it is."""
        if not self.shown:
            return
        from cockpit.app.reports import study

        sys.stderr.write("\r\x1b[K" + study.line(status, self.lang, os.get_terminal_size(2).columns - 1))
        sys.stderr.flush()

    def close(self) -> None:
        """Leave it standing."""
        if self.shown:
            sys.stderr.write("\n")
