"""``cockpit attach``: the screen for a cockpit that runs without one. Leaving it touches nothing."""

from __future__ import annotations

import argparse
import os
import sys

from cockpit.app import console
from cockpit.core.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    """What ``attach`` takes."""
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--view", action="store_true", help="only watch; :drive asks for the wheel later")
    way.add_argument(
        "--locked", action="store_true", help="only watch, and :drive is refused (a halt is not)"
    )
    way.add_argument("--drive", action="store_true", help="ask for the wheel (as it does anyway)")


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
    in_browser = "TEXTUAL_DRIVER" in os.environ  # its own driver carries the picture, no terminal does
    if not in_browser and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("attach needs a terminal; for numbers ask: cockpit status")
    watching = args.view or args.locked
    link = AttachLink(door_path(folder), wants_drive=not watching, may_drive=not args.locked)
    try:
        rig.show(link, found, args, folder)
    finally:
        link.close()
    return 0
