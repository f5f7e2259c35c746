"""``cockpit`` without a command: the screen, or headless with --daemon."""

from __future__ import annotations

import argparse
import gc
import os

from cockpit.app import console, settings
from cockpit.core.errors import ConfigError


def run(args: argparse.Namespace) -> int:
    """Start on the practice market or on a tape."""
    found = console.loaded(args)
    if args.tape is None and not args.archive and (args.begin or args.end):
        raise ConfigError("--from and --to are for tapes: the practice market begins now")
    if not (args.daemon or args.json or console.has_terminal()):
        raise ConfigError("the screen needs a terminal; without one: cockpit --daemon")
    settings.private(found.data_dir)
    gc.disable()  # what a start makes stays: looking through it again and again is a tenth of the wait
    from cockpit.app import trust
    from cockpit.app.discover import discover
    from cockpit.app.session import start

    before = os.umask(0o077)  # what a run writes is its owner's alone: journal, venue, log, screen pictures
    try:
        trust.demand(found.config)
        discover(found.config.run.plugins_dir)
        return start(args, found)
    finally:
        os.umask(before)
        gc.enable()
