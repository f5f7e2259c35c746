"""``cockpit versions``: strategy versions, how far each is trusted, and what the next gate says of one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.core.errors import ConfigError, NotRunning
from cockpit.text import tr

EPILOG = """\
cockpit versions                                   those that there are, with what each has shown in its stage
cockpit versions show VERSION                      one in full: every condition of its next stage
cockpit versions add STRATEGY@SYMBOL/TF --params ema_fast=5,ema_slow=60 [--from VERSION] [--share 0.5]

then cockpit promote, approve, rollback, retire; cockpit help release
"""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``versions`` takes."""
    parser.epilog = EPILOG
    parser.add_argument("verb", nargs="?", choices=("list", "show", "add"), default="list")
    parser.add_argument(
        "what", nargs="?", metavar="WHAT", help="a version (its beginning is enough), or a sleeve"
    )
    parser.add_argument(
        "--params", metavar="K=V,...", default="", help="of the strategy; the rest as it declares"
    )
    parser.add_argument(
        "--share", metavar="X", default="", help="part of the equity that it may size against"
    )
    parser.add_argument(
        "--from", metavar="VERSION", default="", dest="parent", help="the version it was made from"
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; it is kept in the history")
    parser.add_argument(
        "--as",
        metavar="NAME",
        default="",
        dest="who",
        help="who you are (default: whose token is shown, else release.me)",
    )
    parser.add_argument("--force", action="store_true", help="take the wheel from whoever drives")


def run(args: argparse.Namespace) -> int:
    """List, show or add. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    if args.verb == "list":
        return _list(args)
    if not args.what:
        raise ConfigError(
            f"versions {args.verb} needs {'a version' if args.verb == 'show' else 'STRATEGY@SYMBOL'}"
        )
    return _show(args) if args.verb == "show" else _add(args)


def _list(args: argparse.Namespace) -> int:
    from cockpit.app.commands.plan import ask

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    try:
        rows = ask(args, "versions", {}, drives=False)[1].payload["versions"]
    except NotRunning:
        rows = [row for path in _journals(found.data_dir) for row in _kept(path)]
    console.answer(args, rows, table(rows, lang) if rows else tr("versions.none", lang))
    return 0


def _journals(data_dir: Path) -> list[Path]:
    from cockpit.app.whereabouts import JOURNAL, runs

    return [folder / JOURNAL for folder in runs(data_dir) if folder.parent.name != "replay"]


def _kept(path: Path) -> list[dict[str, Any]]:
    """What a journal that nobody writes knows: stages and history, no figures."""
    from cockpit.adapters.store.journal_file import JournalFile

    with JournalFile(path) as journal:
        return [{**row, "symbols": row["symbols"].split("+")} for row in journal.versions()]


def table(rows: list[dict[str, Any]], lang: str) -> str:
    """A row a version."""
    names = ("id", "market", "stage", "n", "annual", "fall", "trades", "slip", "against", "next")
    lines = [tuple(tr(f"versions.{name}", lang) for name in names)]
    for row in rows:
        market = " + ".join(row["symbols"]) + (f"/{row['timeframe']}" if row["timeframe"] else "")
        known = "samples" in row
        figures = (
            (
                str(row["samples"]),
                f"{row['annual']:+.1%}",
                f"{row['drawdown']:.1%}",
                str(row["trades"]),
                f"{row['slippage']:+.1f}",
                f"{row['against']:.2f}",
            )
            if known
            else ("-",) * 6
        )
        waits = f"{row['asked']} {len(row['approvals'])}/{row['needed']}" if known and row["asked"] else ""
        stage = tr(f"word.{row['stage']}", lang)
        lines.append((row["id"], console.clean(market), stage, *figures, waits))
    return console.columns(lines, frozenset(range(3, 9)))


def _show(args: argparse.Namespace) -> int:
    from cockpit.app.commands.plan import ask, refused

    lang, answer = ask(args, "version", {"version": args.what}, drives=False)
    if not answer.ok:
        raise refused(answer, lang)
    console.answer(args, answer.payload, "\n".join(map(console.clean, lines(answer.payload, lang))))
    return 0


def lines(row: dict[str, Any], lang: str) -> list[str]:
    """One version in words: what it is, each condition with its number, its history."""
    made, proof = row["make"], row["passport"]
    params = ", ".join(f"{name}={value}" for name, value in made["params"].items())
    found = [
        f"{row['id']}  {word(row['stage'], lang)}",
        f"  {' + '.join(made['symbols'])} {made['timeframe']}",
    ]
    found.append(
        f"  {tr('versions.made_of', lang)}: {params}; share {made['share']:g}; code {made['code'][:10]}"
    )
    if row["parent"]:
        found.append("  " + tr("versions.parent", lang, parent=row["parent"]))
    if proof is None:
        found.append("  " + tr("versions.no_proof", lang))
    else:
        found.append("  " + tr("versions.proof", lang, digest=proof["digest"][:12], valid=proof["valid"]))
    slips = {"realised": f"{row['slippage']:+.2f}", "modelled": f"{row['modelled']:+.2f}"}
    found.append("  " + tr("versions.fills", lang, **slips))
    found += filter(None, [row["fault"] and f"  ! {row['fault']}"])
    if row["hit"]:
        found.append("  " + tr("versions.hit", lang, why=row["hit"]))
    if row["next"]:
        found += ["", tr("versions.to", lang, to=tr(f"word.{row['next']}", lang))]
        found += console.columns([_condition(c, lang) for c in row["conditions"]]).splitlines()
    if row["asked"]:
        people = ", ".join(row["approvals"]) or "-"
        numbers = {"count": len(row["approvals"]), "needed": row["needed"], "version": row["id"]}
        found.append(
            tr("versions.asked", lang, to=row["asked"], who=row["asked_by"], people=people, **numbers)
        )
    elif row["open"]:
        found.append(tr("versions.open", lang, version=row["id"], to=row["next"]))
    found += ["", tr("versions.history", lang)]
    for line in row["history"]:
        told = {**line, "version": row["id"]}
        told |= {name: word(line[name], lang) for name in ("before", "after")}
        said = tr("release." + line["word"], lang, **told)
        found.append(f"  {console.utc(line['ts'])}  {said}")
    return found


def word(stage: str, lang: str) -> str:
    """A stage in the person's language."""
    return tr(f"word.{stage}", lang)


def _condition(row: dict[str, Any], lang: str) -> tuple[str, ...]:
    name = row["name"]
    mark = "ok" if row["ok"] else "NO"
    return (
        f"  {mark}",
        tr(f"gate.{name}", lang),
        _number(row["value"]),
        row["sense"],
        _number(row["bound"]),
        row["note"],
    )


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"


def _add(args: argparse.Namespace) -> int:
    from cockpit.app.commands.plan import ask, refused
    from cockpit.app.version_deeds import PATIENCE_S, credentials

    head, at, place = args.what.partition("@")
    glue = "" if not args.params else "," if ":" in head else ":"
    names = ("share", "parent", "reason")
    wish = (
        {name: getattr(args, name) for name in names}
        | credentials(args)
        | {"sleeve": f"{head}{glue}{args.params}{at}{place}"}
    )
    lang, answer = ask(
        args, "version_add", {k: v for k, v in wish.items() if v}, drives=True, timeout=PATIENCE_S
    )
    if not answer.ok or answer.payload is None:
        raise refused(answer, lang)
    console.answer(args, answer.payload, tr("versions.added", lang, version=answer.payload["id"]))
    return 0
