"""``cockpit check lookahead|recursive|fills STRATEGY``: does a strategy know what it cannot know?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.app.grammar import history
from cockpit.text import tr

BARS = 3_000

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``check`` takes."""
    parser.add_argument("what", choices=("lookahead", "recursive", "fills"))
    parser.add_argument("sleeve", metavar="STRATEGY", help="NAME[:k=v,...][@SYMBOL[+SYMBOL...][/TF]]")
    history(parser)
    parser.add_argument(
        "--bars", type=int, default=BARS, metavar="N", help=f"the last N bars (default {BARS})"
    )


def run(args: argparse.Namespace) -> int:
    """0 when nothing was found, 1 when something was. Raises ConfigError, TapeError."""
    from cockpit.app.discover import discover

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    job = _job(args, found, lang)
    return {"lookahead": _lookahead, "recursive": _recursive, "fills": _fills}[args.what](args, job, lang)


def _job(args: argparse.Namespace, found: Any, lang: str) -> Any:
    import msgspec

    from cockpit.adapters.store import tape
    from cockpit.app import session
    from cockpit.app.check import Job
    from cockpit.app.data import cut
    from cockpit.core.errors import ConfigError

    if args.bars < 10:
        raise ConfigError("--bars: at least 10")
    if args.archive and "@" not in args.sleeve:
        raise ConfigError(f"with --archive name the market too: {args.sleeve}@SYMBOL/TF")
    named = (session.parse_sleeve(args.sleeve),) if "@" in args.sleeve else ()
    path = Path(cut.played(args, found, lang, named)[0])
    info = tape.read_info(path)
    text = args.sleeve if "@" in args.sleeve else f"{args.sleeve}@{info.instruments[0].symbol}"
    sleeve = session.parse_sleeve(text)
    absent = [symbol for symbol in sleeve.legs if symbol not in {i.symbol for i in info.instruments}]
    if absent:
        raise ConfigError(f"{path} holds no {', '.join(absent)}")
    offered = [set(info.bar_lengths.get(symbol, ())) for symbol in sleeve.legs]
    lengths = set.intersection(*offered)
    start = info.start_ms
    if lengths:
        if not sleeve.timeframe:
            from cockpit.core.config import timeframe_text

            sleeve = msgspec.structs.replace(sleeve, timeframe=timeframe_text(min(lengths)))
        from cockpit.core.config import timeframe_ms

        start = max(info.start_ms, info.end_ms - args.bars * timeframe_ms(sleeve.timeframe))
    return Job(str(path), found.config, sleeve, start, 0, plugins_dir=found.config.run.plugins_dir)


def _lookahead(args: argparse.Namespace, job: Any, lang: str) -> int:
    from cockpit.app.check import look_ahead

    findings, told = look_ahead(job)
    lines = [tr("check.decisions", lang, count=len(told.decisions), bars=len(told.times))]
    if told.benched:
        lines.append(tr("check.benched", lang, reason=told.benched))
    lines += [
        tr(f"check.{finding.kind}", lang, at=console.utc(finding.ts), detail=finding.detail)
        for finding in findings[:20]
    ]
    if len(findings) > 20:
        lines.append(tr("report.more", lang, count=len(findings) - 20))
    if not findings and told.decisions:
        lines.append(tr("check.clean", lang))
    if not told.decisions:
        lines.append(tr("check.nothing", lang))
    rows = [{"kind": f.kind, "ts": f.ts, "detail": f.detail} for f in findings]
    console.answer(
        args, {"check": "lookahead", "decisions": len(told.decisions), "findings": rows}, "\n".join(lines)
    )
    return 1 if findings or told.benched else 0


def _recursive(args: argparse.Namespace, job: Any, lang: str) -> int:
    from cockpit.app.check import look_ahead, warm_up

    _, told = look_ahead(job, 0)
    if len(told.times) < 20:
        from cockpit.core.errors import ConfigError

        raise ConfigError(f"{job.tape} has only {len(told.times)} bars there")
    rows, needed, _since = warm_up(job, told.times)
    table = [tuple(tr(f"check.column.{name}", lang) for name in ("history", "decisions", "differing"))]
    table += [(str(r.bars), str(r.decisions), str(r.differing)) for r in rows]
    verdict = (
        tr("check.warm", lang, bars=needed)
        if needed is not None
        else tr("check.never_warm", lang, bars=rows[-1].bars)
    )
    data = {
        "check": "recursive",
        "needed": needed,
        "rows": [{"history": r.bars, "decisions": r.decisions, "differing": r.differing} for r in rows],
    }
    console.answer(args, data, console.columns(table, frozenset((0, 1, 2))) + f"\n{verdict}")
    return 0 if needed is not None else 1


def _fills(args: argparse.Namespace, job: Any, lang: str) -> int:
    from cockpit.app.check import fills

    doubts, count = fills(job)
    wrong = [d for d in doubts if d.kind != "large"]
    lines = [tr("check.fills", lang, count=count, doubts=len(wrong), large=len(doubts) - len(wrong))]
    lines += [
        tr(f"check.doubt.{d.kind}", lang, at=console.utc(d.ts), symbol=d.symbol, detail=d.detail)
        for d in doubts[:20]
    ]
    rows = [{"kind": d.kind, "ts": d.ts, "symbol": d.symbol, "detail": d.detail} for d in doubts]
    console.answer(args, {"check": "fills", "fills": count, "doubts": rows}, "\n".join(lines))
    return 1 if wrong else 0
