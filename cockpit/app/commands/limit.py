"""``cockpit limit WHAT TO``: one of the gate's limits, tighter than the settings, while the machine runs."""

from __future__ import annotations

import argparse

from cockpit.app.directly import carry_out, common_options
from cockpit.core.tighter import BY_HAND, OFF


def add(parser: argparse.ArgumentParser) -> None:
    """What ``limit`` takes."""
    parser.add_argument("what", choices=BY_HAND, metavar="WHAT", help=", ".join(BY_HAND))
    parser.add_argument("to", metavar="TO", help=f"a number below the settings' own, or {OFF}: as they say")
    common_options(parser)


def run(args: argparse.Namespace) -> int:
    """Set it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, {"verb": "limit", "what": args.what, "to": args.to})
