"""``cockpit rollback VERSION``: take it out of the account now; the one before returns."""

from __future__ import annotations

import argparse

from cockpit.app.version_deeds import carry_out, options


def add(parser: argparse.ArgumentParser) -> None:
    """What ``rollback`` takes."""
    options(parser)


def run(args: argparse.Namespace) -> int:
    """Do it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, "version_rollback")
