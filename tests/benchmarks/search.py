"""Goal B3: a search from question to durable, counted answer, beside Optuna alone on the same backtest.

1,000 trials of ema_trend over four years of hourly bars. Overhead is the CPU of a study less the CPU of its
backtests alone; walls depend on who else uses the machine.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as cockpit optimize does, before numpy is loaded

import tempfile
import warnings
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import msgspec

from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.app import optimizing
from cockpit.app.searching import Stage
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.registry import SEARCHES
from cockpit.lab.search.space import Space
from tests.benchmarks.rows import Row, load, recorded, row
from tests.benchmarks.worlds import SWAP, SYMBOL, bars

HOURS, TRIALS, ALONE = 35_040, 1_000, 200
PARAMS = (
    *("ema_fast=5..20", "ema_medium=15..60", "ema_slow=40..200"),
    *("stop_loss_atr=1..4", "take_profit_atr=2..8"),
)
VECTORBT = 207.0
"""vectorbt 1.2, recorded: backtests a second of a simpler strategy on one core, nothing kept."""


def written(folder: Path) -> Path:
    """Four years of hourly bars."""
    path = folder / "hours.tape"
    with TapeWriter(path, source="bench") as writer:
        writer.instrument(SWAP)
        for bar in bars(HOURS, 3_600_000, 7):
            writer.add(bar)
        writer.close()
    return path


def run() -> list[Row]:
    """All of it; compiled once before."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tape = written(folder)
        wish = optimizing.Wish(
            str(tape), SleeveConfig("ema_trend", SYMBOL), PARAMS, trials=TRIALS, limits=("trades>=1",), seed=5
        )
        stage = Stage(optimizing.planned(Config(), wish).task)
        bare = _bare(stage)
        studies = _studies(folder, wish, bare)
        found = [
            row("the backtests alone, CPU", 1e3 * bare, "ms/trial", note=f"load {load():.1f}"),
            *_samplers(stage.task.space, bare),
            *studies,
            *_optuna(folder, stage, studies),
        ]
    return [*found, recorded("vectorbt sweep, no optimizer", VECTORBT, "trials/s", "EMA cross and ATR stop")]


def _bare(stage: Stage) -> float:
    """CPU seconds of one trial, drawn as a search draws them."""
    from cockpit.lab.search.method import Brief, made

    brief = Brief(stage.task.space, 5, ALONE, 1, lambda point: stage.build(point) is not None)
    points = made("lhs", brief).ask(ALONE)
    begin = process_time()
    for number, point in enumerate(points):
        stage.run((number, 0, point))
    return (process_time() - begin) / len(points)


def _samplers(space: Space, bare: float) -> list[Row]:
    """Every method by itself on a hill that costs nothing: CPU of asking and telling, imports left out."""
    from cockpit.lab.search.method import Brief, discover, made

    discover()
    found = []
    for plugin in SEARCHES.values():
        goals, spent, done = (2 if plugin.name == "nsga2" else 1), 0.0, 0
        for count in (20, TRIALS):  # the first imports what it needs
            method = made(plugin.name, Brief(space, 5, count, goals, lambda _point: True))
            begin, done = process_time(), 0
            while done < count and (points := method.ask(min(method.batch, count - done))):
                method.tell(points, [(-sum((u - 0.4) ** 2 for u in p),) * goals for p in points])
                done += len(points)
            spent = process_time() - begin
        over = 1e3 * spent / max(1, done)
        note = f"{done} trials; a backtest here {1e3 * bare:.2f} ms"
        found.append(
            row(
                f"sampler alone: {plugin.name}, CPU", over, "ms/trial", goal="sampler <= backtest",
                met=over <= 1e3 * bare, note=note,
            )
        )  # fmt: skip
    return found


def _studies(folder: Path, wish: optimizing.Wish, bare: float) -> list[Row]:
    found = []
    for method, prune in (("cmaes", False), ("lhs", False), ("lhs", True), ("tpe", False)):
        words = f"{method} giving up early" if prune else method
        for workers in (1, 2):
            begin, spent = perf_counter(), process_time()
            plan = optimizing.planned(Config(), msgspec.structs.replace(wish, method=method, prune=prune))
            name = f"{method}-{int(prune)}-{workers}"
            status = optimizing.search(folder / "data", name, plan, TRIALS, optimizing.Crew(workers))
            wall, cpu = perf_counter() - begin, process_time() - spent
            assert status.trials == TRIALS
            rate, over = TRIALS / wall, 1e3 * (cpu / TRIALS - bare)
            goal = "B3: >= 1,000/s end to end" if method == "cmaes" and workers == 2 else ""
            met = rate >= 1_000 if goal else None
            note = f"{wall:.2f} s wall, {cpu:.2f} s CPU, load {load():.1f}"
            found.append(
                row(f"{words}, {workers} threads, wall", rate, "trials/s", goal=goal, met=met, note=note)
            )
            if workers == 1:
                found.append(row("  per CPU second", TRIALS / cpu, "trials/s"))
            if workers == 1 and not prune:
                goal = "B3: <= 0.3" if method == "cmaes" else "sampler <= backtest"
                met = over <= 0.3 if method == "cmaes" else over <= 1e3 * bare
                found.append(row("  overhead, CPU", over, "ms/trial", goal=goal, met=met))
    return found


def _optuna(folder: Path, stage: Stage, studies: list[Row]) -> list[Row]:
    """Its loop around the same backtest: in memory, where nothing is kept, and with its own storage."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")

    def objective(trial: Any) -> float:
        point = tuple(trial.suggest_float(axis.name, 0.0, 1.0) for axis in stage.task.space.axes)
        if stage.build(point) is None:
            raise optuna.TrialPruned
        return stage.run((trial.number, 0, point)).scores[0] or -1e3

    def alone(count: int, storage: str | None) -> float:
        sampler = optuna.samplers.TPESampler(seed=5)
        study = optuna.create_study(sampler=sampler, direction="maximize", storage=storage)
        clock = perf_counter if storage else process_time  # the disk is waited for
        begin = clock()
        study.optimize(objective, n_trials=count)
        return (clock() - begin) / count

    memory, disk = alone(TRIALS, None), alone(20, f"sqlite:///{folder}/optuna.db")
    ours = {
        name: next(r.value for r in studies if r.name.startswith(f"{name}, 2")) for name in ("cmaes", "tpe")
    }
    return [
        row(f"Optuna TPE alone, {TRIALS} trials in memory, CPU", 1 / memory, "trials/s"),
        row("  cmaes, 2 threads, kept, over it", ours["cmaes"] * memory, "times", goal="B3: >= 4",
            met=ours["cmaes"] * memory >= 4.0),
        row("  tpe, 2 threads, kept, over it", ours["tpe"] * memory, "times"),
        row("Optuna TPE alone with its SQLite storage, wall", 1 / disk, "trials/s"),
    ]  # fmt: skip
