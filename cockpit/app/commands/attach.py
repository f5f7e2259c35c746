"""``cockpit attach``: the screen for a cockpit that runs without one. Leaving it touches nothing."""

from __future__ import annotations

import argparse
import sys

from cockpit.app import console
from cockpit.core.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    """What ``attach`` takes."""
    parser.add_argument("--view", action="store_true", help="only watch: never ask for the wheel")


def run(args: argparse.Namespace) -> int:
    """Show the screen until the user leaves. Raises NotRunning (exit 7), DoorError (exit 8)."""
    found = console.loaded(args)
    if args.json:
        raise ConfigError("attach shows a screen; for numbers ask: cockpit status --json")
    from cockpit.api.attach import AttachLink
    from cockpit.api.place import door_path
    from cockpit.app import rig
    from cockpit.app.whereabouts import here

    folder = here(found)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("attach needs a terminal; for numbers ask: cockpit status")
    link = AttachLink(door_path(folder), wants_drive=not args.view)
    try:
        rig.show(link, found, args)
    finally:
        link.close()
    return 0
