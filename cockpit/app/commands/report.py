"""``cockpit report controls``: the list of controls, and what this machine can show for it."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from cockpit.app import console
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``report`` takes."""
    parser.add_argument("what", choices=("controls",), help="which report")


WIDTH, INDENT = 100, " " * 5
"""Of the lines that say what waits, and why."""


def run(args: argparse.Namespace) -> int:
    """Print it. Raises StoreError (4) when the list is not there."""
    import msgspec

    from cockpit.app.controls import controls, evidence

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    rows, shown = controls(), evidence(found)
    counts = {state: sum(row.state == state for row in rows) for state in ("holds", "partly", "open")}
    lines = [tr("report.head", lang, total=len(rows), **counts), ""]
    for row in rows:
        lines.append(f"{row.id}  {tr(f'report.state.{row.state}', lang)}  {row.control}")
        lines += textwrap.wrap(row.waits, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    lines += ["", tr("report.evidence", lang)]
    lines.append(console.columns([(tr(f"report.{name}", lang), _word(name, v)) for name, v in shown.items()]))
    data = {"controls": msgspec.to_builtins(rows), "evidence": shown, **counts}
    console.answer(args, data, "\n".join(lines))
    return 0


def _word(name: str, value: Any) -> str:
    if value is None or value == []:
        return "-"
    if name.startswith("last_"):
        return console.utc(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {number:g}" for key, number in value.items())
    return console.clean(", ".join(value) if isinstance(value, list) else value)
