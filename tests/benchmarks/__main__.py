"""Every benchmark in a process of its own, and one table at the end. A miss is printed as a miss.

python -m tests.benchmarks                     all, about eight minutes
python -m tests.benchmarks --only bars,start   some
python -m tests.benchmarks --json FILE         the same as JSON ("-" = standard output, no table)
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import msgspec

from tests.benchmarks.rows import Row, load

SUITES = (
    "bars",
    "compiled",
    "indicators",
    "depth",
    "books",
    "journal",
    "kill",
    "frozen",
    "ticks",
    "live",
    "feed",
    "orders",
    "proof",
    "search",
    "studying",
    "screen",
    "simulator",
    "sizes",
    "start",
)
LIMIT_S = 300
CELLS = "{:<50} {:>14} {:<11} {:>13} {:>8}  {:<27} {}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME", help=f"some of {', '.join(SUITES)}")
    parser.add_argument("--json", default="", metavar="FILE", help="write the rows as JSON; - = print them")
    parser.add_argument("--suite", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.suite:
        return _child(args.suite)
    wanted = [name for name in args.only.split(",") if name] or list(SUITES)
    if unknown := [name for name in wanted if name not in SUITES]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(SUITES)}")
    machine = _machine()
    begun = time.monotonic()
    results: dict[str, list[Row]] = {}
    failures: dict[str, str] = {}
    for name in wanted:
        say = f"-- {name} (load {load():.1f})"
        print(say, file=sys.stderr, flush=True)
        try:
            results[name] = _measure(name)
        except RuntimeError as error:
            failures[name] = str(error)
    machine["wall_s"] = f"{time.monotonic() - begun:.0f}"
    machine["load_after"] = f"{load():.1f}"
    report = {"machine": machine, "suites": results, "failed": failures}
    if args.json == "-":
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        if args.json:
            Path(args.json).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
        _table(machine, results, failures)
    return 1 if failures else 0


def _child(name: str) -> int:
    gc.collect()
    rows: list[Row] = import_module(f"tests.benchmarks.{name}").run()
    sys.stdout.write("\nROWS " + msgspec.json.encode(rows).decode() + "\n")
    return 0


def _measure(name: str) -> list[Row]:
    command = [sys.executable, "-m", "tests.benchmarks", "--suite", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"not done within {LIMIT_S} s") from error
    answer = [line for line in done.stdout.splitlines() if line.startswith("ROWS ")]
    if done.returncode or not answer:
        raise RuntimeError((done.stderr or done.stdout).strip()[-2000:])
    return msgspec.json.decode(answer[-1][5:], type=list[Row])


def _machine() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "load_before": f"{load():.1f}",
    }


def _table(machine: dict[str, str], results: dict[str, list[Row]], failures: dict[str, str]) -> None:
    print("  ".join(f"{key} {value}" for key, value in machine.items()))
    print(CELLS.format("", "value", "unit", "floor", "x floor", "goal", ""))
    verdicts = []
    for name, rows in results.items():
        print(name)
        for one in rows:
            word = {True: "pass", False: "MISS", None: ""}[one.met]
            if one.met is not None:
                verdicts.append(one.met)
            word = "recorded, not measured here" if one.recorded else word
            floor = "" if one.floor is None else _number(one.floor)
            ratio = "" if one.ratio is None else f"{one.ratio:.3g}"
            line = CELLS.format("  " + one.name, _number(one.value), one.unit, floor, ratio, one.goal, word)
            print(line.rstrip())
            if one.note:
                print(f"      {one.note}")
    for name, reason in failures.items():
        print(f"{name}: FAILED\n{reason}")
    print(f"{sum(verdicts)} goals passed, {len(verdicts) - sum(verdicts)} missed, {len(failures)} failed")


def _number(value: float) -> str:
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
