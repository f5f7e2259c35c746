"""``python -m tests.fuzz [--count N] [--target NAME] [--seed S]``: a campaign, and what it came to."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.campaign import Broken, run
from tests.fuzz.catalogue import TARGETS, shares


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=100_000, help="inputs in all, shared among the targets")
    parser.add_argument(
        "--target", action="append", choices=sorted(TARGETS), help="only this one; repeatable"
    )
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chosen = [TARGETS[name] for name in args.target or TARGETS]
    begin, total, broken = time.monotonic(), 0, 0
    for target, count in shares(chosen, args.count):
        try:
            found = run(target, count, args.seed)
        except Broken as error:
            broken += 1
            print(f"BROKEN {error}", flush=True)
            continue
        total += found.inputs
        rate = found.inputs / max(found.seconds, 1e-9)
        print(
            f"{target.name:24} {found.inputs:9,} inputs {found.refused:9,} refused {rate:9,.0f}/s"
            f" {found.grown_mb:6.1f} MB",
            flush=True,
        )
    seconds = time.monotonic() - begin
    print(
        f"{total:,} inputs over {len(chosen)} targets in {seconds:.0f} s, seed {args.seed}: {broken} broken"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
