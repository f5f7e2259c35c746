"""``cockpit backtest --tape TAPE``: the same engine and venue as the daemon, without clock or journal."""

from __future__ import annotations

import argparse
from pathlib import Path

from cockpit.app import console
from cockpit.app.grammar import market
from cockpit.core.errors import ConfigError
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``backtest`` takes."""
    market(parser)
    parser.add_argument("--out", metavar="DIR", help="also write the page, the tables and the JSON there")
    parser.add_argument("--brief", action="store_true", help="the summary only, no report")
    parser.add_argument("--no-record", action="store_true", help="do not keep the run (cockpit runs)")


def run(args: argparse.Namespace) -> int:
    """Run to the end of the tape. Raises TapeError (exit 5), ConfigError (exit 2)."""
    from cockpit.app import rig, runs, session
    from cockpit.app.discover import discover
    from cockpit.app.reports import tables, terminal
    from cockpit.app.trial import Request, perform

    if not args.tape:
        raise ConfigError("backtest needs --tape TAPE")
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    sleeves = tuple(session.parse_sleeve(text) for text in args.strategy or ())
    begin, end = session.instant(args.begin), session.instant(args.end)
    request = Request(str(Path(args.tape).absolute()), found.config, sleeves, begin, end)
    result = perform(request)
    title = tr("report.title", lang, sleeves=session.sleeves_text(result.sleeves), tape=Path(args.tape).name)
    did = dict(result.summary)
    lines = [rig.summary_text(did)]
    if not args.brief:
        lines += ["", terminal.text(result.report, result.curve, lang)]
    if not args.no_record:
        kept = runs.register(found.data_dir, request, result, title, lang)
        did["run"] = kept.id
        lines += ["", tr("runs.kept", lang, run=kept.id, folder=str(found.data_dir / "runs" / kept.id))]
    if args.out:
        written = tables.write(result, Path(args.out), title, lang)
        lines += [tr("report.written", lang, files=", ".join(str(path) for path in written))]
    console.answer(args, {**did, "report": _plain(result.report)}, "\n".join(lines))
    return 0


def _plain(report: object) -> object:
    import msgspec

    return msgspec.to_builtins(report)
