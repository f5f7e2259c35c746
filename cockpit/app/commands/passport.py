"""``cockpit passport SLEEVE --tape TAPE``: examine a strategy version and certify what was found out.

``cockpit passport verify FILE`` checks one; ``list`` and ``show`` are for those that were made here.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.app.grammar import span
from cockpit.core.errors import ConfigError
from cockpit.text import tr

VERBS = ("list", "show", "verify")

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``passport`` takes."""
    parser.add_argument(
        "what", nargs="?", metavar="SLEEVE|VERB", help="NAME[:k=v,...]@SYMBOL[/TF], or list, show, verify"
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="of show and verify: file, version, or last")
    searched(parser)
    parser.add_argument(
        "--study", metavar="NAME", default="", help="examine its best; with SLEEVE: it was chosen there"
    )
    parser.add_argument(
        "--bars", metavar="N", type=int, default=3_000, help="of the bias checks, the last N (3000); 0 = none"
    )


def searched(parser: argparse.ArgumentParser) -> None:
    """Options that a walk forward takes too."""
    span(parser)
    parser.add_argument(
        "--param",
        metavar="P",
        action="append",
        default=[],
        help="NAME=LOW..HIGH[:STEP]: what is searched and shaken (default: every one with a range)",
    )
    parser.add_argument(
        "--impact", metavar="Y", type=float, default=1.0, help="of the square-root impact (1)"
    )
    parser.add_argument("--executor", choices=("auto", "compiled", "interpreted"), default="auto")
    parser.add_argument("--trials", metavar="N", type=int, default=50, help="a window (50)")
    parser.add_argument("--method", metavar="NAME", default="auto", help="as in cockpit optimize")
    parser.add_argument("--objective", metavar="NAME", default="sharpe", help="as in cockpit optimize")
    parser.add_argument(
        "--require", metavar="LIMIT", action="append", default=[], help="in training: trades>=10"
    )
    for name, usual in (("train", 180), ("validate", 45), ("test", 30), ("step", 30)):
        parser.add_argument(f"--{name}", metavar="DAYS", type=int, default=0, help=f"({usual})")
    parser.add_argument(
        "--purge", metavar="DAYS", type=int, default=-1, help="between learning and testing (longest trip)"
    )
    parser.add_argument("--embargo", metavar="DAYS", type=int, default=1, help="more before a test (1)")
    parser.add_argument("--anchored", action="store_true", help="training always begins at the start")


def run(args: argparse.Namespace) -> int:
    """0 when it passes (verify: is what it says), 1 when not. Raises ConfigError, TapeError, StoreError."""
    if args.what in VERBS:
        return {"list": _list, "show": _show, "verify": _verify}[args.what](args)
    from cockpit.app import passports
    from cockpit.app.reports import certificate

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    line = Line(lang, not args.json)
    wanted = course(args)
    if args.what:
        config, asked = found.config, terms(args, found, lang)
    elif args.study:
        config, asked, wanted = _best(found.data_dir, args, wanted)
    else:
        raise ConfigError("passport needs a strategy on a market, or --study NAME")
    made, file = passports.make(config, found.data_dir, asked, wanted, line, lang)
    line.close()
    text = certificate.text(made, lang) + "\n" + tr("passport.written", lang, file=str(file))
    console.answer(args, _plain(made, file), text)
    return 0 if made.passed else 1


def terms(args: argparse.Namespace, found: Any, lang: str) -> Any:
    """What is examined. Raises ConfigError."""
    from cockpit.app import session
    from cockpit.app.data import cut
    from cockpit.app.proving import Terms

    sleeve = session.parse_sleeve(args.what)
    tape, _ = cut.played(args, found, lang, (sleeve,))
    begin, end = session.instant(args.begin), session.instant(args.end)
    return Terms(
        tape, sleeve, begin, end, tuple(args.param), getattr(args, "study", ""),
        args.seed or 0, args.impact, getattr(args, "bars", 0), args.executor,
    )  # fmt: skip


