"""``cockpit lock WHAT``: a market, a sleeve or a strategy version takes no new positions."""

from __future__ import annotations

import argparse

from cockpit.app.directly import carry_out, common_options


def add(parser: argparse.ArgumentParser) -> None:
    """What ``lock`` takes."""
    parser.add_argument("what", metavar="WHAT", help="a market, a sleeve, or name@version")
    parser.add_argument("--minutes", metavar="N", default="", help="it ends by itself after so long")
    common_options(parser)


def run(args: argparse.Namespace) -> int:
    """Lock it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, {"verb": "lock", "what": args.what, "minutes": args.minutes})
