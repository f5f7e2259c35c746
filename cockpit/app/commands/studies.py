"""``cockpit studies``: the searches that were run or run here; show, export, repeat a trial."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``studies`` takes."""
    parser.add_argument("verb", nargs="?", choices=("list", "show", "export", "repeat"), default="list")
    parser.add_argument("study", nargs="?", metavar="STUDY", help="its name")
    parser.add_argument("--out", metavar="DIR", help="export: where the page, the trials and the JSON go")
    parser.add_argument("--trial", metavar="N", type=int, help="repeat: which one (the best)")
    parser.add_argument("--heat", metavar="X,Y", help="show: two parameters against each other")


def run(args: argparse.Namespace) -> int:
    """List, show, export, or repeat: 1 when it is not the same again. Raises ConfigError, TapeError."""
    import msgspec

    from cockpit.app import studies
    from cockpit.app.reports import study
    from cockpit.core.errors import ConfigError
    from cockpit.lab.search import landscape

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.verb == "list":
        rows = list(studies.listed(found.data_dir))
        text = study.listing(rows, lang) if rows else tr("studies.none", lang)
        console.answer(args, msgspec.to_builtins(rows), text)
        return 0
    if not args.study:
        raise ConfigError(f"studies {args.verb} needs a name; cockpit studies lists them")
    status = studies.read(found.data_dir, args.study)
    plan = studies.plan(found.data_dir, args.study)
    trials, space = studies.trials(found.data_dir, args.study), plan.task.space
    if args.verb == "export":
        from cockpit.app.reports.study_page import write

        if not args.out:
            raise ConfigError("studies export needs --out DIR")
        files = [str(file) for file in write(status, plan, trials, Path(args.out), lang)]
        console.answer(args, {"files": files}, tr("report.written", lang, files=", ".join(files)))
        return 0
    if args.verb == "repeat":
        return _repeat(args, status, plan, trials, lang)
    axes = landscape.strips(trials, space)
    data = {**msgspec.to_builtins(status), "space": msgspec.to_builtins(space)}
    data["axes"] = msgspec.to_builtins(axes)
    text = study.text(status, plan, lang, trials)
    if args.heat:
        heat = _heat(trials, space, args.heat)
        data["heat"] = msgspec.to_builtins(heat)
        text += "\n\n" + study.heat_map(heat, lang)
    console.answer(args, data, text)
    return 0


def _heat(trials: Any, space: Any, wish: str) -> Any:
    from cockpit.core.errors import ConfigError
    from cockpit.lab.search.landscape import heat

    x, _, y = wish.partition(",")
    names = [axis.name for axis in space.axes]
    if x not in names or y not in names or x == y:
        raise ConfigError(f"--heat {wish}: name two of {', '.join(names)}, as {names[0]},{names[-1]}")
    return heat(trials, space, x, y)


def _repeat(args: argparse.Namespace, status: Any, plan: Any, trials: Any, lang: str) -> int:
    from cockpit.app.optimizing import repeat
    from cockpit.app.trial import code_hash
    from cockpit.core.errors import ConfigError

    number = args.trial if args.trial is not None else status.best.number if status.best else -1
    chosen = next((trial for trial in trials if trial.number == number), None)
    if chosen is None or chosen.outcome in {"barred", "failed"}:
        raise ConfigError(f"the study {status.name} has no trial {number} that ran; it has {len(trials)}")
    first = next(trial for trial in trials if trial.number == (chosen.twin if chosen.twin >= 0 else number))
    same, again = repeat(plan, first)
    changed = code_hash() != plan.code_hash
    lines = [tr("studies.same" if same else "studies.differs", lang, trial=str(number), study=status.name)]
    lines += [tr("runs.changed.code", lang)] if changed else []
    data = {"study": status.name, "trial": number, "same": same, "code_changed": changed}
    console.answer(args, {**data, "before": first.scores, "now": again.scores}, "\n".join(lines))
    return 0 if same else 1