def _best(data_dir: Path, args: argparse.Namespace, wanted: Any) -> tuple[Any, Any, Any]:
    """(settings, terms, course) for the best trial of a study. Raises ConfigError when it has none."""
    import msgspec

    from cockpit.app import studies
    from cockpit.app.proving import Terms

    best, task = studies.read(data_dir, args.study).best, studies.plan(data_dir, args.study).task
    if best is None:
        raise ConfigError(f"the study {args.study} has found nothing that counts")
    sleeve = msgspec.structs.replace(task.sleeve, params=best.params)
    impact = studies.plan(data_dir, args.study).impact
    asked = Terms(
        task.tape, sleeve, task.start_ms, task.end_ms, (), args.study, args.seed or 0, impact, args.bars,
        args.executor, task.space,
    )  # fmt: skip
    own = {"objective": task.objective, "limits": task.limits}
    return task.config, asked, msgspec.structs.replace(wanted, **own)


def course(args: argparse.Namespace) -> Any:
    """How it is walked forward. Raises ConfigError."""
    from cockpit.app.walking import Course

    if args.trials < 1 or min(args.train, args.test, args.step, args.embargo) < 0:
        raise ConfigError("--trials must be 1 or more, lengths not below 0")
    return Course(
        args.trials, args.method, args.objective, tuple(args.require), args.train, args.validate, args.test,
        args.step, args.purge, args.embargo, args.anchored,
    )  # fmt: skip


def _plain(made: Any, file: Path) -> dict[str, Any]:
    import msgspec

    return {"file": str(file), **msgspec.to_builtins(made)}


def _list(args: argparse.Namespace) -> int:
    from cockpit.app import passports
    from cockpit.app.discover import discover

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    names = ("made", "version", "strategy", "symbols", "verdict", "valid")
    rows = [tuple(tr(f"passport.column.{name}", lang) for name in names)]
    data = []
    for file, one in passports.listed(found.data_dir):
        about, faults = one.subject, passports.faults(found.data_dir, one)
        verdict = tr("passport.state.pass" if one.passed else "passport.state.fail", lang)
        said = ", ".join(tr(f"passport.fault.{name}", lang) for name in faults) or "+"
        where = "+".join(about.symbols)
        rows.append((console.utc(one.made), about.version, about.strategy, where, verdict, said))
        data.append(
            {"file": str(file), "version": about.version, "strategy": about.strategy, "made": one.made,
             "symbols": about.symbols, "passed": one.passed, "faults": faults}
        )  # fmt: skip
    console.answer(args, data, console.columns(rows) if data else tr("passport.empty", lang))
    return 0


def _show(args: argparse.Namespace) -> int:
    from cockpit.app import passports
    from cockpit.app.reports import certificate

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    file, one = passports.find(found.data_dir, args.file or "last")
    console.answer(args, _plain(one, file), certificate.text(one, lang))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from cockpit.app import passports
    from cockpit.app.discover import discover

    if not args.file:
        raise ConfigError("passport verify needs a file, a version, or last")
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    file, one = passports.find(found.data_dir, args.file)
    faults = passports.faults(found.data_dir, one)
    lines = [tr(f"passport.fault.{name}", lang) for name in faults]
    lines.append(tr("passport.bad" if faults else "passport.good", lang, file=str(file), seal=one.seal[:16]))
    lines.append(tr("passport.says", lang, verdict=_verdict(one, lang)))
    data = {
        "file": str(file), "seal": one.seal, "valid": not faults, "faults": faults, "passed": one.passed,
        "reasons": [check.name for check in one.reasons],
    }  # fmt: skip
    console.answer(args, data, "\n".join(lines))
    return 1 if faults else 0


def _verdict(one: Any, lang: str) -> str:
    from cockpit.app.reports import certificate

    return certificate.headline(one, lang)


class Line:
    """One line on a terminal that says what is being found out."""

    def __init__(self, lang: str, wanted: bool) -> None:
        self.lang, self.shown = lang, wanted and sys.stderr.isatty()

    def __call__(self, what: str, share: float) -> None:
        """Where it is."""
        if self.shown:
            said = tr(f"passport.doing.{what}", self.lang)
            sys.stderr.write(f"\r\x1b[K{said} {share:.0%}" if share else f"\r\x1b[K{said}")
            sys.stderr.flush()

    def close(self) -> None:
        """Take it away."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")
