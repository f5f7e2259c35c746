"""``cockpit quant-eval``: one JSON request a line on stdin, one answer a line on stdout."""

from __future__ import annotations

import argparse
import json
import sys

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``quant-eval`` takes."""
    parser.add_argument("--list", action="store_true", dest="names", help="the functions and their arguments")


def run(args: argparse.Namespace) -> int:
    """Answer until stdin ends; a bad request is answered with its error and the next one is read."""
    from cockpit.app import console
    from cockpit.app.quant import catalogue, evaluate, usage

    if args.names:
        rows = {name: usage(target) for name, target in sorted(catalogue().items())}
        console.answer(args, rows, console.columns(list(rows.items())))
        return 0
    for line in sys.stdin.buffer:
        if line.strip():
            print(json.dumps(evaluate(line), ensure_ascii=False), flush=True)
    return 0
