"""``cockpit retire VERSION``: take a version off, wherever it stands; it rests before it may begin again."""

from __future__ import annotations

import argparse

from cockpit.app.version_deeds import carry_out, options


def add(parser: argparse.ArgumentParser) -> None:
    """What ``retire`` takes."""
    options(parser)


def run(args: argparse.Namespace) -> int:
    """Do it. Raises NotRunning (exit 7), DoorError (exit 8) when refused."""
    return carry_out(args, "version_retire")
