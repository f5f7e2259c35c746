"""``cockpit runs``: the backtests that were run here; show one, run one again and compare."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``runs`` takes."""
    parser.add_argument("verb", nargs="?", choices=("list", "show", "repeat"), default="list")
    parser.add_argument("run", nargs="?", metavar="RUN", help="its name, the beginning of one, or last")


def run(args: argparse.Namespace) -> int:
    """List, show, or repeat: 0 when the decisions are the same again, 1 when they are not."""
    from cockpit.app import runs
    from cockpit.core.errors import ConfigError

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.verb == "list":
        return _list(args, found.data_dir, lang)
    if not args.run:
        raise ConfigError(f"runs {args.verb} needs a run; cockpit runs lists them")
    chosen = runs.find(found.data_dir, args.run)
    return _show(args, chosen, found.data_dir) if args.verb == "show" else _repeat(args, chosen, found, lang)


def _list(args: argparse.Namespace, data_dir: object, lang: str) -> int:
    from pathlib import Path

    from cockpit.app import runs
    from cockpit.app.reports import words

    rows = list(runs.listed(Path(str(data_dir))))
    lines = [tuple(tr(f"runs.{name}", lang) for name in ("id", "sleeves", "total", "sharpe", "mdd", "trips"))]
    for one in rows:
        names = ", ".join(f"{s.strategy}@{s.symbol}" for s in one.request.sleeves[:3])
        more = f" +{len(one.request.sleeves) - 3}" if len(one.request.sleeves) > 3 else ""
        numbers = (words.percent(one.total), words.ratio(one.sharpe), words.share(one.mdd), str(one.trips))
        lines.append((one.id, console.clean(names + more), *numbers))
    text = console.columns(lines, frozenset((2, 3, 4, 5))) if rows else tr("runs.none", lang)
    console.answer(args, [runs.row(one) for one in rows], text)
    return 0


def _show(args: argparse.Namespace, chosen: object, data_dir: object) -> int:
    from pathlib import Path

    import msgspec

    from cockpit.app.reports import tables
    from cockpit.app.runs import FILE, Run

    assert isinstance(chosen, Run)
    folder = Path(str(data_dir)) / "runs" / chosen.id
    body = msgspec.json.decode((folder / "report.json").read_bytes())
    data = {"run": msgspec.to_builtins(chosen), **body}
    files = "\n".join(f"  {folder / name}" for name in (FILE, *tables.FILES))
    console.answer(
        args, data, msgspec.json.format(msgspec.json.encode(data["report"])).decode() + f"\n{files}"
    )
    return 0


def _repeat(args: argparse.Namespace, chosen: object, found: object, lang: str) -> int:
    from cockpit.app import runs
    from cockpit.app.data import cut
    from cockpit.app.data.words import Progress
    from cockpit.app.discover import discover
    from cockpit.app.ledgers import count_backtest
    from cockpit.app.runs import Run
    from cockpit.app.settings import Loaded
    from cockpit.app.trial import code_hash

    assert isinstance(chosen, Run)
    assert isinstance(found, Loaded)
    discover(found.config.run.plugins_dir)
    lost = cut.again(found.data_dir, chosen.request.tape, chosen.request.archive, Progress(lang))
    again = runs.again(chosen, lost)
    count_backtest(found.data_dir, chosen.request, again)
    same = again.summary["digest"] == chosen.digest
    changed = {
        "data": again.data_hash != chosen.data_hash,
        "code": code_hash() != chosen.code_hash,
    }
    word = f"runs.{'same' if same else 'differs'}{'' if chosen.executor == runs.KERNEL else '.facts'}"
    notes = [tr(word, lang, run=chosen.id, digest=chosen.digest[:16])]
    notes += [tr(f"runs.changed.{what}", lang) for what, other in changed.items() if other]
    console.answer(args, {"run": chosen.id, "same": same, "changed": changed}, "\n".join(notes))
    return 0 if same else 1
