"""What a job may be: which commands, on which lines and events. Said at the start, not at midnight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from cockpit.app.complaints import nearest
from cockpit.app.discover import params_of
from cockpit.app.grammar import COMMANDS
from cockpit.app.jobs.records import Edit, Records
from cockpit.app.parser import build, module_of
from cockpit.core.config import JobConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import TRIGGERS
from cockpit.core.triggers import Facts, Fired
from cockpit.workers.scheduler import next_after

Reader = Callable[[Facts], Iterable[Fired]]


def readers(job: JobConfig) -> list[tuple[str, Reader]]:
    """What a job listens for. Raises ConfigError naming job, trigger and parameter."""
    found: list[tuple[str, Reader]] = []
    for row in job.on:
        rest = dict(row)
        name = str(rest.pop("trigger", ""))
        if name not in TRIGGERS:
            raise ConfigError(f"jobs.{job.name}: there is no trigger {name!r}{nearest(name, TRIGGERS)}")
        plugin = TRIGGERS[name]
        try:
            params = params_of(plugin, rest, strict=False)
        except ConfigError as error:
            raise ConfigError(f"jobs.{job.name}: {error}") from error
        read, given = plugin.target, params
        found.append((name, lambda facts, read=read, given=given: read(facts, given)))  # type: ignore[misc]
    return found


def check(job: JobConfig) -> None:
    """May this job be? Raises ConfigError: a command that there is not, that cannot run alone, a cron line
    that is none.
    """
    name = job.run[0]
    if name not in COMMANDS:
        raise ConfigError(f"jobs.{job.name}: there is no command {name!r}{nearest(name, COMMANDS)}")
    if not getattr(import_module(module_of(name)), "ALONE", False):
        raise ConfigError(f"jobs.{job.name}: cockpit {name} is not for running by itself")
    try:
        build(job.run).parse_args(list(job.run))
    except ConfigError as error:
        raise ConfigError(f"jobs.{job.name}: {error}") from error
    except SystemExit:
        raise ConfigError(f"jobs.{job.name}: {' '.join(job.run)} only prints help") from None
    if job.cron:
        next_after(job.cron, 0)
    readers(job)


def change(records: Records, name: str, to: str, line: str = "") -> None:
    """Keep a person's edit of a job. Raises ConfigError for a line that is none, StoreError."""
    if to in {"on", "off"}:
        records.edit(name, Edit(enabled=to == "on"))
    elif to == "cron":
        if line:
            next_after(line, 0)
        records.edit(name, Edit(cron=line))
    elif to == "reset":
        records.forget(name)
    else:
        raise ConfigError(f"a job can be set to run, on, off, cron or reset, not to {to!r}")


def alone() -> list[str]:
    """The commands that may be jobs."""
    return [name for name in COMMANDS if getattr(import_module(module_of(name)), "ALONE", False)]
