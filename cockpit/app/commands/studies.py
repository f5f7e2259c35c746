"""``cockpit studies``: the searches that were run or run here; show one."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``studies`` takes."""
    parser.add_argument("verb", nargs="?", choices=("list", "show"), default="list")
    parser.add_argument("study", nargs="?", metavar="STUDY", help="its name")


def run(args: argparse.Namespace) -> int:
    """List or show. Raises ConfigError for a study that does not exist."""
    import msgspec

    from cockpit.app import studies
    from cockpit.app.reports import study
    from cockpit.core.errors import ConfigError

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.verb == "list":
        rows = list(studies.listed(found.data_dir))
        text = study.listing(rows, lang) if rows else tr("studies.none", lang)
        console.answer(args, msgspec.to_builtins(rows), text)
        return 0
    if not args.study:
        raise ConfigError("studies show needs a name; cockpit studies lists them")
    status = studies.read(found.data_dir, args.study)
    plan = studies.plan(found.data_dir, args.study)
    data = {**msgspec.to_builtins(status), "space": msgspec.to_builtins(plan.task.space)}
    console.answer(args, data, study.text(status, plan, lang))
    return 0
