"""``cockpit entries off|on``: less than a halt: nothing new is entered, exits and protection go on."""

from __future__ import annotations

import argparse

from cockpit.app.directly import carry_out, common_options


def add(parser: argparse.ArgumentParser) -> None:
    """What ``entries`` takes."""
    parser.add_argument("to", choices=("off", "on"), help="may anything be entered?")
    common_options(parser)


def run(args: argparse.Namespace) -> int:
    """Switch them. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, {"verb": "entries", "to": args.to})
