"""``cockpit backtest``, on a tape or the archive: the daemon's engine and venue, no clock, no journal."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import console, plainly
from cockpit.app.grammar import market
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``backtest`` takes."""
    market(parser)
    plainly.add(parser)
    parser.add_argument("--out", metavar="DIR", help="also write the page, the tables and the JSON there")
    parser.add_argument(
        "--beside",
        action="append",
        metavar="K=V",
        default=[],
        help="run it once more under this setting, and report both side by side; may be repeated",
    )
    parser.add_argument("--brief", action="store_true", help="the summary only, no report")
    parser.add_argument(
        "--executor",
        choices=("interpreted", "python", "compiled", "auto"),
        default="interpreted",
        help="compiled = machine code, the same fills and money; python = your class as it is, breakpoints "
        "hold, the rest compiled; auto = where it pays; it says which one ran",
    )
    parser.add_argument(
        "--no-record",
        action="store_true",
        help="do not keep the run (cockpit runs); its trial still counts (cockpit ledger)",
    )


def run(args: argparse.Namespace) -> int:
    """Run to the end of the tape. Raises TapeError (exit 5), ConfigError (exit 2)."""
    from cockpit.app import ledgers, runs, session
    from cockpit.app.data import cut
    from cockpit.app.discover import discover
    from cockpit.app.reports import pair, tables, terminal
    from cockpit.app.summary import summary_text
    from cockpit.app.trial import Request, beside, perform, source_of

    plainly.settings(args)
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    sleeves = tuple(session.parse_sleeve(text) for text in plainly.sleeves(args))
    begin, end = session.instant(args.begin), session.instant(args.end)
    path, taken = cut.played(args, found, lang, sleeves, window=True)
    for line in _money(found.config, path, sleeves, lang):
        console.talk(line)
    begin = plainly.begin(args, sleeves, path, begin, end)
    request = Request(path, found.config, sleeves, begin, end, taken)
    from cockpit.app.going import Telling

    ledgers.count_look(found.data_dir, request)
    with Telling(found.data_dir, session.sleeves_text(sleeves) or "-", request.tape) as telling:
        result, why = _performed(request, args.executor, partial(perform, telling=telling), lang)
    stamp = ledgers.count_backtest(found.data_dir, request, result)
    if args.beside:
        other = msgspec.structs.replace(request, config=_with(args, found).config)
        more, _ = _performed(other, args.executor, perform, lang)
        stamp = ledgers.count_backtest(found.data_dir, other, more)
        result = beside(result, more, args.beside)
    title = tr(
        "report.title", lang, sleeves=session.sleeves_text(result.sleeves), tape=source_of(request, lang)
    )
    did = dict(result.summary)
    lines = [summary_text(did, lang)]
    if args.executor != "interpreted":
        word = "asleep" if "slept" in did else did["executor"]
        lines.append(tr(f"executor.{word}", lang, why=why, **_counts(did)))
    if not args.brief:
        lines += ["", terminal.text(result.report, result.curve, lang)]
        lines += pair.lines(result, lang)
    if not args.no_record:
        kept = runs.register(found.data_dir, request, result, title, lang, stamp.text)
        did["run"] = kept.id
        lines += ["", tr("runs.kept", lang, run=kept.id, folder=str(found.data_dir / "runs" / kept.id))]
    if args.out:
        written = tables.write(result, Path(args.out), title, lang)
        lines += [tr("report.written", lang, files=", ".join(str(path) for path in written))]
    console.answer(args, {**did, "report": _plain(result.report), **pair.plain(result)}, "\n".join(lines))
    return 0


def _money(config: Config, path: str, sleeves: Sequence[SleeveConfig], lang: str) -> list[str]:
    """What to know where the markets of a tape are in other money than the account."""
    from cockpit.adapters.store.tape import read_info
    from cockpit.app import denomination

    instruments = {one.symbol: one for one in read_info(Path(path)).instruments}
    traded = [symbol for row in sleeves or config.sleeves for symbol in row.legs] or list(instruments)
    lines = denomination.unpaid(config, instruments, lang)
    return lines + denomination.notes(config, instruments, traded, lang)


def _with(args: argparse.Namespace, found: Any) -> Any:
    """The settings of the run beside. Raises ConfigError where they are the same."""
    other = console.loaded(argparse.Namespace(**{**vars(args), "set": [*args.set, *args.beside]}))
    if other.digest == found.digest:
        raise ConfigError(f"--beside {' '.join(args.beside)}: the settings are so already")
    return other


def _performed(request: Any, executor: str, kernel: Callable[[Any], Any], lang: str) -> tuple[Any, str]:
    """The result, and why it was not the compiled executor that made it."""
    from cockpit.lab.compiled.reasons import Unsupported

    why = ""
    if executor != "interpreted":
        from cockpit.app import deep, fast

        least = fast.WORTH_COMPILING if executor == "auto" else 0
        try:
            with _Ticker(lang) as ticker:
                how = deep.PYTHON if executor == deep.PYTHON else deep.COMPILED
                return fast.perform(request, ticker.tell, least, how), ""
        except Unsupported as refusal:
            why = str(refusal)
    result = kernel(request)
    result.summary["executor"] = "interpreted"
    result.summary["why_not_compiled"] = why
    return result, why


def _counts(did: dict[str, Any]) -> dict[str, str]:
    return {name: f"{did.get(name, 0):,}" for name in ("events", "slept")}


class _Ticker:
    """What is being compiled and for how long: nobody should look at a still screen meanwhile."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._what, self._done, self._since = "", 0.0, 0.0
        self._shown = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> _Ticker:
        if sys.stderr.isatty():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._shown:
            sys.stderr.write("\n")

    def tell(self, what: str, done: float) -> None:
        """Something is being compiled; ``done`` from 0 to 1."""
        if what != self._what:
            self._since = time.monotonic()
        self._what, self._done = what, done

    def _tick(self) -> None:
        while not self._over.wait(0.5):
            if self._what and self._done < 1:
                self._shown = True
                took = f"{time.monotonic() - self._since:.0f}"
                what = f"{self._what} {self._done:.0%}" if self._done else self._what
                line = tr("executor.compiling", self._lang, what=what, s=took)
                sys.stderr.write(f"\r{line}")
                sys.stderr.flush()


def _plain(report: object) -> object:
    return msgspec.to_builtins(report)
