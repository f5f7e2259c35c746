"""``cockpit jobs``: commands that run by themselves: list, show, run now, on, off, another cron line."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from cockpit.app import console
from cockpit.app.settings import Loaded
from cockpit.core.config import JobConfig
from cockpit.core.errors import ConfigError
from cockpit.text import tr

VERBS = ("list", "show", "run", "on", "off", "cron", "reset")


def add(parser: argparse.ArgumentParser) -> None:
    """What ``jobs`` takes."""
    parser.add_argument("verb", nargs="?", choices=VERBS, default="list")
    parser.add_argument("job", nargs="?", metavar="JOB", help="its name in the settings")
    parser.add_argument(
        "more", nargs="?", metavar="RUN|LINE", help="show: the beginning of a run's stamp; cron: the new line"
    )


def run(args: argparse.Namespace) -> int:
    """Do it: with ``run`` the job's own exit code. Raises ConfigError (2), StoreError (4)."""
    from cockpit.app.discover import discover
    from cockpit.app.jobs.allowed import change, check
    from cockpit.app.jobs.records import Records

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    for job in found.config.jobs:
        check(job)
    records = Records(found.data_dir)
    if args.verb == "list":
        return _list(args, found, lang)
    job = _chosen(args, found)
    if args.verb == "show":
        return _show(args, job, lang)
    if args.verb == "run":
        return _run(args, found, job, lang)
    if args.verb == "cron" and args.more is None:
        raise ConfigError(f'jobs cron {job.name} needs a line in quotes ("" = not by the clock)')
    change(records, job.name, args.verb, args.more or "")
    return _list(args, found, lang)


def _chosen(args: argparse.Namespace, found: Loaded) -> JobConfig:
    from cockpit.app.complaints import nearest

    names = {job.name: job for job in found.config.jobs}
    if args.job not in names:
        if not args.job:
            raise ConfigError(f"jobs {args.verb} needs a job; cockpit jobs lists them")
        raise ConfigError(f"there is no job {args.job!r}{nearest(args.job, names)}")
    return names[args.job]


def _list(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    import time

    from cockpit.app.jobs.records import Records
    from cockpit.workers.scheduler import next_after

    records = Records(found.data_dir)
    now = time.time_ns() // 1_000_000
    rows: list[dict[str, Any]] = []
    for one in found.config.jobs:
        job, last = records.edited(one), next(records.of(one.name), None)
        rows.append(
            {
                "job": job.name,
                "run": list(job.run),
                "cron": job.cron,
                "on": [dict(row) for row in job.on],
                "enabled": job.enabled,
                "due": next_after(job.cron, now) if job.enabled and job.cron else 0,
                "last": 0 if last is None else last.began,
                "outcome": "" if last is None else last.outcome,
                "cause": "" if last is None else last.cause,
            }
        )
    head = tuple(tr(f"jobs.column.{name}", lang) for name in ("job", "when", "state", "due", "last", "run"))
    lines = [head] + [
        (
            row["job"],
            " + ".join(filter(None, (row["cron"], ", ".join(str(one["trigger"]) for one in row["on"])))),
            tr("jobs.state.ready" if row["enabled"] else "jobs.state.off", lang),
            console.utc(row["due"]),
            _last(row, lang),
            console.clean(" ".join(row["run"])),
        )
        for row in rows
    ]
    console.answer(args, rows, console.columns(lines) if rows else tr("jobs.none", lang))
    return 0


def _last(row: dict[str, Any], lang: str) -> str:
    word = tr(f"jobs.outcome.{row['outcome']}", lang) if row["outcome"] else ""
    return f"{console.utc(row['last'])} {word}".rstrip()


def _show(args: argparse.Namespace, job: JobConfig, lang: str) -> int:
    """A run of it, with what it printed."""
    import msgspec

    from cockpit.app.jobs.records import Records

    found = console.loaded(args)
    records = Records(found.data_dir)
    record = records.find(job.name, args.more or "")
    out, err = records.printed(record)
    code = "-" if record.code is None else str(record.code)
    lines = [
        tr("jobs.ran", lang, job=job.name, stamp=record.stamp, cause=record.cause),
        tr("jobs.ended", lang, outcome=tr(f"jobs.outcome.{record.outcome}", lang), code=code),
        f"$ cockpit {' '.join(record.words)}",
        *(console.clean(line) for line in (out + err).splitlines()),
    ]
    document = {**msgspec.to_builtins(record), "out": out, "err": err}
    document["runs"] = [one.stamp for one in records.of(job.name)]
    console.answer(args, document, "\n".join(lines))
    return 0


def _run(args: argparse.Namespace, found: Loaded, job: JobConfig, lang: str) -> int:
    """Run it now, here; kept as its other runs are."""
    from pathlib import Path

    from cockpit.app.jobs.process import perform
    from cockpit.app.jobs.records import Records

    source = Path(args.config).expanduser() if args.config else None
    record = asyncio.run(perform(Records(found.data_dir), job, "hand: command line", found.data_dir, source))
    args.more = record.stamp
    _show(args, job, lang)
    return record.code if record.code is not None else 1
