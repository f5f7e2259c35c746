"""``cockpit promote VERSION --to STAGE``: one stage further; canary and prod wait for people."""

from __future__ import annotations

import argparse

from cockpit.app.version_deeds import carry_out, options


def add(parser: argparse.ArgumentParser) -> None:
    """What ``promote`` takes."""
    options(parser)
    parser.add_argument(
        "--to", metavar="STAGE", required=True, choices=("paper", "shadow", "canary", "prod"),
        help="the next stage: paper, shadow, canary or prod",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Do it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, "version_promote", to=args.to)
