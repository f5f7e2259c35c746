"""``cockpit doctor``: is everything here in order? Exit 0 when it is, 1 when something is broken."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import msgspec

from cockpit.app import console
from cockpit.app.settings_file import FILE
from cockpit.core.errors import ConfigError
from cockpit.text import tr

MARKS = {"ok": "ok  ", "warn": "note", "bad": "BAD "}

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """It takes only what every command takes."""


def run(args: argparse.Namespace) -> int:
    """Examine everything. Broken settings are a finding here, not the end."""
    from cockpit.app import health, settings

    try:
        found = console.loaded(args)
        checks = health.examine(found)
    except ConfigError as error:
        # The other questions can still be asked, of the defaults.
        env = {name: os.environ[name] for name in ("COCKPIT_DATA_DIR",) if name in os.environ}
        found = settings.load(settings.shipped(FILE), env, (), folder(args))
        checks = [
            health.Check("config", "bad", "cli.doctor.config.bad", {"reason": str(error)})
            if check.name == "config"
            else check
            for check in health.examine(found)
        ]
    lang = console.language(args, found.config.screen.language)
    bad = [check for check in checks if check.level == "bad"]
    verdict = "cli.doctor.bad" if bad else "cli.doctor.ok"
    lines = [f"{MARKS[check.level]}  {tr(check.message, lang, **check.args)}" for check in checks]
    lines.append(tr(verdict, lang, count=len(bad), total=len(checks)))
    rows = [msgspec.to_builtins(check) | {"text": tr(check.message, lang, **check.args)} for check in checks]
    console.answer(args, {"ok": not bad, "checks": rows}, "\n".join(lines))
    return 1 if bad else 0


def folder(args: argparse.Namespace) -> Path | None:
    """--data-dir as a path."""
    return Path(args.data_dir) if args.data_dir else None
