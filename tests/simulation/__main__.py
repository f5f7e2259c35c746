"""``python -m tests.simulation SEED``: replay a seed and print its history; ``--many N``: find bad ones."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.coverage import Reached
from tests.simulation.plants import PLANTS
from tests.simulation.run import run_many, run_seed, shrink, summary
from tests.simulation.world import World


def covered(seeds: range, rate: float) -> int:
    """Run the seeds here and print what they reached; 1 when one was bad."""
    reached, bad = Reached(), []
    with reached.watching():
        for seed in seeds:
            world = World(seed, rate=rate)
            if violation := world.run():
                bad.append(f"{seed}: {violation}")
            reached.see(world)
    print(*reached.table(), sep="\n")
    print(f"{len(seeds)} seeds, {len(bad)} bad", *bad, sep="\n")
    return int(bool(bad))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, help="the seed, or the first one with --many")
    parser.add_argument("--many", type=int, default=0, metavar="N", help="run N seeds and name the bad ones")
    parser.add_argument(
        "--plant", default="", choices=["", *sorted(PLANTS)], help="with this bug in the engine"
    )
    parser.add_argument("--coverage", action="store_true", help="with --many: what was reached, counted")
    parser.add_argument("--rate", type=float, default=1.0, help="how many faults; 2 = twice as likely")
    parser.add_argument("--shrink", action="store_true", help="leave out the faults that are not needed")
    parser.add_argument("--off", action="append", default=[], metavar="ITEM", help="leave out this fault")
    parser.add_argument("--lines", type=int, default=200, help="how much of the history to print; 0 = all")
    args = parser.parse_args()
    if args.many and args.coverage:
        return covered(range(args.seed, args.seed + args.many), args.rate)
    if args.many:
        seeds = range(args.seed, args.seed + args.many)
        results = list(run_many(seeds, plant=args.plant, rate=args.rate))
        print(summary(results))
        return int(any(result.violation for result in results))
    if args.shrink:
        result = shrink(args.seed, plant=args.plant, rate=args.rate)
    else:
        result = run_seed(args.seed, plant=args.plant, rate=args.rate, off=args.off, story=True)
    lines = result.story.splitlines()
    print("\n".join(lines[-args.lines :] if args.lines else lines))
    print("\nfaults that happened:", *result.faults, sep="\n  ")
    print(f"\n{summary([result])}\ndigest {result.digest}")
    return int(bool(result.violation))


if __name__ == "__main__":
    sys.exit(main())
