"""Every backtest that was ever run here: what on what, with which code, and the command that runs it again.

    DATA/runs/20261127-031500-1a2b3c/run.json and reports.tables.FILES

The name is the time and the hash of what the run depends on: data, code, settings, sleeves, span.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.app.reports import tables
from cockpit.app.trial import Request, Result, perform
from cockpit.core.errors import ConfigError
from cockpit.core.unreadable import UNREADABLE

FILE = "run.json"
KERNEL = "interpreted"


class Run(msgspec.Struct, frozen=True):
    """One registered run."""

    id: str
    key: str
    """Hash of everything it depends on: equal keys are one experiment."""
    created: int
    """UTC ms."""
    version: str
    request: Request
    data_hash: str
    code_hash: str
    seed: int
    digest: str
    """sha256 over every decision; of a compiled run on bars over every fill and payment."""
    total: float
    sharpe: float | None
    mdd: float
    trips: int
    fills: int
    ledger: str = ""
    """Where the trial ledger stood when this run had been counted: ``rows:weight:seal``."""
    executor: str = KERNEL
    """What repeats it: the kernel (awake or asleep it made the decisions), or a compiled executor on bars."""


def key_of(request: Request, data_hash: str, code_hash: str) -> str:
    """The experiment, wherever its tape lies."""
    parts = (request.config, request.sleeves, request.start_ms, request.end_ms, data_hash, code_hash)
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def register(
    data_dir: Path, request: Request, result: Result, title: str, lang: str, ledger: str = ""
) -> Run:
    """Keep a finished run with its report; returns its record."""
    exact = msgspec.structs.replace(request, sleeves=result.sleeves)
    key = key_of(exact, result.data_hash, result.code_hash)
    now = time.time_ns() // 1_000_000
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now / 1000))
    folder, suffix = data_dir / "runs" / f"{stamp}-{key[:6]}", 1
    while folder.exists():
        suffix += 1
        folder = data_dir / "runs" / f"{stamp}-{key[:6]}.{suffix}"
    growth = result.report.growth
    run = Run(
        folder.name,
        key,
        now,
        cockpit.__version__,
        exact,
        result.data_hash,
        result.code_hash,
        exact.config.run.seed,
        str(result.summary["digest"]),
        growth.total,
        growth.sharpe,
        growth.mdd,
        result.report.trading.trips,
        int(result.summary["fills"]),
        ledger,
        KERNEL if "slept" in result.summary else str(result.summary.get("executor", KERNEL)),
    )
    tables.write(result, folder, title, lang)
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n")
    return run


def listed(data_dir: Path) -> Iterator[Run]:
    """Registered runs, newest first; a folder that is none is passed over."""
    for folder in sorted((data_dir / "runs").glob("*"), reverse=True):
        try:
            yield msgspec.json.decode((folder / FILE).read_bytes(), type=Run)
        except (OSError, *UNREADABLE):
            continue


def find(data_dir: Path, name: str) -> Run:
    """A run by its name or the beginning of one; ``last`` is the newest. Raises ConfigError."""
    found = [run for run in listed(data_dir) if name == "last" or run.id.startswith(name)]
    if not found:
        raise ConfigError(f"no run {name!r} in {data_dir / 'runs'}; cockpit runs lists them")
    exact = [run for run in found if run.id == name]
    if len(found) > 1 and name != "last" and not exact:
        raise ConfigError(
            f"{name!r} is the beginning of {len(found)} runs: {', '.join(r.id for r in found[:5])}"
        )
    return exact[0] if exact else found[0]


def row(run: Run) -> dict[str, Any]:
    """What a list shows of it."""
    return {
        "id": run.id,
        "created": run.created,
        "sleeves": [f"{s.strategy}@{s.symbol}" for s in run.request.sleeves],
        "tape": run.request.tape,
        "total": run.total,
        "sharpe": run.sharpe,
        "mdd": run.mdd,
        "trips": run.trips,
        "digest": run.digest,
        "executor": run.executor,
    }


def again(run: Run, tape: str) -> Result:
    """The same run once more, by what made it, on ``tape`` (where its data lies now).

    Raises what ``trial.perform`` and ``fast.perform`` raise; Unsupported where the compiler is gone.
    """
    request = msgspec.structs.replace(run.request, tape=tape)
    if run.executor == KERNEL:
        return perform(request)
    from cockpit.app import fast

    return fast.perform(request, how=run.executor)
