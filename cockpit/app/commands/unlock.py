"""``cockpit unlock WHAT``: lift a lock, whoever set it."""

from __future__ import annotations

import argparse

from cockpit.app.directly import carry_out, common_options


def add(parser: argparse.ArgumentParser) -> None:
    """What ``unlock`` takes."""
    parser.add_argument("what", metavar="WHAT", help="what was locked, as cockpit status names it")
    common_options(parser)


def run(args: argparse.Namespace) -> int:
    """Lift it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, {"verb": "unlock", "what": args.what})
